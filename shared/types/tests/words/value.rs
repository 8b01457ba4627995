//! Bounds of values.

use artifactstore_types::{MAX_SAFE_INTEGER, Metadata, Value, ValueRefused};
use proptest::prelude::*;

fn nested(containers: usize, of: impl Fn(Value) -> Value) -> Value {
    (0..containers).fold(Value::Null, |inner, _| of(inner))
}

fn list(inner: Value) -> Value {
    Value::List(vec![inner])
}

fn map(inner: Value) -> Value {
    Value::Map([("k".to_owned(), inner)].into())
}

proptest! {
    #[test]
    fn integers_are_held_to_what_json_holds(int: i64) {
        let within = int.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs();
        prop_assert_eq!(Value::Int(int).check().is_ok(), within);
        prop_assert_eq!(map(list(Value::Int(int))).check().is_ok(), within);
    }

    #[test]
    fn metadata_is_held_to_the_same_bounds_as_a_map(containers in 0_usize..20, int: i64, bytes in 0_usize..80_000) {
        for inner in [nested(containers, list), Value::Int(int), Value::Text("x".repeat(bytes))] {
            let metadata: Metadata = [("key".to_owned(), inner)].into();
            prop_assert_eq!(Value::check_metadata(&metadata), Value::Map(metadata).check());
        }
    }
}

#[test]
fn integers_are_refused_just_beyond_the_bound() {
    assert_eq!(MAX_SAFE_INTEGER, (1 << 53) - 1);
    for int in [0, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER] {
        assert_eq!(Value::Int(int).check(), Ok(()));
    }
    for int in [MAX_SAFE_INTEGER + 1, -MAX_SAFE_INTEGER - 1, i64::MAX, i64::MIN] {
        assert_eq!(Value::Int(int).check(), Err(ValueRefused::IntegerTooLarge));
    }
}

#[test]
fn lists_and_maps_nest_as_deep_as_allowed_and_no_deeper() {
    for of in [list, map] {
        assert_eq!(nested(Value::MAX_DEPTH, of).check(), Ok(()));
        assert_eq!(nested(Value::MAX_DEPTH + 1, of).check(), Err(ValueRefused::TooDeep));
        assert_eq!(nested(2_000, of).check(), Err(ValueRefused::TooDeep));
    }
    // What is empty is a level, too.
    let empty = (1..Value::MAX_DEPTH).fold(Value::List(vec![]), |inner, _| list(inner));
    assert_eq!(empty.check(), Ok(()));
    assert_eq!(list(empty).check(), Err(ValueRefused::TooDeep));
}

#[test]
fn size_counts_keys_text_and_eight_bytes_for_every_value() {
    let text = |bytes: usize| Value::Text("x".repeat(bytes));
    assert_eq!(text(Value::MAX_BYTES - 8).check(), Ok(()));
    assert_eq!(text(Value::MAX_BYTES - 7).check(), Err(ValueRefused::TooLarge));
    let nulls = |count: usize| Value::List(vec![Value::Null; count]);
    assert_eq!(nulls(Value::MAX_BYTES / 8 - 1).check(), Ok(()));
    assert_eq!(nulls(Value::MAX_BYTES / 8).check(), Err(ValueRefused::TooLarge));
    let keyed = |bytes: usize| Value::Map([("k".repeat(bytes), Value::Null)].into());
    assert_eq!(keyed(Value::MAX_BYTES - 16).check(), Ok(()));
    assert_eq!(keyed(Value::MAX_BYTES - 15).check(), Err(ValueRefused::TooLarge));
}

#[test]
fn only_text_is_text() {
    assert_eq!(Value::Text("x".to_owned()).as_text(), Some("x"));
    for other in [Value::Null, Value::Bool(true), Value::Int(0), Value::List(vec![]), Value::Map(Metadata::new())] {
        assert_eq!(other.as_text(), None);
    }
}
