//! Documents made wrong at random.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A change of one place in a document.
#[derive(Debug, Clone)]
pub enum Change {
    /// The place, found by these choices on the way down, gets this value.
    Put(Vec<prop::sample::Index>, Value),
    /// The place is removed from its object.
    Remove(Vec<prop::sample::Index>),
}

/// Any change, with values that are near to what fields expect.
pub fn change() -> impl Strategy<Value = Change> {
    let path = || prop::collection::vec(any::<prop::sample::Index>(), 1..5);
    prop_oneof![(path(), value()).prop_map(|(path, value)| Change::Put(path, value)), path().prop_map(Change::Remove)]
}

fn value() -> impl Strategy<Value = Value> {
    let near = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(3.0),
        json!(3.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("3"),
        json!(" 4 "),
        json!("-3"),
        json!("1_0"),
        json!("x"),
        json!([]),
        json!({}),
        json!([1]),
        json!(["a"]),
        json!([{}]),
        json!({"a": 1}),
        json!({"a": "b"}),
        json!("sha256"),
        json!("blake3"),
        json!("info"),
        json!("INFO"),
        json!("manual"),
        json!("human"),
        json!("2026-01-15"),
        json!("2026-13-01"),
        json!("1.0"),
        json!("1.0.0"),
        json!("01JQ4T1DE0GAVGE0000000000U"),
        json!("550e8400e29b41d4a716446655440000"),
    ];
    prop_oneof![
        prop::sample::select(near.to_vec()),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ]
}

/// The document with the changes made, one after the other.
pub fn apply(mut document: Value, changes: &[Change]) -> Value {
    for change in changes {
        let (path, value) = match change {
            Change::Put(path, value) => (path, Some(value)),
            Change::Remove(path) => (path, None),
        };
        put(&mut document, path, value);
    }
    document
}

fn put(place: &mut Value, path: &[prop::sample::Index], value: Option<&Value>) {
    let Some((choice, rest)) = path.split_first() else {
        if let Some(value) = value {
            *place = value.clone();
        }
        return;
    };
    match place {
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(choice.index(members.len())).cloned().unwrap_or_default();
            let scalar = !members[&name].is_object() && !members[&name].is_array();
            match value {
                None if rest.is_empty() || scalar => drop(members.remove(&name)),
                _ => put(&mut members[&name], rest, value),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let item = choice.index(items.len());
            put(&mut items[item], rest, value);
        }
        _ => put(place, &[], value),
    }
}
