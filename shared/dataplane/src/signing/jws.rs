//! Signed tokens as text: JWS compact serialization (RFC 7515 §7.1) with unpadded base64url, one algorithm, one header.
//! Written here, and not by a JWT library, because what a library would have to be told to refuse is never parsed at all.
//! Invariant: nothing a token claims is looked at before its signature was found right. What is claimed, and for how long
//! it holds, is left to each kind of token.

use artifactstore_types::Timestamp;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    key::{KeyId, Signature, SigningKey},
    refused::{KeyRefused, SignatureRefused},
    ring::KeyRing,
};

/// Longer than any token: a path of 1,024 bytes can take twice as many in JSON, and a third more in base64.
const MAX_BYTES: usize = 4096;
const ALGORITHM: &str = "EdDSA";

/// Why a text is not a token that can be relied on, in the order in which it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JwsRefused {
    /// It is no compact JWS, or longer than any token.
    Malformed,
    /// The header names another algorithm or another kind of token, or says more or less than it must.
    Header,
    /// The key is not known, or not trusted now.
    Key(KeyRefused),
    /// The signature is wrong.
    Signature(SignatureRefused),
    /// The claims are not those of this kind of token.
    Claims,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// Signs `claims`. The type says what is signed, so that nothing else signed with the same key passes for it (RFC 8725
/// §3.11).
pub(crate) fn sign(kind: &str, claims: &impl Serialize, key: &SigningKey) -> Result<String, JwsRefused> {
    let header = Header { alg: ALGORITHM.to_owned(), kid: key.key_id().to_string(), typ: kind.to_owned() };
    let mut token = format!("{}.{}", encode(&header)?, encode(claims)?);
    let signature = key.sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// What a token of this kind claims, once one of `keys` is found to have signed it.
pub(crate) fn verified<Claims: DeserializeOwned>(
    kind: &str,
    token: &str,
    keys: &KeyRing<()>,
    now: Timestamp,
) -> Result<Claims, JwsRefused> {
    let parts = Parts::of(kind, token)?;
    let key = keys.trusted_at(parts.key_id, now).map_err(JwsRefused::Key)?;
    key.public_key.verify(parts.signed, &parts.signature).map_err(JwsRefused::Signature)?;
    decode(parts.claims, JwsRefused::Claims)
}

/// A token taken apart, its signature not checked yet.
struct Parts<'a> {
    key_id: KeyId,
    /// What the signature is of.
    signed: &'a [u8],
    signature: Signature,
    claims: &'a str,
}

impl<'a> Parts<'a> {
    fn of(kind: &str, token: &'a str) -> Result<Self, JwsRefused> {
        if token.len() > MAX_BYTES {
            return Err(JwsRefused::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsRefused::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwsRefused::Malformed)?;
        // Unused bits after the last digit must be zero, so that a signature has one text.
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwsRefused::Malformed)?;
        let signature = Signature::try_from(signature).map_err(|_| JwsRefused::Malformed)?;
        let Header { alg, kid, typ } = decode(header, JwsRefused::Header)?;
        if alg != ALGORITHM || typ != kind {
            return Err(JwsRefused::Header);
        }
        let key_id = kid.parse().map_err(|_| JwsRefused::Header)?;
        Ok(Self { key_id, signed: signed.as_bytes(), signature, claims })
    }
}

fn encode(part: &impl Serialize) -> Result<String, JwsRefused> {
    let json = serde_json::to_vec(part).map_err(|_| JwsRefused::Malformed)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Reads a part; where its JSON is not what it must be, that is refused as `otherwise`.
fn decode<T: DeserializeOwned>(part: &str, otherwise: JwsRefused) -> Result<T, JwsRefused> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsRefused::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| otherwise)
}
