//! The second layer: the checked-in JSON Schema, draft 2020-12, formats not asserted.

use std::fmt::{self, Write};

use jsonschema::{Draft, ValidationError, Validator};
use serde::Serialize;
use serde_json::Value;

use crate::catalogue::ModelEntry;
use crate::schemas;

/// Messages quote the offending value; a value longer than this is cut.
const LONGEST_MESSAGE: usize = 1024;

/// One fault that the schema layer found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SchemaViolation {
    /// Where in the payload, such as `$.artifact_id.path`.
    pub json_path: String,
    /// The keyword that refused.
    pub validator: String,
    /// What is wrong, for people.
    pub message: String,
    /// What the keyword says in the schema.
    #[serde(skip)]
    pub validator_value: Value,
    /// Where in the schema, references left out.
    #[serde(skip)]
    pub schema_path: Vec<PathSegment>,
}

/// One step of a path through a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// Into an object.
    Member(String),
    /// Into an array.
    Item(usize),
}

pub(super) struct SchemaLayer {
    schema: Value,
    validator: Validator,
}

impl SchemaLayer {
    pub(super) fn compile(model: &ModelEntry) -> Option<Self> {
        let schema = serde_json::from_str(schemas::find_checked_in(model)?).ok()?;
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(false);
        let validator = options.build(&schema).ok()?;
        Some(Self { schema, validator })
    }

    pub(super) fn violations(&self, payload: &Value) -> Vec<SchemaViolation> {
        if self.validator.is_valid(payload) {
            return Vec::new();
        }
        let mut violations: Vec<_> =
            self.validator.iter_errors(payload).map(|error| self.violation(payload, &error)).collect();
        violations.sort_by(|one, other| (&one.json_path, &one.validator).cmp(&(&other.json_path, &other.validator)));
        violations
    }

    fn violation(&self, payload: &Value, error: &ValidationError<'_>) -> SchemaViolation {
        let in_payload = segments(payload, error.instance_path().as_str());
        let written = segments(&self.schema, error.schema_path().as_str());
        let mut message = Bounded::default();
        // The formatter stops when the bound is reached; what was written until then is the message.
        let complete = write!(message, "{error}").is_ok();
        if !complete {
            message.0.push('…');
        }
        SchemaViolation {
            json_path: json_path(&in_payload),
            validator: error.kind().keyword().to_owned(),
            message: message.0,
            validator_value: self.schema.pointer(error.schema_path().as_str()).cloned().unwrap_or_default(),
            schema_path: written,
        }
    }
}

/// The steps of a JSON pointer; whether a number is an item or a member shows only in the document.
fn segments(document: &Value, pointer: &str) -> Vec<PathSegment> {
    let mut place = Some(document);
    let mut segments = Vec::new();
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        let item = place.filter(|value| value.is_array()).and_then(|_| name.parse().ok());
        place = place.and_then(|value| item.map_or_else(|| value.get(&name), |item: usize| value.get(item)));
        segments.push(item.map_or(PathSegment::Member(name), PathSegment::Item));
    }
    segments
}

/// `$.member[0]['odd member']`
fn json_path(segments: &[PathSegment]) -> String {
    let mut path = String::from("$");
    for segment in segments {
        match segment {
            PathSegment::Item(item) => path.extend(["[", &item.to_string(), "]"]),
            PathSegment::Member(name) if is_plain(name) => path.extend([".", name]),
            PathSegment::Member(name) => {
                let escaped = name.replace('\\', "\\\\").replace('\'', "\\'");
                path.extend(["['", &escaped, "']"]);
            }
        }
    }
    path
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST_MESSAGE.saturating_sub(self.0.len());
        let fits = text.floor_char_boundary(room);
        self.0.push_str(&text[..fits]);
        if fits == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests;
