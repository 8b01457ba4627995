//! Strings: any, and those that must say something. Also how a string is quoted in messages.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::{Field, Report, ViolationType};

impl Field for String {
    fn check(value: &Value, report: &mut Report) {
        if !value.is_string() {
            report.note(ViolationType::StringType, "Input should be a valid string", value);
        }
    }
}

/// A string of at least one character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NonEmptyString(String);

/// The refusal of a string without a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("string should have at least 1 character")]
pub struct EmptyStringRefused;

impl NonEmptyString {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NonEmptyString {
    type Error = EmptyStringRefused;

    fn try_from(text: String) -> Result<Self, EmptyStringRefused> {
        if text.is_empty() { Err(EmptyStringRefused) } else { Ok(Self(text)) }
    }
}

impl TryFrom<&str> for NonEmptyString {
    type Error = EmptyStringRefused;

    fn try_from(text: &str) -> Result<Self, EmptyStringRefused> {
        Self::try_from(text.to_owned())
    }
}

impl From<NonEmptyString> for String {
    fn from(text: NonEmptyString) -> Self {
        text.0
    }
}

impl fmt::Display for NonEmptyString {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NonEmptyString {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(input)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for NonEmptyString {
    fn schema_name() -> Cow<'static, str> {
        "NonEmptyString".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Field for NonEmptyString {
    fn check(value: &Value, report: &mut Report) {
        match value.as_str() {
            Some("") => report.note(ViolationType::StringTooShort, "String should have at least 1 character", value),
            Some(_) => {}
            None => String::check(value, report),
        }
    }
}

/// Deserialises a string and hands it to `read`, without a copy between; `read`'s refusal becomes the error.
pub(crate) fn from_text<'de, D: Deserializer<'de>, T, E: fmt::Display>(
    input: D,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<T, D::Error> {
    struct Text<F>(F);

    impl<T, E: fmt::Display, F: Fn(&str) -> Result<T, E>> de::Visitor<'_> for Text<F> {
        type Value = T;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a string")
        }

        fn visit_str<X: de::Error>(self, text: &str) -> Result<T, X> {
            (self.0)(text).map_err(X::custom)
        }
    }

    input.deserialize_str(Text(read))
}

/// A string as Python's `repr` writes it: consumers compare messages that were written so.
pub(crate) struct Repr<'a>(pub &'a str);

impl fmt::Display for Repr<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let quote = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        out.write_char(quote)?;
        for character in self.0.chars() {
            match character {
                '\\' => out.write_str("\\\\")?,
                '\n' => out.write_str("\\n")?,
                '\r' => out.write_str("\\r")?,
                '\t' => out.write_str("\\t")?,
                _ if character == quote => write!(out, "\\{character}")?,
                _ if is_printable(character) => out.write_char(character)?,
                _ => match u32::from(character) {
                    code @ ..=0xff => write!(out, "\\x{code:02x}")?,
                    code @ ..=0xffff => write!(out, "\\u{code:04x}")?,
                    code => write!(out, "\\U{code:08x}")?,
                },
            }
        }
        out.write_char(quote)
    }
}

/// Neither control, format, private, unassigned nor a separator other than the space. The standard library keeps that
/// table to itself; it shows in `escape_debug`, which also escapes a combining mark unless a character precedes it.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let preceded: String = ['a', character].iter().collect();
    preceded.escape_debug().eq(preceded.chars())
}
