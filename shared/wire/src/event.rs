//! Events. Their payloads pass as the bytes they are; one that does not fit a message goes on in the messages after it.

use std::iter;

use artifactstore_types::{EventFilter, EventRecord, Fault, SubjectKind};
use bytes::{Bytes, BytesMut};

use crate::{
    field, limits, stream, time,
    v1::{self, tail_response::Part},
};

impl From<EventFilter> for v1::EventFilter {
    fn from(filter: EventFilter) -> Self {
        Self { types: filter.types.iter().map(ToString::to_string).collect(), subject_id: filter.subject_id }
    }
}

impl TryFrom<v1::EventFilter> for EventFilter {
    type Error = Fault;

    fn try_from(filter: v1::EventFilter) -> Result<Self, Fault> {
        if filter.types.len() > limits::FILTER_TYPES {
            return Err(field::refused("types", format_args!("{} types are the limit", limits::FILTER_TYPES)));
        }
        let types: Result<_, Fault> = filter.types.iter().map(|text| field::parsed("types", text)).collect();
        Ok(Self { types: types?, subject_id: filter.subject_id })
    }
}

/// The messages that hold `event`, in order: one, unless its payload is larger than a chunk may be.
pub fn event_parts(event: &EventRecord) -> impl Iterator<Item = v1::TailResponse> + Send + use<> {
    let mut chunks = stream::chunks(event.payload.clone());
    let first = Part::Event(v1::EventRecord {
        sequence: event.sequence,
        event_id: event.event_id.to_string(),
        namespace: event.namespace.to_string(),
        event_type: event.event_type.to_string(),
        subject_kind: event.subject_kind.name().to_owned(),
        subject_id: event.subject_id.clone(),
        subject_revision: event.subject_revision,
        actor: event.actor.to_string(),
        recorded_at: Some(time::encode(event.recorded_at)),
        payload_size_bytes: event.payload.len() as u64,
        payload: chunks.next().unwrap_or_default(),
        payload_digest: Bytes::copy_from_slice(&event.payload_digest),
        leaf_hash: Bytes::copy_from_slice(&event.leaf_hash),
    });
    iter::once(first).chain(chunks.map(Part::PayloadChunk)).map(|part| v1::TailResponse { part: Some(part) })
}

/// Puts events together again from the messages that hold them.
#[derive(Debug, Default)]
pub struct EventAssembly {
    open: Option<Open>,
}

/// An event whose payload has not come whole.
#[derive(Debug)]
struct Open {
    event: EventRecord,
    payload: BytesMut,
    missing: u64,
}

impl EventAssembly {
    /// Takes the next message, and gives the event that it completes.
    ///
    /// # Errors
    /// A message that does not follow from those before it, or a field that cannot be read.
    pub fn push(&mut self, message: v1::TailResponse) -> Result<Option<EventRecord>, Fault> {
        match (self.open.take(), field::required("part", message.part)?) {
            (None, Part::Event(event)) => self.begin(event),
            (Some(open), Part::PayloadChunk(chunk)) if !chunk.is_empty() => self.go_on(open, &chunk),
            (None, Part::PayloadChunk(_)) => Err(stream::out_of_order("payload chunk follows no event that needs it")),
            (Some(_), _) => Err(stream::out_of_order("payload of an event does not go on")),
        }
    }

    /// Says that no message follows.
    ///
    /// # Errors
    /// An event whose payload has not come whole.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.open.is_some() { Err(stream::cut_short()) } else { Ok(()) }
    }

    fn begin(&mut self, event: v1::EventRecord) -> Result<Option<EventRecord>, Fault> {
        let missing = missing(event.payload_size_bytes, event.payload.len())?;
        let event = EventRecord::try_from(event).map_err(|fault| field::within("event", fault))?;
        if missing == 0 {
            return Ok(Some(event));
        }
        let payload = BytesMut::from(event.payload.as_ref());
        self.open = Some(Open { event, payload, missing });
        Ok(None)
    }

    fn go_on(&mut self, mut open: Open, chunk: &[u8]) -> Result<Option<EventRecord>, Fault> {
        open.missing = missing(open.missing, chunk.len())?;
        open.payload.extend_from_slice(chunk);
        if open.missing == 0 {
            return Ok(Some(EventRecord { payload: open.payload.freeze(), ..open.event }));
        }
        self.open = Some(open);
        Ok(None)
    }
}

fn missing(wanted: u64, came: usize) -> Result<u64, Fault> {
    wanted.checked_sub(came as u64).ok_or_else(|| stream::out_of_order("event has more payload than it says"))
}

impl TryFrom<v1::EventRecord> for EventRecord {
    type Error = Fault;

    /// The event as one message holds it: its payload may go on.
    fn try_from(event: v1::EventRecord) -> Result<Self, Fault> {
        let subject_kind = SubjectKind::find(&event.subject_kind);
        Ok(Self {
            sequence: event.sequence,
            event_id: field::parsed("event_id", &event.event_id)?,
            namespace: field::parsed("namespace", &event.namespace)?,
            event_type: field::parsed("event_type", &event.event_type)?,
            subject_kind: subject_kind.ok_or_else(|| field::refused("subject_kind", "it is not one known"))?,
            subject_id: event.subject_id,
            subject_revision: event.subject_revision,
            actor: field::parsed("actor", &event.actor)?,
            recorded_at: time::decode("recorded_at", event.recorded_at)?,
            payload: event.payload,
            payload_digest: field::raw("payload_digest", &event.payload_digest)?,
            leaf_hash: field::raw("leaf_hash", &event.leaf_hash)?,
        })
    }
}

#[cfg(test)]
mod tests;
