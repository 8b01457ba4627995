//! Events as they are stored and delivered: one immutable fact at one sequence.

use bytes::Bytes;

use crate::{
    ids::EventId,
    name::{Actor, EventType, Namespace},
    timestamp::Timestamp,
};

/// A place in the log: gapless, from 1, in commit order. 0 is the place before the first event.
pub type Sequence = u64;

/// SHA-256(0x00 ‖ canonical CBOR of every column but the payload and itself): an RFC 6962 §2.1 leaf.
pub type LeafHash = [u8; 32];

/// What kind of thing an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectKind {
    /// A package; the subject id is its [`crate::PackageId`].
    Package,
    /// A stream of contract events; the subject id is its [`crate::ContractStream`].
    Contract,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Package, Self::Contract];

    /// The name in columns and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Contract => "contract",
        }
    }

    /// The kind of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One event, as stored. The payload is passed on as the bytes it was stored as, never decoded on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
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
    /// How many events this subject has had, this one included: 1, 2, 3 … without gap.
    pub subject_revision: u64,
    /// Who caused it.
    pub actor: Actor,
    /// When it was decided.
    pub recorded_at: Timestamp,
    /// Canonical CBOR (RFC 8949 §4.2.1).
    pub payload: Bytes,
    /// BLAKE3 of the payload, raw.
    pub payload_digest: [u8; 32],
    /// See [`LeafHash`].
    pub leaf_hash: LeafHash,
}

/// Which events a subscriber wants; an empty filter is every event of its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only these types; empty means all.
    pub types: Vec<EventType>,
    /// Only this subject id.
    pub subject_id: Option<String>,
}

impl EventFilter {
    /// Whether an event is wanted.
    pub fn admits(&self, event: &EventRecord) -> bool {
        (self.types.is_empty() || self.types.contains(&event.event_type))
            && self.subject_id.as_ref().is_none_or(|subject| *subject == event.subject_id)
    }
}
