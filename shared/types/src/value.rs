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
    /// How many lists and maps may stand one inside the other.
    pub const MAX_DEPTH: usize = 16;
    /// The largest value, in bytes of keys and text and eight bytes for every value; a package's metadata is one value.
    pub const MAX_BYTES: usize = 65_536;

    /// Checks bounds: integers, depth and size.
    ///
    /// # Errors
    /// The first bound it breaks.
    pub fn check(&self) -> Result<(), ValueRefused> {
        within_size(measure(self, 0)?)
    }

    /// Checks the same bounds of a map that is not wrapped in a [`Value`].
    ///
    /// # Errors
    /// The first bound it breaks.
    pub fn check_metadata(metadata: &Metadata) -> Result<(), ValueRefused> {
        within_size(measure_map(metadata, 0)?)
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn within_size(bytes: usize) -> Result<(), ValueRefused> {
    if bytes > Value::MAX_BYTES { Err(ValueRefused::TooLarge) } else { Ok(()) }
}

/// The size of a value that stands inside `depth` lists and maps. Stops at the depth allowed, so that the stack is bounded.
fn measure(value: &Value, depth: usize) -> Result<usize, ValueRefused> {
    match value {
        Value::Int(int) if int.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => Err(ValueRefused::IntegerTooLarge),
        Value::Null | Value::Bool(_) | Value::Int(_) => Ok(8),
        Value::Text(text) => Ok(8 + text.len()),
        Value::List(_) if depth == Value::MAX_DEPTH => Err(ValueRefused::TooDeep),
        Value::List(items) => items.iter().try_fold(8, |sum, item| Ok(sum + measure(item, depth + 1)?)),
        Value::Map(entries) => measure_map(entries, depth),
    }
}

fn measure_map(entries: &Metadata, depth: usize) -> Result<usize, ValueRefused> {
    if depth == Value::MAX_DEPTH {
        return Err(ValueRefused::TooDeep);
    }
    entries.iter().try_fold(8, |sum, (key, item)| Ok(sum + key.len() + measure(item, depth + 1)?))
}
