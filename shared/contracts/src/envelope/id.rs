//! Event identifiers and their one normal form.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::inline::Inline;
use crate::model::{Field, Report, ViolationType, from_text};

const ULID_LENGTH: usize = 26;
const BARE_UUID_LENGTH: usize = 32;
const UUID_LENGTH: usize = 36;
const UUID_HYPHENS: [usize; 4] = [8, 13, 18, 23];
/// The three forms, in either case.
const PATTERN: &str = "^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}$|^[0-9a-fA-F]{32}$|\
                       ^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/// Identifier of an event in normal form: an upper-case ULID or a lower-case hyphenated UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Inline<UUID_LENGTH>);

/// The refusal of text that is neither ULID nor UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a ULID of 26 characters or a UUID, hyphenated or bare")]
pub struct EventIdRefused;

/// Brings an event identifier into normal form.
///
/// # Errors
/// Text that is neither a ULID (26 characters of Crockford's base 32) nor a UUID (36 characters with hyphens, or 32
/// hexadecimal digits), in either case.
pub fn normalize_event_id(text: &str) -> Result<EventId, EventIdRefused> {
    let mut normal = Inline::new();
    match text.len() {
        ULID_LENGTH => {
            for byte in text.bytes() {
                let upper = byte.to_ascii_uppercase();
                if !is_crockford(upper) {
                    return Err(EventIdRefused);
                }
                normal.push(upper);
            }
        }
        UUID_LENGTH => {
            for (position, byte) in text.bytes().enumerate() {
                let expected = if UUID_HYPHENS.contains(&position) { byte == b'-' } else { byte.is_ascii_hexdigit() };
                if !expected {
                    return Err(EventIdRefused);
                }
                normal.push(byte.to_ascii_lowercase());
            }
        }
        BARE_UUID_LENGTH => {
            for (position, byte) in text.bytes().enumerate() {
                if !byte.is_ascii_hexdigit() {
                    return Err(EventIdRefused);
                }
                if [8, 12, 16, 20].contains(&position) {
                    normal.push(b'-');
                }
                normal.push(byte.to_ascii_lowercase());
            }
        }
        _ => return Err(EventIdRefused),
    }
    Ok(EventId(normal))
}

/// Crockford's base 32, which leaves out I, L, O and U.
fn is_crockford(upper: u8) -> bool {
    upper.is_ascii_digit() || (upper.is_ascii_uppercase() && !matches!(upper, b'I' | b'L' | b'O' | b'U'))
}

impl EventId {
    /// The identifier in normal form.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl std::str::FromStr for EventId {
    type Err = EventIdRefused;

    fn from_str(text: &str) -> Result<Self, EventIdRefused> {
        normalize_event_id(text)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EventId({self})")
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        from_text(input, normalize_event_id)
    }
}

impl JsonSchema for EventId {
    fn schema_name() -> Cow<'static, str> {
        "EventId".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": ULID_LENGTH, "maxLength": UUID_LENGTH, "pattern": PATTERN })
    }
}

impl Field for EventId {
    fn check(value: &Value, report: &mut Report) {
        let normal = value.as_str().map(normalize_event_id);
        if !matches!(normal, Some(Ok(_))) {
            report.note(ViolationType::ValueError, format!("Value error, {EventIdRefused}"), value);
        }
    }

    /// The published schema keeps the pattern beside `anyOf`, so that a wrong form is reported as `pattern`.
    fn nullable_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string", "minLength": ULID_LENGTH, "maxLength": UUID_LENGTH }, { "type": "null" }],
            "pattern": PATTERN,
        })
    }
}
