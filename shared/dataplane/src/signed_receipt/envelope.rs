//! The `COSE_Sign1` around a statement: signing, and taking apart. The protected header has one form, so it is compared and
//! not interpreted.

use std::fmt;

use artifactstore_types::NodeId;
use bytes::Bytes;
use ciborium::tag::Required;
use serde::{Deserialize, Serialize};

use super::{
    payload::{self, from_slice, to_vec},
    refused::ReceiptRefused,
    statement::Statement,
};
use crate::signing::{KeyId, PublicKey, Signature, SigningKey};

/// Longer than any statement of [`super::MAX_RECEIPTS`] receipts with keys of [`super::MAX_KEY_BYTES`].
const MAX_BYTES: usize = 2 << 20;
/// The CBOR tag of `COSE_Sign1` (RFC 9052 §2).
const COSE_SIGN1: u64 = 18;

/// `{1: -8, 4: h'` … 16 bytes follow: algorithm EdDSA (RFC 9053 §2.2), and the key's name.
const BEFORE_KEY_ID: &[u8] = &[0xa3, 0x01, 0x27, 0x04, 0x50];
/// … `', 16: "artifactstore-receipt+cbor"}`: what is signed (RFC 9596), so that nothing else signed with the same key
/// passes for a receipt.
const AFTER_KEY_ID: &[u8] = b"\x10\x78\x1aartifactstore-receipt+cbor";

/// A statement with its signature, as it travels. Opaque until verified; its contents are shown by nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SignedReceipt(Bytes);

impl SignedReceipt {
    /// The bytes that were received as one.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes to send.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for SignedReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedReceipt({} bytes)", self.0.len())
    }
}

/// The header without protection, of which nothing is made.
#[derive(Serialize, Deserialize)]
struct Unprotected {}

type Envelope = Required<(Bytes, Unprotected, Bytes, Bytes), COSE_SIGN1>;

impl Statement {
    /// Signs the statement with the key of the node that makes it.
    ///
    /// # Errors
    /// None that a statement can cause; what a serializer may say is `Malformed`.
    pub fn sign(&self, key: &SigningKey) -> Result<SignedReceipt, ReceiptRefused> {
        let protected = Bytes::from([BEFORE_KEY_ID, key.key_id().bytes(), AFTER_KEY_ID].concat());
        let payload = Bytes::from(payload::encode(self, self.signed_at())?);
        let signature = key.sign(&to_be_signed(&protected, &payload)?);
        let envelope: Envelope = Required((protected, Unprotected {}, payload, signature.to_vec().into()));
        Ok(SignedReceipt(to_vec(&envelope)?.into()))
    }
}

/// A signed receipt taken apart, its signature not checked yet.
pub(super) struct Parts {
    pub key_id: KeyId,
    protected: Bytes,
    payload: Bytes,
    signature: Signature,
}

impl Parts {
    pub fn of(signed: &SignedReceipt) -> Result<Self, ReceiptRefused> {
        if signed.0.len() > MAX_BYTES {
            return Err(ReceiptRefused::Malformed);
        }
        let Required((protected, Unprotected {}, payload, signature)) = from_slice::<Envelope>(&signed.0)?;
        let key_id = protected.strip_prefix(BEFORE_KEY_ID).and_then(|rest| rest.strip_suffix(AFTER_KEY_ID));
        let key_id = key_id.and_then(|id| id.try_into().ok()).ok_or(ReceiptRefused::Header)?;
        let signature = Signature::try_from(&signature[..]).map_err(|_| ReceiptRefused::Malformed)?;
        Ok(Self { key_id: KeyId::from_bytes(key_id), protected, payload, signature })
    }

    /// What is stated, once the signature is found to be `holder`'s.
    pub fn statement(&self, public_key: &PublicKey, holder: &NodeId) -> Result<Statement, ReceiptRefused> {
        public_key.verify(&to_be_signed(&self.protected, &self.payload)?, &self.signature)?;
        let statement = payload::decode(&self.payload)?;
        if statement.node_id() == holder { Ok(statement) } else { Err(ReceiptRefused::ForeignKey) }
    }
}

/// The `Sig_structure` of RFC 9052 §4.4, without external data.
fn to_be_signed(protected: &Bytes, payload: &Bytes) -> Result<Vec<u8>, ReceiptRefused> {
    to_vec(&("Signature1", protected, Bytes::new(), payload))
}
