//! Payloads by the line: `{"event_type": …, "payload": …}` in, one result a line out.
//!
//! Every line that is not blank gets a result, also one that cannot be read: results and lines stay aligned, and one
//! bad line does not cost the verdict on the next million.

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use serde_json::Value;

use super::{ConformanceResult, validate_event};
use crate::lines::{LONGEST_LINE, Line, Lines};
use crate::model::{ModelViolation, ViolationType};

/// How many lines were valid and how many were not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines whose payload both layers accept.
    pub valid: u64,
    /// All other lines.
    pub invalid: u64,
}

/// Validates every line of a stream and writes a result for each.
///
/// # Errors
/// What reader or writer refuse; a bad line is not an error but a result.
pub fn validate_stream(reader: impl BufRead, mut writer: impl Write) -> io::Result<Tally> {
    let mut lines = Lines::new(reader, LONGEST_LINE);
    let mut tally = Tally::default();
    while let Some((_, line)) = lines.read()? {
        let result = match line {
            Line::Text(text) => validate_line(text),
            Line::TooLong => unreadable(&format!("line longer than {LONGEST_LINE} bytes")),
        };
        *(if result.valid { &mut tally.valid } else { &mut tally.invalid }) += 1;
        serde_json::to_writer(&mut writer, &result)?;
        writer.write_all(b"\n")?;
    }
    writer.flush()?;
    Ok(tally)
}

/// Validates one line. Takes any bytes and never panics.
///
/// A line that is not JSON, has no event type or payload, or names an unknown type is invalid; its one model violation
/// says why.
pub fn validate_line(line: &[u8]) -> ConformanceResult {
    let document: Value = match serde_json::from_slice(line) {
        Ok(document) => document,
        Err(reason) => return unreadable(&reason.to_string()),
    };
    let Value::Object(mut members) = document else {
        let message = "Input should be a valid dictionary".to_owned();
        return refused(String::new(), "", ViolationType::DictType, message, document);
    };
    let (event_type, payload) = (members.remove("event_type"), members.remove("payload"));
    let name = event_type.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    match (event_type, payload) {
        (None, _) => {
            refused(name, "event_type", ViolationType::Missing, "Field required".to_owned(), Value::Object(members))
        }
        (Some(Value::String(_)), Some(payload)) => validate_event(&payload, &name).unwrap_or_else(|unknown| {
            refused(name.clone(), "event_type", ViolationType::ValueError, unknown.to_string(), name.into())
        }),
        (Some(Value::String(_)), None) => {
            refused(name, "payload", ViolationType::Missing, "Field required".to_owned(), Value::Object(members))
        }
        (Some(other), _) => {
            let message = "Input should be a valid string".to_owned();
            refused(name, "event_type", ViolationType::StringType, message, other)
        }
    }
}

fn unreadable(reason: &str) -> ConformanceResult {
    refused(String::new(), "", ViolationType::JsonInvalid, format!("Invalid JSON: {reason}"), Value::Null)
}

fn refused(
    event_type: String,
    field: &str,
    violation_type: ViolationType,
    message: String,
    input_value: Value,
) -> ConformanceResult {
    let violation = ModelViolation { field: field.to_owned(), violation_type, message, input_value };
    ConformanceResult {
        event_type: Cow::Owned(event_type),
        valid: false,
        model_violations: vec![violation],
        schema_violations: Vec::new(),
        schema_check_skipped: true,
    }
}
