//! Structured values. Depth is bounded while they are read, so that a hostile one cannot exhaust the stack.

use std::collections::BTreeMap;

use artifactstore_types::{Fault, Metadata, Value, ValueRefused};

use crate::{
    field,
    v1::{self, value::Kind},
};

pub(crate) fn encode(metadata: Metadata) -> BTreeMap<String, v1::Value> {
    metadata.into_iter().map(|(key, value)| (key, encode_value(value))).collect()
}

fn encode_value(value: Value) -> v1::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(prost_types::NullValue::NullValue.into()),
        Value::Bool(bool) => Kind::BoolValue(bool),
        Value::Int(int) => Kind::IntValue(int),
        Value::Text(text) => Kind::TextValue(text),
        Value::List(items) => Kind::ListValue(v1::ValueList { items: items.into_iter().map(encode_value).collect() }),
        Value::Map(entries) => Kind::MapValue(v1::ValueMap { entries: encode(entries) }),
    };
    v1::Value { kind: Some(kind) }
}

pub(crate) fn decode(field: &str, metadata: BTreeMap<String, v1::Value>) -> Result<Metadata, Fault> {
    let metadata = decode_map(metadata, 0).map_err(|refused| field::refused(field, refused))?;
    Value::check_metadata(&metadata).map_err(|refused| field::refused(field, refused))?;
    Ok(metadata)
}

/// Why a value cannot be read.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Bound(ValueRefused),
    #[error("a value has no kind")]
    NoKind,
}

/// The map that stands inside `depth` lists and maps.
fn decode_map(entries: BTreeMap<String, v1::Value>, depth: usize) -> Result<Metadata, Refused> {
    let depth = deeper(depth)?;
    entries.into_iter().map(|(key, value)| Ok((key, decode_value(value, depth)?))).collect()
}

fn decode_value(value: v1::Value, depth: usize) -> Result<Value, Refused> {
    Ok(match value.kind.ok_or(Refused::NoKind)? {
        Kind::NullValue(_) => Value::Null,
        Kind::BoolValue(bool) => Value::Bool(bool),
        Kind::IntValue(int) => Value::Int(int),
        Kind::TextValue(text) => Value::Text(text),
        Kind::ListValue(list) => {
            let depth = deeper(depth)?;
            let items: Result<_, _> = list.items.into_iter().map(|item| decode_value(item, depth)).collect();
            Value::List(items?)
        }
        Kind::MapValue(map) => Value::Map(decode_map(map.entries, depth)?),
    })
}

fn deeper(depth: usize) -> Result<usize, Refused> {
    if depth == Value::MAX_DEPTH { Err(Refused::Bound(ValueRefused::TooDeep)) } else { Ok(depth + 1) }
}
