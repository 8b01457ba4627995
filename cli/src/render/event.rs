//! Events.

use artifactstore_manifest::cbor;
use artifactstore_types::{Actor, ContentAddress, EventId, EventRecord, EventType, Namespace, Timestamp, Value};
use serde::Serialize;

use super::text;

/// An event as JSON.
#[derive(Serialize)]
pub struct EventJson<'a> {
    sequence: u64,
    event_id: EventId,
    #[serde(rename = "type")]
    event_type: &'a EventType,
    namespace: &'a Namespace,
    subject_kind: &'static str,
    subject_id: &'a str,
    actor: &'a Actor,
    recorded_at: Timestamp,
    payload_digest: ContentAddress,
    /// Null where the payload is not a value that JSON holds; a later version may write such.
    payload: Option<Value>,
}

/// An event as JSON, its payload too.
pub fn json(event: &EventRecord) -> EventJson<'_> {
    EventJson {
        sequence: event.sequence,
        event_id: event.event_id,
        event_type: &event.event_type,
        namespace: &event.namespace,
        subject_kind: event.subject_kind.name(),
        subject_id: &event.subject_id,
        actor: &event.actor,
        recorded_at: event.recorded_at,
        payload_digest: ContentAddress::from_blake3(event.payload_digest),
        payload: cbor::decode(&event.payload).ok(),
    }
}

/// An event on a line.
pub fn line(event: &EventRecord) -> String {
    let EventRecord { sequence, recorded_at, event_type, subject_id, actor, .. } = event;
    let event_type = event_type.as_str();
    let line = format!("{sequence:>8}  {recorded_at}  {event_type:<29}  {subject_id}  {actor}");
    text::safe(&line).replace('\n', " ")
}
