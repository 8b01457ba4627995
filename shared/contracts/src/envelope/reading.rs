//! Envelopes read from text, with the payload left as text.
//!
//! A reducer over a long stream needs the keys of every event and the payload of some, so the payload is parsed only
//! when it is folded. The invariant, held by a property test: a line reads as an [`Envelope`] exactly when it reads as
//! an [`Event`], and both agree on every field they share. Only inside a payload is an envelope more lenient: a number
//! beyond a double, say, is noticed when the payload is parsed.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{DataTier, Event, EventId, ProjectUuid, SchemaVersion, Timestamp};
use crate::model::{Count, Model, ValidationError};

/// What a reducer needs of one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<'a> {
    /// Identifier of the event.
    pub event_id: EventId,
    /// Type of the event.
    pub event_type: Cow<'a, str>,
    /// Wall-clock time at the emitter.
    pub timestamp: Timestamp,
    /// Lamport clock of the emitter.
    pub lamport_clock: Count,
    /// The payload: the text of a JSON object.
    pub payload: Cow<'a, str>,
}

impl<'a> Envelope<'a> {
    /// Reads one envelope. Takes any bytes and never panics.
    ///
    /// # Errors
    /// What is not an envelope, with every fault the model layer finds.
    pub fn parse(text: &'a [u8]) -> Result<Self, ValidationError> {
        let text = std::str::from_utf8(text).map_err(|reason| ValidationError::json_invalid(Event::NAME, &reason))?;
        match Members::read(text) {
            Some(members) => Ok(members.into()),
            None => Event::parse(text.as_bytes()).map(Self::from),
        }
    }
}

impl Event {
    /// Reads one event. Takes any bytes and never panics.
    ///
    /// # Errors
    /// What is not an event, with every fault the model layer finds.
    pub fn parse(text: &[u8]) -> Result<Self, ValidationError> {
        let document: Value =
            serde_json::from_slice(text).map_err(|reason| ValidationError::json_invalid(Self::NAME, &reason))?;
        Self::validate(&document)
    }
}

impl From<Event> for Envelope<'_> {
    fn from(event: Event) -> Self {
        Self {
            event_id: event.event_id,
            event_type: Cow::Owned(event.event_type.into()),
            timestamp: event.timestamp,
            lamport_clock: event.lamport_clock,
            payload: Cow::Owned(Value::Object(event.payload).to_string()),
        }
    }
}

/// Every member of an envelope, borrowed where it can be. Repeated members and other rare forms do not fit: they are
/// read the long way, as an [`Event`].
#[derive(Deserialize)]
struct Members<'a> {
    event_id: EventId,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    aggregate_id: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    payload: Option<&'a RawValue>,
    timestamp: Timestamp,
    #[serde(borrow)]
    node_id: Cow<'a, str>,
    lamport_clock: Count,
    #[serde(default, rename = "causation_id")]
    _causation_id: Option<EventId>,
    #[serde(rename = "project_uuid")]
    _project_uuid: ProjectUuid,
    #[serde(borrow, default, rename = "project_slug")]
    _project_slug: Option<Cow<'a, str>>,
    #[serde(rename = "correlation_id")]
    _correlation_id: EventId,
    #[serde(borrow, default, deserialize_with = "present")]
    schema_version: Option<Version<'a>>,
    #[serde(default, rename = "data_tier")]
    _data_tier: DataTier,
}

#[derive(Deserialize)]
struct Version<'a>(#[serde(borrow)] Cow<'a, str>);

/// Tells a member that is null, which is a fault here, from one that is absent, which is not.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Option<T>, D::Error> {
    T::deserialize(input).map(Some)
}

impl<'a> Members<'a> {
    fn read(text: &'a str) -> Option<Self> {
        // An array would be read member by member.
        let object = text.trim_ascii_start().starts_with('{');
        let members: Self = object.then(|| serde_json::from_str(text).ok()).flatten()?;
        let texts = [&members.event_type, &members.aggregate_id, &members.node_id];
        let accepted = texts.iter().all(|text| !text.is_empty())
            && members.payload.is_none_or(|payload| payload.get().starts_with('{'))
            && members.schema_version.as_ref().is_none_or(|version| SchemaVersion::accepts(&version.0));
        accepted.then_some(members)
    }
}

impl<'a> From<Members<'a>> for Envelope<'a> {
    fn from(members: Members<'a>) -> Self {
        Self {
            event_id: members.event_id,
            event_type: members.event_type,
            timestamp: members.timestamp,
            lamport_clock: members.lamport_clock,
            payload: Cow::Borrowed(members.payload.map_or("{}", RawValue::get)),
        }
    }
}
