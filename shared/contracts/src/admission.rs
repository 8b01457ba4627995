//! Whether an event may enter a stream that is kept: its envelope and its payload must keep their contracts, in both
//! layers, and must say which stream of which family the event belongs to.
//!
//! What was admitted can be folded for ever after: its family's reducer never meets a payload that its model refuses.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::catalogue::{ENVELOPE_TYPE, Family, StreamKey, find_family_of};
use crate::envelope::{Envelope, Event, EventId};
use crate::model::{Model, ModelViolation, ViolationType};
use crate::order;
use crate::validator::{ConformanceResult, UnknownEventTypeRefused, list_event_types, validate_event};

/// The longest text of an event, in bytes. Far beyond what a payload of the contract needs, and small enough for any
/// message.
pub const LONGEST_EVENT: usize = 1 << 20;
/// How many faults a refusal names; further ones are counted.
const NAMED_VIOLATIONS: usize = 5;

/// What is known of an event that may enter a stream.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its family.
    pub family: &'static Family,
    /// Its type.
    pub event_type: &'static str,
    /// Its identifier, in normal form.
    pub event_id: EventId,
    /// Which stream of its family it belongs to.
    pub stream: StreamKey,
    /// Where in the stream it stands; see [`order::sort_key`].
    pub sort_key: Vec<u8>,
}

/// The refusal of an event, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct AdmissionRefused {
    /// Its identifier as it was written, where it could be read.
    pub event_id: Option<String>,
    /// What both layers found, of the envelope if that is at fault, otherwise of the payload.
    pub result: Box<ConformanceResult>,
}

/// Admits an event, or says everything that is wrong with it. Takes any bytes and never panics.
///
/// # Errors
/// What is longer than [`LONGEST_EVENT`], is no envelope, is of no family's type, or has a payload that its contract
/// refuses; and an event whose stream has a key longer than [`StreamKey::MAX_BYTES`].
pub fn admit(text: &[u8]) -> Result<Admitted, AdmissionRefused> {
    if text.len() > LONGEST_EVENT {
        return Err(unreadable(&format!("longer than {LONGEST_EVENT} bytes")));
    }
    let document: Value = serde_json::from_slice(text).map_err(|reason| unreadable(&reason.to_string()))?;
    require_valid(&document, &document, ENVELOPE_TYPE)?;
    let envelope =
        Envelope::parse(text).map_err(|error| refused(&document, ENVELOPE_TYPE, error.violations().to_vec()))?;
    let Some((family, event_type)) = find_family_of(&envelope.event_type) else {
        let unknown =
            UnknownEventTypeRefused { event_type: envelope.event_type.into_owned(), known: list_event_types() };
        return Err(refused_by_rule(&document, "event_type", unknown.to_string()));
    };
    require_valid(&document, document.get("payload").unwrap_or(&Value::Object(Map::new())), event_type)?;
    let stream =
        (family.stream)(&document).filter(|stream| stream.as_str().len() <= StreamKey::MAX_BYTES).ok_or_else(|| {
            let most = StreamKey::MAX_BYTES;
            refused_by_rule(
                &document,
                "payload",
                format!("Value error, what names the stream has more than {most} bytes"),
            )
        })?;
    Ok(Admitted { family, event_type, event_id: envelope.event_id, stream, sort_key: order::sort_key(&envelope) })
}

fn require_valid(document: &Value, part: &Value, event_type: &'static str) -> Result<(), AdmissionRefused> {
    match validate_event(part, event_type) {
        Ok(result) if result.valid => Ok(()),
        Ok(result) => Err(AdmissionRefused { event_id: event_id(document), result: Box::new(result) }),
        Err(unknown) => Err(refused_by_rule(document, "event_type", unknown.to_string())),
    }
}

fn event_id(document: &Value) -> Option<String> {
    document.get("event_id").and_then(Value::as_str).map(str::to_owned)
}

fn unreadable(reason: &str) -> AdmissionRefused {
    let violation = ModelViolation {
        field: String::new(),
        violation_type: ViolationType::JsonInvalid,
        message: format!("Invalid JSON: {reason}"),
        input_value: Value::Null,
    };
    refused(&Value::Null, ENVELOPE_TYPE, vec![violation])
}

fn refused_by_rule(document: &Value, field: &str, message: String) -> AdmissionRefused {
    let input_value = document.get(field).cloned().unwrap_or_default();
    let violation =
        ModelViolation { field: field.to_owned(), violation_type: ViolationType::ValueError, message, input_value };
    refused(document, ENVELOPE_TYPE, vec![violation])
}

fn refused(document: &Value, event_type: &'static str, model_violations: Vec<ModelViolation>) -> AdmissionRefused {
    let result = ConformanceResult {
        event_type: Cow::Borrowed(event_type),
        valid: false,
        model_violations,
        schema_violations: Vec::new(),
        schema_check_skipped: true,
    };
    AdmissionRefused { event_id: event_id(document), result: Box::new(result) }
}

/// Field, message and type of each fault the model found, then path, message and keyword of each the schema found.
impl fmt::Display for AdmissionRefused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConformanceResult { event_type, model_violations, schema_violations, .. } = &*self.result;
        let subject = if *event_type == ENVELOPE_TYPE { Event::NAME } else { event_type };
        write!(out, "{subject} breaks its contract")?;
        let model = model_violations.iter().map(|it| {
            let place = if it.field.is_empty() { "$" } else { &it.field };
            format!("{place}: {} [{}]", it.message, it.violation_type)
        });
        // The schema says the same of most faults; it is only heard where the model found nothing.
        let schema = schema_violations.iter().filter(|_| model_violations.is_empty());
        let schema = schema.map(|it| format!("{}: {} [{}]", it.json_path, it.message, it.validator));
        let mut found = model.chain(schema);
        for violation in found.by_ref().take(NAMED_VIOLATIONS) {
            write!(out, "; {violation}")?;
        }
        match found.count() {
            0 => Ok(()),
            more => write!(out, "; and {more} more"),
        }
    }
}

impl std::error::Error for AdmissionRefused {}

#[cfg(test)]
mod tests;
