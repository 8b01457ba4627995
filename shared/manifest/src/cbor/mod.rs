//! Deterministic CBOR (RFC 8949 §4.2.1): one value, one encoding. Definite lengths, the shortest form of every length and
//! integer, map keys that are text, sorted and distinct. Whatever would be written differently is refused when read, so
//! the digest of the bytes is the identity of the value.
//!
//! Floats, tags, `undefined` and other simple values are outside the data model (ADR 0003) and refused; byte strings may
//! stand in what [`to_vec`] writes and [`from_slice`] reads, but not in a [`Value`], which JSON must be able to hold.
//! With text keys alone, the bytewise order of RFC 8949 §4.2.1 and the length-first order of §4.2.3 are one order.

mod payload;
mod reader;
mod refused;
mod value;
mod writer;

#[cfg(test)]
mod tests;

use artifactstore_types::Value;

pub use payload::{from_slice, to_vec};
pub(crate) use reader::{Item, Reader};
pub use refused::{CborRefused, CborRule};
pub(crate) use value::read_value;
pub(crate) use writer::Writer;

/// How many lists and maps may stand one inside the other: the deepest [`Value`] allowed, with room for the records that
/// carry one.
pub const MAX_DEPTH: usize = 32;

/// The one encoding of a value. Any `i64` is written; [`Value::check`] is what holds a value to the bounds of JSON.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    value::write_value(&mut writer, value);
    writer.finish()
}

/// Reads a value from its one encoding.
///
/// # Errors
/// Bytes that are not that encoding, nest deeper than [`MAX_DEPTH`], or hold a byte string or an integer beyond `i64`.
/// Nothing is allocated on the word of a length prefix.
pub fn decode(bytes: &[u8]) -> Result<Value, CborRefused> {
    let mut reader = Reader::new(bytes);
    let value = read_value(&mut reader, 0)?;
    reader.finish()?;
    Ok(value)
}

/// Whether bytes are one item in its deterministic encoding: one pass, no allocation.
///
/// # Errors
/// The first rule broken, and where.
pub fn check(bytes: &[u8]) -> Result<(), CborRefused> {
    let mut reader = Reader::new(bytes);
    reader.skip(0)?;
    reader.finish()
}
