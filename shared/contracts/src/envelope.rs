//! The envelope every event travels in, whichever family its payload belongs to.
//!
//! An [`Event`] has passed the model layer and its identifiers are in normal form. What its payload means is the
//! families' question; in which order events count is [`crate::order`]'s.

mod id;
mod inline;
mod reading;
mod scalars;
mod timestamp;

#[cfg(test)]
mod tests;

pub use id::{EventId, EventIdRefused, normalize_event_id};
pub use reading::Envelope;
pub use scalars::{DataTier, ProjectUuid, SchemaVersion};
pub use timestamp::Timestamp;

use serde_json::{Map, Value};

use crate::model::{Count, NonEmptyString, record};

record! {
    /// An immutable event with causal metadata.
    pub struct Event as "event" {
        /// Identifier of the event: a ULID or a UUID.
        pub event_id: EventId,
        /// Type of the event, which decides what the payload must be.
        pub event_type: NonEmptyString,
        /// Identifier of the entity this event changes.
        pub aggregate_id: NonEmptyString,
        /// Data of the event, opaque to the envelope.
        pub payload: Map<String, Value> = default,
        /// Wall-clock time at the emitter.
        pub timestamp: Timestamp,
        /// Identifier of the node that emitted the event.
        pub node_id: NonEmptyString,
        /// Lamport clock of the emitter.
        pub lamport_clock: Count,
        /// Identifier of the event that caused this one; null for a root.
        pub causation_id: Option<EventId> = default,
        /// UUID of the project the event belongs to.
        pub project_uuid: ProjectUuid,
        /// Name of the project, for people.
        pub project_slug: Option<String> = default,
        /// Identifier shared by events of one undertaking: a ULID or a UUID.
        pub correlation_id: EventId,
        /// Version of the envelope, three numbers.
        pub schema_version: SchemaVersion = default,
        /// How far the event may be shared, from 0 (stays local) to 4 (telemetry).
        pub data_tier: DataTier = default,
    }
}
