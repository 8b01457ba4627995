//! The JSON Canonicalization Scheme (RFC 8785) for values without floats: no white space, keys sorted by UTF-16 code
//! units, one spelling of every string and integer. Reading is as strict as writing: text that would be written
//! differently is refused, and with it duplicate keys, which other readers resolve each in their own way.

use artifactstore_types::{MAX_SAFE_INTEGER, Metadata, Value};
use serde_json::Value as Json;

use crate::cbor;

/// Why a value has no RFC 8785 form here, or a text is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonRefused {
    /// The text is not JSON (RFC 8259), or nests beyond what the parser follows.
    #[error("text is not JSON, at line {line}, column {column}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A number with a fraction or an exponent, a negative zero, or one beyond 64 bits.
    #[error("number is not an integer; floating-point numbers are not allowed")]
    Float,
    /// An integer beyond ±(2^53 − 1), which JSON readers may round.
    #[error("integer is beyond ±(2^53 − 1)")]
    IntegerTooLarge,
    /// Lists and maps nest deeper than [`cbor::MAX_DEPTH`].
    #[error("lists and maps nest too deep")]
    TooDeep,
    /// JSON, but not in its canonical form: white space, key order, a duplicate key, another spelling.
    #[error("JSON is not in the canonical form of RFC 8785")]
    NotCanonical,
}

/// The RFC 8785 form of a value.
///
/// # Errors
/// Integers beyond ±(2^53 − 1) and nesting beyond [`cbor::MAX_DEPTH`].
pub fn encode(value: &Value) -> Result<Vec<u8>, JsonRefused> {
    check(value, 0)?;
    Ok(encode_checked(value))
}

/// Reads a value from its RFC 8785 form.
///
/// # Errors
/// Text that is not JSON, holds a float or an integer beyond ±(2^53 − 1), nests deeper than [`cbor::MAX_DEPTH`], or is
/// not in canonical form.
pub fn decode(bytes: &[u8]) -> Result<Value, JsonRefused> {
    let json: Json = serde_json::from_slice(bytes)
        .map_err(|error| JsonRefused::Malformed { line: error.line(), column: error.column() })?;
    let value = from_json(json, 0)?;
    if encode_checked(&value) == bytes { Ok(value) } else { Err(JsonRefused::NotCanonical) }
}

/// The RFC 8785 form of a value that is known to be within bounds.
pub(crate) fn encode_checked(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value);
    out
}

fn check(value: &Value, depth: usize) -> Result<(), JsonRefused> {
    match value {
        Value::Int(int) if int.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => Err(JsonRefused::IntegerTooLarge),
        Value::List(_) | Value::Map(_) if depth == cbor::MAX_DEPTH => Err(JsonRefused::TooDeep),
        Value::List(items) => items.iter().try_for_each(|item| check(item, depth + 1)),
        Value::Map(entries) => entries.values().try_for_each(|item| check(item, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_) => Ok(()),
    }
}

fn from_json(json: Json, depth: usize) -> Result<Value, JsonRefused> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(bool),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) if int.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs() => Value::Int(int),
            (None, None) => return Err(JsonRefused::Float),
            _ => return Err(JsonRefused::IntegerTooLarge),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(_) | Json::Object(_) if depth == cbor::MAX_DEPTH => return Err(JsonRefused::TooDeep),
        Json::Array(items) => {
            Value::List(items.into_iter().map(|item| from_json(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(key, item)| Ok((key, from_json(item, depth + 1)?)));
            Value::Map(entries.collect::<Result<Metadata, _>>()?)
        }
    })
}

fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(bool) => out.extend_from_slice(if *bool { b"true" } else { b"false" }),
        Value::Int(int) => out.extend_from_slice(int.to_string().as_bytes()),
        Value::Text(text) => write_text(out, text),
        Value::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index);
                write(out, item);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            out.push(b'{');
            for (index, (key, item)) in sorted.into_iter().enumerate() {
                separate(out, index);
                write_text(out, key);
                out.push(b':');
                write(out, item);
            }
            out.push(b'}');
        }
    }
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

/// RFC 8785 §3.2.2.2: the two-character escapes where JSON has one, `\u00xx` for other controls, everything else as it is.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            control @ 0..0x20 => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
            plain => out.push(plain),
        }
    }
    out.push(b'"');
}
