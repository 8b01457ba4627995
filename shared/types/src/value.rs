//! Structured values that people attach to packages: what JSON and CBOR both can hold without loss, no floats (ADR 0003).

use std::collections::BTreeMap;

/// The largest integer magnitude JSON readers agree on, 2^53 − 1 (RFC 8785 §3.2.2.3, RFC 7493 §2.2).
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A structured value: null, booleans, integers within ±[`MAX_SAFE_INTEGER`], text, lists and maps with text keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer; see [`Value::check`] for its bounds.
    Int(i64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map with text keys.
    Map(BTreeMap<String, Value>),
}

/// Metadata of a package: a map with text keys.
pub type Metadata = BTreeMap<String, Value>;

/// Why a value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueRefused {
    /// An integer beyond ±(2^53 − 1).
    #[error("integer is beyond ±(2^53 − 1)")]
    IntegerTooLarge,
    /// Nested deeper than [`Value::MAX_DEPTH`].
    #[error("value is nested deeper than 16 levels")]
    TooDeep,
    /// Larger than allowed where it stands.
    #[error("value is larger than 65,536 bytes")]
    TooLarge,
}

impl Value {
    /// How deep lists and maps may nest.
    pub const MAX_DEPTH: usize = 16;
    /// The largest metadata of a package, in bytes of keys, text and eight bytes for anything else.
    pub const MAX_BYTES: usize = 65_536;

    /// Checks bounds: integers, depth and size.
    ///
    /// # Errors
    /// The first bound it breaks.
    pub fn check(&self) -> Result<(), ValueRefused> {
        if measure(self, 0)? > Self::MAX_BYTES { Err(ValueRefused::TooLarge) } else { Ok(()) }
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn measure(value: &Value, depth: usize) -> Result<usize, ValueRefused> {
    if depth > Value::MAX_DEPTH {
        return Err(ValueRefused::TooDeep);
    }
    Ok(match value {
        Value::Null | Value::Bool(_) => 8,
        Value::Int(int) if int.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => {
            return Err(ValueRefused::IntegerTooLarge);
        }
        Value::Int(_) => 8,
        Value::Text(text) => text.len() + 8,
        Value::List(items) => {
            let mut sum = 8;
            for item in items {
                sum += measure(item, depth + 1)?;
            }
            sum
        }
        Value::Map(entries) => {
            let mut sum = 8;
            for (key, item) in entries {
                sum += key.len() + measure(item, depth + 1)?;
            }
            sum
        }
    })
}
