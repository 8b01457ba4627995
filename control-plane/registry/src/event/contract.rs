//! Events of contracts in the log: the envelope exactly as its emitter wrote it, under a type that names the contract's,
//! so that a subscriber can ask for one kind of them.

use artifactstore_contracts::catalogue::FAMILIES;
use artifactstore_manifest::cbor;
use artifactstore_types::{EventRecord, EventType, SubjectKind};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::EventRefused;

/// `v1.contract.` and the type of the contract's event, such as `v1.contract.MissionAuditCompleted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractEventAppended {
    /// The envelope: a JSON object, as it was written.
    pub envelope: String,
}

impl ContractEventAppended {
    /// What the types of these events begin with.
    pub const TYPE_PREFIX: &'static str = "v1.contract.";

    /// Every type of these events that this program can append.
    pub fn list_types() -> impl Iterator<Item = String> {
        let payloads = FAMILIES.iter().flat_map(|family| family.payloads);
        payloads.map(|(contract_type, _)| format!("{}{contract_type}", Self::TYPE_PREFIX))
    }

    /// The type under which an event of this contract type stands in the log.
    ///
    /// # Errors
    /// A contract type that no event type can be made of.
    pub fn type_of(contract_type: &'static str) -> Result<EventType, EventRefused> {
        let refused = |reason: String| EventRefused::Encoding { event_type: contract_type, reason };
        EventType::new(format!("{}{contract_type}", Self::TYPE_PREFIX)).map_err(|error| refused(error.to_string()))
    }

    /// The payload of an event of this contract type.
    ///
    /// # Errors
    /// None that an envelope can cause; the encoder's own contract carries the error.
    pub fn encode(&self, contract_type: &'static str) -> Result<Bytes, EventRefused> {
        let refused = |reason: String| EventRefused::Encoding { event_type: contract_type, reason };
        cbor::to_vec(self).map(Bytes::from).map_err(|error| refused(error.to_string()))
    }

    /// The event in this payload.
    ///
    /// # Errors
    /// A payload that is not canonical, or not an envelope's.
    pub fn decode(payload: &[u8]) -> Result<Self, EventRefused> {
        cbor::from_slice(payload).map_err(|error| EventRefused::Payload {
            event_type: format!("{}*", Self::TYPE_PREFIX),
            reason: error.to_string(),
        })
    }

    /// The event in this record; `None` for one that is not about a stream of contract events.
    ///
    /// # Errors
    /// As [`ContractEventAppended::decode`].
    pub fn of(record: &EventRecord) -> Result<Option<Self>, EventRefused> {
        match record.subject_kind {
            SubjectKind::Contract => Self::decode(&record.payload).map(Some),
            SubjectKind::Package => Ok(None),
        }
    }
}
