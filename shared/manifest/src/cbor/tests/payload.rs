//! Serializable types: in order or not, they come out deterministic or not at all.

use std::collections::BTreeMap;

use artifactstore_types::Value;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    cbor::{CborRefused, CborRule, MAX_DEPTH, check, encode, from_slice, to_vec},
    tests::values,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct InOrder {
    id: u64,
    name: String,
    tags: Vec<String>,
    reason: Option<String>,
}

#[derive(Serialize)]
struct OutOfOrder<'a> {
    reason: &'a Option<String>,
    tags: &'a [String],
    name: &'a str,
    id: u64,
}

#[derive(Serialize)]
struct Flattened {
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

struct Failing;
impl Serialize for Failing {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not today"))
    }
}

fn rule<T: std::fmt::Debug>(outcome: Result<T, CborRefused>) -> CborRule {
    match outcome {
        Err(CborRefused::Broken { rule, .. }) => rule,
        other => panic!("{other:?}"),
    }
}

prop_compose! {
    fn records()(id: u64, name: String, tags: Vec<String>, reason: Option<String>) -> InOrder {
        InOrder { id, name, tags, reason }
    }
}

proptest! {
    #[test]
    fn a_record_is_read_back_as_it_was(record in records()) {
        let bytes = to_vec(&record).unwrap();
        prop_assert_eq!(check(&bytes), Ok(()));
        prop_assert_eq!(from_slice::<InOrder>(&bytes), Ok(record));
    }

    #[test]
    fn the_order_of_declaration_does_not_show(record in records()) {
        let InOrder { id, name, tags, reason } = &record;
        let out_of_order = OutOfOrder { reason, tags, name, id: *id };
        prop_assert_eq!(to_vec(&out_of_order), to_vec(&record));
    }

    #[test]
    fn a_value_has_the_encoding_it_has_elsewhere(value in values(i64::MIN..=i64::MAX)) {
        let bytes = to_vec(&value).unwrap();
        prop_assert_eq!(&bytes, &encode(&value));
        prop_assert_eq!(from_slice::<Value>(&bytes), Ok(value));
    }

    #[test]
    fn arbitrary_bytes_are_a_record_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = from_slice::<Value>(&bytes) {
            prop_assert_eq!(encode(&value), bytes);
        }
    }
}

#[test]
fn maps_inside_lists_inside_maps_are_put_in_order() {
    let inner: BTreeMap<&str, u8> = [("bb", 1), ("c", 2), ("aaa", 3)].into();
    let outer: BTreeMap<&str, Vec<BTreeMap<&str, u8>>> = [("long", vec![inner.clone(), inner]), ("z", vec![])].into();
    let bytes = to_vec(&outer).unwrap();
    assert_eq!(hex::encode(&bytes), "a2617a80646c6f6e6782a3616302626262016361616103a3616302626262016361616103");
}

#[test]
fn refuses_to_write_what_could_not_be_read() {
    assert_eq!(rule(to_vec(&1.5_f64)), CborRule::Float);
    assert_eq!(rule(to_vec(&u128::MAX)), CborRule::Tag);
    assert_eq!(rule(to_vec(&BTreeMap::from([(1, 2)]))), CborRule::KeyNotText);
    // A float behind the first key that is out of order is found all the same.
    assert_eq!(rule(to_vec(&BTreeMap::from([("aa", 1.0), ("b", 2.0)]))), CborRule::Float);

    assert_eq!(rule(to_vec(&Flattened { rest: BTreeMap::new() })), CborRule::Indefinite);

    let mut deep = Value::Null;
    for _ in 0..=MAX_DEPTH {
        deep = Value::List(vec![deep]);
    }
    assert_eq!(rule(to_vec(&deep)), CborRule::TooDeep);
}

#[test]
fn a_failing_serializer_is_a_refusal() {
    assert!(matches!(to_vec(&Failing), Err(CborRefused::Unwritable { .. })));
}

#[test]
fn bytes_are_held_to_the_encoding_before_the_type_sees_them() {
    // {"reason": null, "tags": [], "name": "", "id": 0}
    let unsorted = hex::decode("a466726561736f6ef6647461677380646e616d656062696400").unwrap();
    assert!(from_slice::<Value>(&unsorted).is_err());
    assert!(matches!(from_slice::<InOrder>(&encode(&Value::Null)), Err(CborRefused::Shape { .. })));
    assert!(matches!(from_slice::<u8>(&encode(&Value::Int(256))), Err(CborRefused::Shape { .. })));
}

#[test]
fn byte_strings_and_wide_integers_pass_through_records() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Leaf {
        n: u64,
        digest: bytes::Bytes,
    }
    let leaf = Leaf { n: u64::MAX, digest: bytes::Bytes::from_static(&[0xab; 32]) };
    let bytes = to_vec(&leaf).unwrap();
    assert_eq!(check(&bytes), Ok(()));
    assert_eq!(from_slice::<Leaf>(&bytes), Ok(leaf));
}

#[test]
fn long_text_is_read_whole() {
    let text = "\u{6c34}".repeat(10_000);
    assert_eq!(from_slice::<String>(&to_vec(&text).unwrap()), Ok(text));
}
