//! Whether a payload keeps its contract, asked twice: of the model and of the JSON Schema.
//!
//! A payload is valid when both layers accept it. They differ on purpose: the model reads `"3"` as a number, the schema
//! does not; the schema does not look at the format of a UUID, the model does. The happy path asks each layer a yes or
//! no, and only a refusal pays for a report.

mod schema_layer;
mod stream;

#[cfg(test)]
mod tests;

pub use schema_layer::{PathSegment, SchemaViolation};
pub use stream::{Tally, validate_line, validate_stream};

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;

use crate::catalogue::{self, ModelEntry};
use crate::model::{ModelViolation, Repr};
use schema_layer::SchemaLayer;

/// What both layers found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConformanceResult {
    /// The type the payload was validated as.
    pub event_type: Cow<'static, str>,
    /// Whether both layers accept the payload.
    pub valid: bool,
    /// What the model layer found.
    pub model_violations: Vec<ModelViolation>,
    /// What the schema layer found, by path.
    pub schema_violations: Vec<SchemaViolation>,
    /// Whether the schema layer could not be asked; then the model layer decides alone.
    #[serde(skip)]
    pub schema_check_skipped: bool,
}

/// The refusal of an event type that no family has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unknown event type: {}. Known types: [{}]", Repr(event_type), list(known))]
pub struct UnknownEventTypeRefused {
    /// The type that was asked for.
    pub event_type: String,
    /// The types there are, sorted.
    pub known: Vec<&'static str>,
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| Repr(word).to_string()).collect::<Vec<_>>().join(", ")
}

/// Every event type that can be validated, sorted: `Event` for the envelope, and those of the families.
pub fn list_event_types() -> Vec<&'static str> {
    let mut types: Vec<_> = catalogue::models_by_type().map(|(event_type, _)| event_type).collect();
    types.sort_unstable();
    types
}

/// Validates a payload as one event type, or an envelope as `Event`. Takes any JSON and never panics.
///
/// # Errors
/// An event type that no family has; the refusal lists those that are known.
pub fn validate_event(payload: &Value, event_type: &str) -> Result<ConformanceResult, UnknownEventTypeRefused> {
    match CONTRACTS.get(event_type) {
        Some(contract) => Ok(contract.validate(payload)),
        None => Err(UnknownEventTypeRefused { event_type: event_type.to_owned(), known: list_event_types() }),
    }
}

/// Both layers of every event type, compiled once.
static CONTRACTS: LazyLock<HashMap<&'static str, Contract>> = LazyLock::new(|| {
    let contract = |(event_type, model): (&'static str, &'static ModelEntry)| {
        (event_type, Contract { event_type, model, schema: SchemaLayer::compile(model) })
    };
    catalogue::models_by_type().map(contract).collect()
});

struct Contract {
    event_type: &'static str,
    model: &'static ModelEntry,
    /// None if the checked-in schema is no schema, which a test rules out.
    schema: Option<SchemaLayer>,
}

impl Contract {
    fn validate(&self, payload: &Value) -> ConformanceResult {
        let model_violations = if self.model.accepts(payload) { Vec::new() } else { self.model.violations(payload) };
        let schema_violations = self.schema.as_ref().map_or(Vec::new(), |schema| schema.violations(payload));
        ConformanceResult {
            event_type: Cow::Borrowed(self.event_type),
            valid: model_violations.is_empty() && schema_violations.is_empty(),
            model_violations,
            schema_violations,
            schema_check_skipped: self.schema.is_none(),
        }
    }
}
