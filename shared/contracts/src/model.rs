//! The model layer: what a payload must look like before anyone reasons about it.
//!
//! A type that implements [`Field`] answers for one place in a document, `record!` composes fields into a [`Model`].
//! Each field does the same job twice: `Deserialize` builds the value and stops at the first fault, [`Field::check`]
//! builds nothing and finds every fault. The invariant that ties them, held by a property test: a value deserialises
//! exactly when its check finds nothing. The happy path therefore pays for one pass, and only a bad document pays for
//! its report. What the JSON Schema of a field is stands here too; whether a document obeys it is
//! [`crate::validator`]'s question.

mod closed_set;
mod collections;
mod number;
mod record;
mod text;
mod violation;

#[cfg(test)]
mod tests;

pub use collections::AtLeastOne;
pub use number::Count;
pub use text::NonEmptyString;
pub use violation::{ModelViolation, ValidationError, ViolationType};

pub(crate) use closed_set::{closed_set, expected_words};
pub(crate) use number::{Loose, Refusal, check_scalar, integer, not_an_integer};
pub(crate) use record::{RecordSchema, object, presence, record};
pub(crate) use text::{Repr, from_text};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A type that can stand in one place of a document.
pub trait Field: DeserializeOwned + JsonSchema {
    /// Notes every fault of `value` in `report`; notes nothing exactly when `value` deserialises.
    fn check(value: &Value, report: &mut Report);

    /// The schema of the place this type stands in.
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }

    /// The schema of the same place when null may stand there too: always `anyOf`, so that a consumer meets one
    /// keyword for every nullable field.
    fn nullable_schema(generator: &mut SchemaGenerator) -> Schema {
        let present = Self::schema(generator);
        json_schema!({ "anyOf": [present, { "type": "null" }] })
    }
}

/// A record that stands for a whole document: a payload, an envelope, or a value object with a schema of its own.
pub trait Model: Field {
    /// The name under which violations and error messages speak of it.
    const NAME: &'static str;
    /// The stem of its schema file and the last part of the schema's `$id`.
    const SCHEMA: &'static str;

    /// Reads the document with the lax rules of the model layer.
    ///
    /// # Errors
    /// Every fault of the document, in the order in which the model declares its fields.
    fn validate(document: &Value) -> Result<Self, ValidationError> {
        Self::deserialize(document).map_err(|_| ValidationError::new(Self::NAME, Self::violations(document)))
    }

    /// Every fault of the document, in the order in which the model declares its fields.
    fn violations(document: &Value) -> Vec<ModelViolation> {
        let mut report = Report::default();
        Self::check(document, &mut report);
        report.violations
    }
}

/// Gathers violations, and knows at which place of the document the check stands.
#[derive(Debug, Default)]
pub struct Report {
    place: Vec<String>,
    violations: Vec<ModelViolation>,
}

impl Report {
    /// Notes one fault of the value that stands here.
    pub fn note(&mut self, violation_type: ViolationType, message: impl Into<String>, value: &Value) {
        self.violations.push(ModelViolation {
            field: self.place.join("."),
            violation_type,
            message: message.into(),
            input_value: value.clone(),
        });
    }

    /// Runs a check one level deeper.
    pub fn within(&mut self, segment: impl Into<String>, check: impl FnOnce(&mut Self)) {
        self.place.push(segment.into());
        check(self);
        self.place.pop();
    }

    /// The members of the record `model` if the value is an object; notes `model_type` if not.
    pub fn object<'v>(&mut self, value: &'v Value, model: &str) -> Option<&'v Map<String, Value>> {
        let members = value.as_object();
        if members.is_none() {
            let message = format!("Input should be a valid dictionary or instance of {model}");
            self.note(ViolationType::ModelType, message, value);
        }
        members
    }

    /// Checks one member of a record; notes `missing` if it is required and not there.
    pub fn member<F: Field>(&mut self, record: &Value, name: &str, required: bool) {
        self.within(name, |report| match record.get(name) {
            Some(member) => F::check(member, report),
            None if required => report.note(ViolationType::Missing, "Field required", record),
            None => {}
        });
    }
}
