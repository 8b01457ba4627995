//! Seals an event: the digest of its payload and the leaf hash over its other columns. The leaf is SHA-256(0x00 ‖
//! canonical CBOR of every column but the payload and itself), an RFC 6962 §2.1 leaf, so that the log can become a Merkle
//! tree and a payload can be erased without breaking a proof.

use artifactstore_manifest::cbor;
use artifactstore_types::{
    Actor, EventId, EventRecord, EventType, LeafHash, Namespace, Sequence, SubjectKind, Timestamp,
};
use bytes::Bytes;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::event::EventRefused;

/// An event that has everything but its digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// Its place in the log.
    pub sequence: Sequence,
    /// Its identity.
    pub event_id: EventId,
    /// The namespace it belongs to.
    pub namespace: Namespace,
    /// What happened.
    pub event_type: EventType,
    /// What kind of thing it happened to.
    pub subject_kind: SubjectKind,
    /// Which one.
    pub subject_id: String,
    /// How many events this subject has had, this one included.
    pub subject_revision: u64,
    /// Who caused it.
    pub actor: Actor,
    /// When it was decided.
    pub recorded_at: Timestamp,
    /// Its payload.
    pub payload: Bytes,
}

/// Adds the digests.
///
/// # Errors
/// A column that canonical CBOR has no form for.
pub fn seal(event: Unsealed) -> Result<EventRecord, EventRefused> {
    let mut record = EventRecord {
        sequence: event.sequence,
        event_id: event.event_id,
        namespace: event.namespace,
        event_type: event.event_type,
        subject_kind: event.subject_kind,
        subject_id: event.subject_id,
        subject_revision: event.subject_revision,
        actor: event.actor,
        recorded_at: event.recorded_at,
        payload_digest: payload_digest(&event.payload),
        payload: event.payload,
        leaf_hash: [0; 32],
    };
    record.leaf_hash = leaf_hash(&record)?;
    Ok(record)
}

/// BLAKE3 of a payload, raw.
pub fn payload_digest(payload: &[u8]) -> [u8; 32] {
    *blake3::hash(payload).as_bytes()
}

/// The leaf hash these columns must have.
///
/// # Errors
/// A column that canonical CBOR has no form for.
pub fn leaf_hash(record: &EventRecord) -> Result<LeafHash, EventRefused> {
    let columns = cbor::to_vec(&Leaf {
        actor: &record.actor,
        event_id: record.event_id,
        sequence: record.sequence,
        namespace: &record.namespace,
        event_type: &record.event_type,
        subject_id: &record.subject_id,
        recorded_at: record.recorded_at.micros(),
        subject_kind: record.subject_kind.name(),
        payload_digest: Raw(&record.payload_digest),
        subject_revision: record.subject_revision,
    })
    .map_err(|error| EventRefused::Encoding { event_type: "leaf", reason: error.to_string() })?;
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(&columns);
    Ok(hasher.finalize().into())
}

/// The columns, in canonical order of their names.
#[derive(Serialize)]
struct Leaf<'a> {
    actor: &'a Actor,
    event_id: EventId,
    sequence: Sequence,
    namespace: &'a Namespace,
    event_type: &'a EventType,
    subject_id: &'a str,
    recorded_at: i64,
    subject_kind: &'static str,
    payload_digest: Raw<'a>,
    subject_revision: u64,
}

struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
