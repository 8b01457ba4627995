//! The rows of contract events and of the states of their streams. An event's row is folded like any other; a state's is
//! not, since an event may stand before others of its stream that came earlier. Whoever applies a batch sees to it that the
//! states of all streams in it follow: [`crate::Batch`] where the new events come last, the store where they do not.

use artifactstore_contracts::{envelope::Envelope, order};
use artifactstore_types::{EventRecord, Namespace, Sequence};

use crate::event::{ContractEventAppended, EventRefused};

/// A contract event: what makes its identifier unique, and its place in its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractEventRow {
    /// The namespace in which its identifier is unique.
    pub namespace: Namespace,
    /// Its identifier, in normal form.
    pub event_id: String,
    /// The stream it belongs to, as the log has it.
    pub subject_id: String,
    /// Where in the stream it stands: the order of these bytes is that of the stream.
    pub sort_key: Vec<u8>,
    /// BLAKE3 of its envelope as it was written.
    pub digest: [u8; 32],
    /// Its place in the log.
    pub sequence: Sequence,
}

impl ContractEventRow {
    /// The row of this event, which is about a stream.
    ///
    /// # Errors
    /// An envelope that cannot be read.
    pub(super) fn of(record: &EventRecord, appended: &ContractEventAppended) -> Result<Self, EventRefused> {
        let envelope = Envelope::parse(appended.envelope.as_bytes()).map_err(|error| EventRefused::Payload {
            event_type: record.event_type.to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            namespace: record.namespace.clone(),
            event_id: envelope.event_id.to_string(),
            subject_id: record.subject_id.clone(),
            sort_key: order::sort_key(&envelope),
            digest: *blake3::hash(appended.envelope.as_bytes()).as_bytes(),
            sequence: record.sequence,
        })
    }
}

/// What a stream amounts to, and what the next event needs to go on from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractStateRow {
    /// The stream, as the log has it.
    pub subject_id: String,
    /// How many events it has.
    pub event_count: u64,
    /// How many bytes their envelopes have together.
    pub size_bytes: u64,
    /// The sort key of the event that stands last.
    pub last_key: Vec<u8>,
    /// The place in the log of the event that came last.
    pub last_event_sequence: Sequence,
    /// Whether the stream has no state; then the state says why.
    pub failed: bool,
    /// The state, as JSON.
    pub state: String,
    /// What its reducer knows beyond the state, as JSON.
    pub memory: String,
}
