//! A [`Value`] to and from deterministic CBOR.

use artifactstore_types::{Metadata, Value};

use super::{CborRefused, CborRule, Item, MAX_DEPTH, Reader, Writer, reader};

pub(super) fn write_value(writer: &mut Writer, value: &Value) {
    match value {
        Value::Null => writer.null(),
        Value::Bool(bool) => writer.bool(*bool),
        Value::Int(int) => writer.int(*int),
        Value::Text(text) => writer.text(text),
        Value::List(items) => {
            writer.list(items.len());
            for item in items {
                write_value(writer, item);
            }
        }
        Value::Map(entries) => writer.metadata(entries),
    }
}

impl Writer {
    /// A map, its keys put into the order of their encodings.
    pub(crate) fn metadata(&mut self, entries: &Metadata) {
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by(|(left, _), (right, _)| reader::key_order(left, right));
        self.map(sorted.len());
        for (key, value) in sorted {
            self.text(key);
            write_value(self, value);
        }
    }
}

/// Reads a value that stands inside `depth` lists and maps.
pub(crate) fn read_value(reader: &mut Reader<'_>, depth: usize) -> Result<Value, CborRefused> {
    let offset = reader.offset();
    let refuse = |rule| CborRefused::Broken { rule, offset };
    let signed = |int| i64::try_from(int).map_err(|_| refuse(CborRule::IntegerTooLarge));
    Ok(match reader.next()? {
        Item::Null => Value::Null,
        Item::Bool(bool) => Value::Bool(bool),
        Item::Unsigned(int) => Value::Int(signed(int)?),
        Item::Negative(int) => Value::Int(!signed(int)?),
        Item::Text(text) => Value::Text(text.to_owned()),
        Item::Bytes(_) => return Err(refuse(CborRule::ByteString)),
        Item::List(_) | Item::Map(_) if depth == MAX_DEPTH => return reader::too_deep(offset),
        Item::List(items) => Value::List((0..items).map(|_| read_value(reader, depth + 1)).collect::<Result<_, _>>()?),
        Item::Map(entries) => {
            let mut map = Metadata::new();
            let mut previous = None;
            for _ in 0..entries {
                let key = reader.key(previous)?;
                map.insert(key.to_owned(), read_value(reader, depth + 1)?);
                previous = Some(key);
            }
            Value::Map(map)
        }
    })
}
