//! Any serializable type to and from deterministic CBOR: event payloads and other records.
//!
//! `ciborium` writes struct fields and map entries in the order they are given. A type whose fields are declared in
//! canonical order (key length first, then bytes) is written once; any other is put in order afterwards. Either way the
//! bytes have passed the check that [`from_slice`] makes, so what has been written can be read.

use serde::{Serialize, de::DeserializeOwned};

use super::{CborRefused, CborRule, Item, MAX_DEPTH, Reader, Writer, check, reader};

/// The deterministic encoding of anything serializable. Fastest where struct fields are declared in canonical order.
///
/// # Errors
/// Values outside the data model: floats, keys that are not text or stand twice, integers beyond 64 bits, flattened
/// structs (whose length is not known up front), nesting beyond [`MAX_DEPTH`]; or a failing serializer.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, CborRefused> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|error| match error {
        ciborium::ser::Error::Value(message) => CborRefused::Unwritable { message },
        ciborium::ser::Error::Io(error) => CborRefused::Unwritable { message: error.to_string() },
    })?;
    match check(&bytes) {
        Err(CborRefused::Broken { rule: CborRule::KeyOrder, .. }) => in_order(&bytes),
        checked => checked.map(|()| bytes),
    }
}

/// Reads a deserializable type: first the bytes are held to the deterministic encoding, then given to the type.
///
/// # Errors
/// Bytes that are not deterministic CBOR, or not of this type. Nothing is allocated on the word of a length prefix.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CborRefused> {
    check(bytes)?;
    ciborium::from_reader(bytes).map_err(|error| CborRefused::Shape {
        message: match error {
            ciborium::de::Error::Semantic(_, message) => message,
            other => other.to_string(),
        },
    })
}

/// The same item with the keys of every map in order.
fn in_order(bytes: &[u8]) -> Result<Vec<u8>, CborRefused> {
    let mut reader = Reader::new(bytes);
    let mut writer = Writer::with_capacity(bytes.len());
    sort_item(bytes, &mut reader, &mut writer, 0)?;
    reader.finish()?;
    let sorted = writer.finish();
    check(&sorted)?;
    Ok(sorted)
}

fn sort_item(bytes: &[u8], reader: &mut Reader<'_>, writer: &mut Writer, depth: usize) -> Result<(), CborRefused> {
    let start = reader.offset();
    match reader.next()? {
        Item::List(_) | Item::Map(_) if depth == MAX_DEPTH => return reader::too_deep(start),
        Item::List(items) => {
            writer.list(items);
            for _ in 0..items {
                sort_item(bytes, reader, writer, depth + 1)?;
            }
        }
        Item::Map(count) => {
            let mut entries = Vec::new();
            for _ in 0..count {
                let key = reader.key(None)?;
                let mut value = Writer::default();
                sort_item(bytes, reader, &mut value, depth + 1)?;
                entries.push((key, value.finish()));
            }
            entries.sort_by(|(left, _), (right, _)| reader::key_order(left, right));
            writer.map(count);
            for (key, value) in entries {
                writer.text(key);
                writer.raw(&value);
            }
        }
        _ => writer.raw(&bytes[start..reader.offset()]),
    }
    Ok(())
}
