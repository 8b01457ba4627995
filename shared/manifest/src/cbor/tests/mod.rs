//! Deterministic CBOR: the examples of RFC 8949, every rule broken once, and the codec against an independent one.

mod payload;
mod refusals;

use artifactstore_types::{Metadata, Value};
use proptest::prelude::*;

use super::{Reader, check, decode, encode, reader::key_order};
use crate::tests::values;

/// The same encoding by way of `ciborium`, which writes what it is given in the order it is given.
fn by_ciborium(value: &Value) -> Vec<u8> {
    fn tree(value: &Value) -> ciborium::Value {
        match value {
            Value::Null => ciborium::Value::Null,
            Value::Bool(bool) => ciborium::Value::Bool(*bool),
            Value::Int(int) => ciborium::Value::Integer((*int).into()),
            Value::Text(text) => ciborium::Value::Text(text.clone()),
            Value::List(items) => ciborium::Value::Array(items.iter().map(tree).collect()),
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                // RFC 8949 §4.2.1 to the letter: by the bytes of the encoded keys.
                entries.sort_by_key(|(key, _)| {
                    let mut encoded = Vec::new();
                    ciborium::into_writer(key, &mut encoded).unwrap();
                    encoded
                });
                let entries = entries.into_iter().map(|(key, item)| (ciborium::Value::Text(key.clone()), tree(item)));
                ciborium::Value::Map(entries.collect())
            }
        }
    }
    let mut bytes = Vec::new();
    ciborium::into_writer(&tree(value), &mut bytes).unwrap();
    bytes
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn writes_and_reads_the_examples_of_rfc_8949_appendix_a() {
    let list = |items: &[i64]| Value::List(items.iter().copied().map(Value::Int).collect());
    let map: Metadata = [("a".to_owned(), Value::Int(1)), ("b".to_owned(), list(&[2, 3]))].into();
    for (hex, value) in [
        ("00", Value::Int(0)),
        ("01", Value::Int(1)),
        ("0a", Value::Int(10)),
        ("17", Value::Int(23)),
        ("1818", Value::Int(24)),
        ("1819", Value::Int(25)),
        ("1864", Value::Int(100)),
        ("1903e8", Value::Int(1000)),
        ("1a000f4240", Value::Int(1_000_000)),
        ("1b000000e8d4a51000", Value::Int(1_000_000_000_000)),
        ("20", Value::Int(-1)),
        ("29", Value::Int(-10)),
        ("3863", Value::Int(-100)),
        ("3903e7", Value::Int(-1000)),
        ("f4", Value::Bool(false)),
        ("f5", Value::Bool(true)),
        ("f6", Value::Null),
        ("60", text("")),
        ("6161", text("a")),
        ("6449455446", text("IETF")),
        ("62225c", text("\"\\")),
        ("62c3bc", text("\u{fc}")),
        ("63e6b0b4", text("\u{6c34}")),
        ("64f0908591", text("\u{10151}")),
        ("80", list(&[])),
        ("83010203", list(&[1, 2, 3])),
        ("a0", Value::Map(Metadata::new())),
        ("a26161016162820203", Value::Map(map)),
    ] {
        let bytes = hex::decode(hex).unwrap();
        assert_eq!(hex::encode(encode(&value)), hex, "{value:?}");
        assert_eq!(decode(&bytes), Ok(value), "{hex}");
        assert_eq!(check(&bytes), Ok(()), "{hex}");
    }
}

#[test]
fn integers_and_lengths_take_their_shortest_form_on_both_sides_of_every_boundary() {
    for (int, length) in [
        (23, 1),
        (24, 2),
        (0xff, 2),
        (0x100, 3),
        (0xffff, 3),
        (0x1_0000, 5),
        (0xffff_ffff, 5),
        (0x1_0000_0000, 9),
        (i64::MAX, 9),
        (-24, 1),
        (-25, 2),
        (-0x100, 2),
        (-0x101, 3),
        (-0x1_0000, 3),
        (-0x1_0001, 5),
        (-0x1_0000_0000, 5),
        (-0x1_0000_0001, 9),
        (i64::MIN, 9),
    ] {
        let bytes = encode(&Value::Int(int));
        assert_eq!(bytes.len(), length, "{int}");
        assert_eq!(decode(&bytes), Ok(Value::Int(int)));
    }
    for (length, head) in [(23, 1), (24, 2), (255, 2), (256, 3), (65_535, 3), (65_536, 5)] {
        let value = text(&"x".repeat(length));
        let bytes = encode(&value);
        assert_eq!(bytes.len(), head + length);
        assert_eq!(decode(&bytes), Ok(value));
    }
}

#[test]
fn a_shorter_key_comes_first_whatever_its_bytes() {
    let map: Metadata = [("aa".to_owned(), Value::Null), ("b".to_owned(), Value::Null)].into();
    assert_eq!(hex::encode(encode(&Value::Map(map))), "a26162f6626161f6");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in values(i64::MIN..=i64::MAX)) {
        let bytes = encode(&value);
        prop_assert_eq!(check(&bytes), Ok(()));
        prop_assert_eq!(decode(&bytes), Ok(value));
    }

    #[test]
    fn writes_what_an_independent_encoder_writes(value in values(i64::MIN..=i64::MAX)) {
        prop_assert_eq!(encode(&value), by_ciborium(&value));
    }

    #[test]
    fn length_first_order_is_the_order_of_the_encoded_keys(left: String, right: String) {
        let (encoded_left, encoded_right) = (encode(&Value::Text(left.clone())), encode(&Value::Text(right.clone())));
        prop_assert_eq!(key_order(&left, &right), encoded_left.cmp(&encoded_right));
    }

    #[test]
    fn whatever_is_accepted_is_what_would_be_written(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = decode(&bytes) {
            prop_assert_eq!(encode(&value), bytes);
        }
    }

    #[test]
    fn a_changed_byte_gives_another_value_or_a_refusal(
        value in values(i64::MIN..=i64::MAX), at: prop::sample::Index, change in 1_u8..
    ) {
        let mut bytes = encode(&value);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(other) = decode(&bytes) {
            prop_assert_ne!(&other, &value);
            prop_assert_eq!(encode(&other), bytes);
        }
    }

    #[test]
    fn no_part_of_an_encoding_is_one(value in values(i64::MIN..=i64::MAX), at: prop::sample::Index) {
        let bytes = encode(&value);
        prop_assert!(decode(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn the_check_alone_agrees_with_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut reader = Reader::new(&bytes);
        if decode(&bytes).is_ok() {
            prop_assert_eq!(check(&bytes), Ok(()));
        } else if check(&bytes).is_ok() {
            // Only byte strings and integers beyond 64 signed bits divide the two.
            let mut divides = false;
            while let Ok(item) = reader.next() {
                divides |= match item {
                    super::Item::Bytes(_) => true,
                    super::Item::Unsigned(int) | super::Item::Negative(int) => i64::try_from(int).is_err(),
                    _ => false,
                };
            }
            prop_assert!(divides);
        }
    }
}
