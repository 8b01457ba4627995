//! A ticket as text: JWS compact serialization (RFC 7515 §7.1) with unpadded base64url. Written here, and not by a JWT
//! library, because one algorithm, one header and one set of claims are all there is: what a library would have to be told
//! to refuse is never parsed at all. When a ticket is refused is left to [`super::verifier`].

use std::fmt;

use artifactstore_types::{BackendId, Namespace, NodeId, PackageId};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    id::TicketId,
    permission::{Operation, Permission, Target, Ticket},
    refused::TicketRefused,
};
use crate::signing::{KeyId, Signature, SigningKey};

/// Longer than any ticket: a path of 1,024 bytes can take twice as many in JSON, and a third more in base64.
const MAX_BYTES: usize = 4096;
const ALGORITHM: &str = "EdDSA";
/// Says what is signed, so that nothing else signed with the same key passes for a ticket (RFC 8725 §3.11).
const TYPE: &str = "artifactstore-ticket+jwt";

/// The text of a ticket: whoever has it may do what it permits, so it is shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketToken(String);

impl TicketToken {
    /// The text, to be sent to whom it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for TicketToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketToken(…)")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    jti: TicketId,
    aud: NodeId,
    iat: i64,
    exp: i64,
    ns: Namespace,
    pkg: PackageId,
    op: Operation,
    what: Target,
    max: u64,
    be: BackendId,
}

impl Ticket {
    /// Signs the ticket.
    ///
    /// # Errors
    /// None that a ticket can cause; what a serializer may say is `Malformed`.
    pub fn sign(&self, key: &SigningKey) -> Result<TicketToken, TicketRefused> {
        let header = Header { alg: ALGORITHM.to_owned(), kid: key.key_id().to_string(), typ: TYPE.to_owned() };
        let mut token = format!("{}.{}", encode(&header)?, encode(&self.claims())?);
        let signature = key.sign(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(TicketToken(token))
    }

    fn claims(&self) -> Claims {
        let Permission { namespace, package_id, operation, target, size_limit, backend_id, node_id } =
            self.permission().clone();
        Claims {
            jti: self.ticket_id(),
            aud: node_id,
            iat: self.issued_at().micros() / 1_000_000,
            exp: self.expires_at().micros() / 1_000_000,
            ns: namespace,
            pkg: package_id,
            op: operation,
            what: target,
            max: size_limit,
            be: backend_id,
        }
    }
}

/// A token taken apart, its signature not checked yet.
pub(super) struct Parts<'a> {
    pub key_id: KeyId,
    /// What the signature is of.
    pub signed: &'a [u8],
    pub signature: Signature,
    claims: &'a str,
}

impl<'a> Parts<'a> {
    pub fn of(token: &'a str) -> Result<Self, TicketRefused> {
        if token.len() > MAX_BYTES {
            return Err(TicketRefused::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TicketRefused::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TicketRefused::Malformed)?;
        // Unused bits after the last digit must be zero, so that a signature has one text.
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TicketRefused::Malformed)?;
        let signature = Signature::try_from(signature).map_err(|_| TicketRefused::Malformed)?;
        let Header { alg, kid, typ } = decode(header, TicketRefused::Header)?;
        if alg != ALGORITHM || typ != TYPE {
            return Err(TicketRefused::Header);
        }
        let key_id = kid.parse().map_err(|_| TicketRefused::Header)?;
        Ok(Self { key_id, signed: signed.as_bytes(), signature, claims })
    }

    /// What the token says; to be asked once the signature is known to be right.
    pub fn ticket(&self) -> Result<Ticket, TicketRefused> {
        let Claims { jti, aud, iat, exp, ns, pkg, op, what, max, be } = decode(self.claims, TicketRefused::Claims)?;
        let permission = Permission {
            namespace: ns,
            package_id: pkg,
            operation: op,
            target: what,
            size_limit: max,
            backend_id: be,
            node_id: aud,
        };
        Ticket::new(jti, permission, iat, exp)
    }
}

fn encode(part: &impl Serialize) -> Result<String, TicketRefused> {
    let json = serde_json::to_vec(part).map_err(|_| TicketRefused::Malformed)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// Reads a part; where its JSON is not what it must be, that is refused as `otherwise`.
fn decode<T: DeserializeOwned>(part: &str, otherwise: TicketRefused) -> Result<T, TicketRefused> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| TicketRefused::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| otherwise)
}
