//! What a family tells the rest of the crate about itself.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{ModelEntry, References, StreamKey};
use crate::envelope::{Envelope, Event};
use crate::model::{Model, ValidationError};

/// One event family.
#[derive(Debug)]
pub struct Family {
    /// The name people type, such as `mission-audit`.
    pub name: &'static str,
    /// The first segment of its fixtures' paths, such as `mission_audit`.
    pub category: &'static str,
    /// Each event type with the model of its payload.
    pub payloads: &'static [(&'static str, ModelEntry)],
    /// Value objects with schemas of their own.
    pub values: &'static [ModelEntry],
    /// Its checked-in schemas, by file name.
    pub schemas: &'static [(&'static str, &'static str)],
    /// Its fixtures, by path below the fixture root; `manifest.json` among them.
    pub fixtures: &'static [(&'static str, &'static str)],
    /// Which events of a stream its reducer counts.
    pub selection: EventSelection,
    /// Which stream an event belongs to. The event is an envelope that the validator accepts, its payload too.
    pub stream: fn(&Value) -> Option<StreamKey>,
    /// A reducer that has seen nothing.
    pub fold: fn() -> Box<dyn StreamFold>,
    /// A reducer that has seen what another one had when it had come so far.
    pub resume: fn(&Folded) -> serde_json::Result<Box<dyn StreamFold>>,
    /// The files that a state speaks of.
    pub references: fn(&RawValue) -> serde_json::Result<References>,
}

impl Family {
    /// Whether events of this type belong to the family.
    pub fn has(&self, event_type: &str) -> bool {
        self.payloads.iter().any(|(known, _)| *known == event_type)
    }

    /// Every model of the family that has a schema.
    pub fn models(&self) -> impl Iterator<Item = &ModelEntry> {
        self.payloads.iter().map(|(_, model)| model).chain(self.values)
    }
}

/// When foreign events leave a stream. It decides both what is counted and which of two events with one identifier
/// survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSelection {
    /// Foreign events are sorted, deduplicated and counted, and only then dropped.
    CountsEveryEvent,
    /// Foreign events are dropped before anything else happens.
    CountsItsOwn,
}

/// One event as a reducer meets it: in order, and once.
#[derive(Debug, Clone, Copy)]
pub struct Occurrence<'a> {
    /// Identifier of the event.
    pub event_id: &'a str,
    /// Type of the event.
    pub event_type: &'a str,
    /// What the event says.
    pub payload: Payload<'a>,
}

impl<'a> From<&'a Event> for Occurrence<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            event_id: event.event_id.as_str(),
            event_type: event.event_type.as_str(),
            payload: Payload::Members(&event.payload),
        }
    }
}

impl<'a> From<&'a Envelope<'a>> for Occurrence<'a> {
    fn from(envelope: &'a Envelope<'a>) -> Self {
        Self {
            event_id: envelope.event_id.as_str(),
            event_type: &envelope.event_type,
            payload: Payload::Text(&envelope.payload),
        }
    }
}

/// A payload, parsed or not.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The text of a JSON object.
    Text(&'a str),
    /// Its members.
    Members(&'a Map<String, Value>),
}

impl Payload<'_> {
    /// Reads the payload as a model.
    ///
    /// # Errors
    /// Every fault of a payload that the model refuses.
    pub fn read<M: Model>(&self) -> Result<M, ValidationError> {
        let read = match self {
            Self::Text(text) => serde_json::from_str(text).ok(),
            Self::Members(members) => M::deserialize(*members).ok(),
        };
        match read {
            Some(model) => Ok(model),
            None => M::validate(&self.document(M::NAME)?),
        }
    }

    /// One member, if the payload has it and it can be read as a model.
    pub fn find<M: Model>(&self, member: &str) -> Option<M> {
        let document = self.document(M::NAME).ok()?;
        M::deserialize(document.get(member)?).ok()
    }

    fn document(&self, model: &'static str) -> Result<Value, ValidationError> {
        match self {
            Self::Text(text) => {
                serde_json::from_str(text).map_err(|reason| ValidationError::json_invalid(model, &reason))
            }
            Self::Members(members) => Ok(Value::Object((*members).clone())),
        }
    }
}

/// Why a stream has no state.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct FoldError {
    /// The name by which consumers tell failures apart.
    pub kind: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl FoldError {
    /// A failure of a family's own kind.
    pub fn new(kind: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { kind, source: Box::new(source) }
    }
}

impl From<ValidationError> for FoldError {
    fn from(error: ValidationError) -> Self {
        Self::new("ValidationError", error)
    }
}

/// How far a reducer has come: enough to answer with, and enough to go on from.
#[derive(Debug, Clone)]
pub struct Folded {
    /// The state as JSON, its fields in the order of the contract.
    pub state: Box<RawValue>,
    /// What the reducer knows beyond its state, as JSON.
    pub memory: Box<RawValue>,
}

impl Folded {
    /// State and memory of a reducer.
    ///
    /// # Errors
    /// As [`StreamFold::folded`].
    pub fn of(state: &impl Serialize, memory: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Self { state: to_raw_value(state)?, memory: to_raw_value(memory)? })
    }
}

/// A reducer behind a stream, whatever its state is.
///
/// Resuming changes nothing: the state after any events is the same, wherever the reducer was taken down and set up again
/// between them.
pub trait StreamFold: Send {
    /// Folds one more event. Events must come in their order, each identifier once, and selected as
    /// [`Family::selection`] says.
    ///
    /// # Errors
    /// What makes the whole stream stateless; nothing may be folded after it.
    fn fold(&mut self, event: Occurrence<'_>) -> Result<(), FoldError>;

    /// What the events folded so far amount to.
    ///
    /// # Errors
    /// Nothing that a state holds makes this fail; the serializer's own contract carries the error.
    fn folded(&self) -> serde_json::Result<Folded>;
}

/// Pairs each path with the text of the file, at compile time.
macro_rules! embedded {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$( ($path, include_str!(concat!($folder, "/", $path))) ),+]
    };
}
pub(crate) use embedded;
