//! A statement as deterministic CBOR. Fields are declared in canonical order (key length first, then bytes), as `ciborium`
//! writes them; reading is strict because what was read is written again and must come out the same.

use artifactstore_types::{Algorithm, Digest, DualDigest, Location, NodeId, Receipt, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{refused::ReceiptRefused, statement::Statement};
use crate::ticket::TicketId;

#[derive(Serialize, Deserialize)]
struct Payload {
    node: String,
    part: u64,
    ticket: Bytes,
    receipts: Vec<Entry>,
    signed_at: i64,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    size: u64,
    blake3: Bytes,
    length: u64,
    offset: u64,
    sha256: Bytes,
    backend: String,
    stored_at: i64,
}

/// The one encoding of a statement, said at `signed_at`.
pub(super) fn encode(statement: &Statement, signed_at: Timestamp) -> Result<Vec<u8>, ReceiptRefused> {
    to_vec(&Payload {
        node: statement.node_id().to_string(),
        part: statement.part(),
        ticket: Bytes::copy_from_slice(statement.ticket_id().uuid().as_bytes()),
        receipts: statement.receipts().iter().map(Entry::from).collect(),
        signed_at: signed_at.micros(),
    })
}

/// Reads a statement from its one encoding.
pub(super) fn decode(bytes: &[u8]) -> Result<Statement, ReceiptRefused> {
    let payload: Payload = from_slice(bytes)?;
    let node_id = payload.node.parse().map_err(|_| ReceiptRefused::Unsound)?;
    let ticket = <[u8; 16]>::try_from(&payload.ticket[..]).map_err(|_| ReceiptRefused::Unsound)?;
    let signed_at = Timestamp::from_micros(payload.signed_at).map_err(|_| ReceiptRefused::Unsound)?;
    let receipts = payload.receipts.into_iter().map(|entry| entry.receipt(&node_id)).collect::<Result<_, _>>()?;
    Statement::new(TicketId::new(Uuid::from_bytes(ticket)), payload.part, node_id, signed_at, receipts)
}

impl From<&Receipt> for Entry {
    fn from(receipt: &Receipt) -> Self {
        let Receipt { digests, location, node_id: _, stored_at } = receipt;
        Self {
            key: location.key.clone(),
            size: digests.size_bytes,
            blake3: Bytes::copy_from_slice(digests.blake3.bytes()),
            length: location.length,
            offset: location.offset,
            sha256: Bytes::copy_from_slice(digests.sha256.bytes()),
            backend: location.backend_id.to_string(),
            stored_at: stored_at.micros(),
        }
    }
}

impl Entry {
    fn receipt(self, node_id: &NodeId) -> Result<Receipt, ReceiptRefused> {
        let digest = |algorithm, bytes: &[u8]| match bytes.try_into() {
            Ok(bytes) => Ok(Digest::new(algorithm, bytes)),
            Err(_) => Err(ReceiptRefused::Unsound),
        };
        Ok(Receipt {
            digests: DualDigest {
                blake3: digest(Algorithm::Blake3, &self.blake3)?,
                sha256: digest(Algorithm::Sha256, &self.sha256)?,
                size_bytes: self.size,
            },
            location: Location {
                backend_id: self.backend.parse().map_err(|_| ReceiptRefused::Unsound)?,
                key: self.key,
                offset: self.offset,
                length: self.length,
            },
            node_id: node_id.clone(),
            stored_at: Timestamp::from_micros(self.stored_at).map_err(|_| ReceiptRefused::Unsound)?,
        })
    }
}

pub(super) fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, ReceiptRefused> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|_| ReceiptRefused::Malformed)?;
    Ok(bytes)
}

/// Reads a value from its one encoding: the bytes that [`to_vec`] makes of it, and no others.
pub(super) fn from_slice<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, ReceiptRefused> {
    let value: T = ciborium::from_reader(bytes).map_err(|_| ReceiptRefused::Malformed)?;
    if to_vec(&value)? == bytes { Ok(value) } else { Err(ReceiptRefused::NotCanonical) }
}
