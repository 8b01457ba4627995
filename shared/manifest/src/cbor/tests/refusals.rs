//! Every rule of the strict decoder, broken once.

use crate::cbor::{CborRefused, CborRule, MAX_DEPTH, check, decode, encode};

fn refusal(hex: &str) -> (CborRule, usize) {
    match decode(&hex::decode(hex).unwrap()) {
        Err(CborRefused::Broken { rule, offset }) => (rule, offset),
        other => panic!("{hex}: {other:?}"),
    }
}

#[test]
fn refuses_whatever_has_a_shorter_form() {
    for hex in ["1800", "1817", "190018", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3817", "39000a"] {
        assert_eq!(refusal(hex), (CborRule::NotShortest, 0), "{hex}");
    }
    for hex in ["780161", "79000161", "9800", "980100", "b800", "5800", "7a0000000161", "9b0000000000000000"] {
        assert_eq!(refusal(hex), (CborRule::NotShortest, 0), "{hex}");
    }
    assert_eq!(refusal("82011801"), (CborRule::NotShortest, 2));
}

#[test]
fn refuses_lengths_that_are_not_stated_up_front() {
    for hex in ["9fff", "9f01ff", "bfff", "bf616101ff", "7f6161ff", "5f4101ff", "ff", "1f", "3f"] {
        assert_eq!(refusal(hex), (CborRule::Indefinite, 0), "{hex}");
    }
}

#[test]
fn refuses_keys_that_are_unsorted_repeated_or_not_text() {
    assert_eq!(refusal("a2616201616101"), (CborRule::KeyOrder, 4));
    assert_eq!(refusal("a262616101616201"), (CborRule::KeyOrder, 5));
    assert_eq!(refusal("a2616101616102"), (CborRule::DuplicateKey, 4));
    assert_eq!(refusal("a10102"), (CborRule::KeyNotText, 1));
    assert_eq!(refusal("a1410102"), (CborRule::KeyNotText, 1));
    assert_eq!(refusal("a1f602"), (CborRule::KeyNotText, 1));
    // Also deep inside, and in the pass that builds nothing.
    assert_eq!(refusal("81a16161a2616201616101"), (CborRule::KeyOrder, 8));
    assert!(check(&hex::decode("81a16161a2616201616101").unwrap()).is_err());
}

#[test]
fn refuses_what_is_outside_the_data_model() {
    for hex in ["f90000", "fa47c35000", "fb3ff199999999999a", "f97e00", "f97c00"] {
        assert_eq!(refusal(hex), (CborRule::Float, 0), "{hex}");
    }
    for hex in ["c001", "d81800", "c249010000000000000000", "db000000000000000001"] {
        assert_eq!(refusal(hex), (CborRule::Tag, 0), "{hex}");
    }
    for hex in ["f7", "e0", "f0", "f3", "f8ff", "f820"] {
        assert_eq!(refusal(hex), (CborRule::Simple, 0), "{hex}");
    }
    for hex in ["1c", "1d", "1e", "5c", "9d", "be", "fc", "fd", "fe"] {
        assert_eq!(refusal(hex), (CborRule::Reserved, 0), "{hex}");
    }
    for hex in ["1b8000000000000000", "1bffffffffffffffff", "3b8000000000000000", "3bffffffffffffffff"] {
        assert_eq!(refusal(hex), (CborRule::IntegerTooLarge, 0), "{hex}");
        assert_eq!(check(&hex::decode(hex).unwrap()), Ok(()), "a record may hold what a value may not: {hex}");
    }
    assert_eq!(refusal("824101f6"), (CborRule::ByteString, 1));
    assert_eq!(check(&hex::decode("824101f6").unwrap()), Ok(()));
}

#[test]
fn refuses_text_that_is_not_utf_8() {
    for hex in ["61ff", "62c328", "63eda080", "64f4908080", "62c080"] {
        assert_eq!(refusal(hex), (CborRule::NotUtf8, 0), "{hex}");
    }
}

#[test]
fn refuses_bytes_that_end_early_or_go_on() {
    for hex in ["", "18", "19ff", "1bffffffffffff", "61", "6261", "81", "a1"] {
        assert_eq!(refusal(hex), (CborRule::Truncated, 0), "{hex}");
    }
    assert_eq!(refusal("8201"), (CborRule::Truncated, 0));
    assert_eq!(refusal("a26161f6"), (CborRule::Truncated, 0));
    assert_eq!(refusal("a16161"), (CborRule::Truncated, 3));
    assert_eq!(refusal("0000"), (CborRule::Trailing, 1));
    assert_eq!(refusal("a0f6"), (CborRule::Trailing, 1));
}

#[test]
fn a_length_that_lies_is_refused_before_anything_is_allocated() {
    for hex in [
        "9bffffffffffffffff",
        "bbffffffffffffffff",
        "7bffffffffffffffff",
        "5bffffffffffffffff",
        "9b00ffffffffffffff00",
        "9affffffff00",
        "ba7fffffff616100",
        "8181819a7fffffff",
    ] {
        assert_eq!(refusal(hex).0, CborRule::Truncated, "{hex}");
    }
}

#[test]
fn nesting_is_bounded_and_a_bomb_does_not_exhaust_the_stack() {
    let nested = |depth: usize| {
        let mut bytes = vec![0x81; depth];
        bytes.push(0xf6);
        bytes
    };
    let deepest = nested(MAX_DEPTH);
    assert_eq!(check(&deepest), Ok(()));
    assert_eq!(encode(&decode(&deepest).unwrap()), deepest);
    let refused = Err(CborRefused::Broken { rule: CborRule::TooDeep, offset: MAX_DEPTH });
    assert_eq!(check(&nested(MAX_DEPTH + 1)), refused);
    assert_eq!(decode(&nested(1_000_000)).err(), refused.err());
    let mut maps = [0xa1, 0x61, b'a'].repeat(1_000_000);
    maps.push(0xf6);
    let refused = Err(CborRefused::Broken { rule: CborRule::TooDeep, offset: 3 * MAX_DEPTH });
    assert_eq!(check(&maps), refused);
    assert_eq!(decode(&maps).err(), refused.err());
}
