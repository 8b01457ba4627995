//! RFC 8785: the vectors of its author, an independent canonicalizer, and every refusal.

use std::{fs, path::Path};

use artifactstore_types::{MAX_SAFE_INTEGER, Metadata, Value};
use proptest::prelude::*;

use super::values;
use crate::{
    cbor::MAX_DEPTH,
    jcs::{JsonRefused, decode, encode},
};

#[test]
fn the_vectors_of_rfc_8785_hold() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/json-canonicalization/testdata");
    if !vectors.is_dir() {
        println!("skipped: the RFC 8785 vectors are not at {}", vectors.display());
        return;
    }
    let mut with_floats = Vec::new();
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let input = fs::read(vectors.join(format!("input/{name}.json"))).unwrap();
        let output = fs::read(vectors.join(format!("output/{name}.json"))).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&input).unwrap();
        // The independent canonicalizer is what our own writer is held to elsewhere, so it is held to the vectors too.
        assert_eq!(serde_json_canonicalizer::to_vec(&json).unwrap(), output, "{name}");
        match serde_json::from_slice::<Value>(&input) {
            Ok(value) => {
                assert_eq!(encode(&value).unwrap(), output, "{name}");
                assert_eq!(decode(&output), Ok(value), "{name}");
            }
            Err(_) => with_floats.push(name),
        }
    }
    assert_eq!(with_floats, ["structures", "values"]);
    assert_eq!(decode(&fs::read(vectors.join("output/values.json")).unwrap()), Err(JsonRefused::Float));
}

proptest! {
    #[test]
    fn writes_what_an_independent_canonicalizer_writes(value in values(-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER)) {
        prop_assert_eq!(encode(&value).unwrap(), serde_json_canonicalizer::to_vec(&value).unwrap());
    }

    #[test]
    fn what_is_written_is_read_back(value in values(-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER)) {
        prop_assert_eq!(decode(&encode(&value).unwrap()), Ok(value));
    }

    #[test]
    fn json_of_another_spelling_is_refused(value in values(-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER)) {
        let canonical = encode(&value).unwrap();
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(decode(&pretty).is_ok(), pretty == canonical);
        let spaced = [canonical, vec![b'\n']].concat();
        prop_assert_eq!(decode(&spaced), Err(JsonRefused::NotCanonical));
    }
}

#[test]
fn keys_are_sorted_by_utf_16_code_units() {
    // U+1F600 is a surrogate pair from D83D on, so it sorts before U+FF01, though its code point is higher.
    let map: Metadata = ["\u{ff01}", "\u{1f600}", "z"].map(|key| (key.to_owned(), Value::Null)).into();
    assert_eq!(encode(&Value::Map(map)).unwrap(), "{\"z\":null,\"\u{1f600}\":null,\"\u{ff01}\":null}".as_bytes());
}

#[test]
fn refuses_numbers_that_json_readers_do_not_agree_on() {
    for json in ["1.5", "1.0", "1e3", "-0", "0.1", "1E400", "18446744073709551616", "-9223372036854775809"] {
        let refused = decode(json.as_bytes()).unwrap_err();
        assert!(matches!(refused, JsonRefused::Float | JsonRefused::Malformed { .. }), "{json}: {refused:?}");
    }
    assert_eq!(decode(b"[{\"a\":0.5}]"), Err(JsonRefused::Float));
    for json in ["9007199254740992", "-9007199254740992", "18446744073709551615", "9223372036854775808"] {
        assert_eq!(decode(json.as_bytes()), Err(JsonRefused::IntegerTooLarge), "{json}");
    }
    for int in [MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER] {
        assert_eq!(decode(int.to_string().as_bytes()), Ok(Value::Int(int)));
        assert_eq!(encode(&Value::Int(int)).unwrap(), int.to_string().as_bytes());
    }
    for int in [MAX_SAFE_INTEGER + 1, -MAX_SAFE_INTEGER - 1, i64::MIN, i64::MAX] {
        assert_eq!(encode(&Value::List(vec![Value::Int(int)])), Err(JsonRefused::IntegerTooLarge));
    }
}

#[test]
fn refuses_json_that_has_another_spelling() {
    for json in [
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"b\":1,\"a\":2}",
        " 1",
        "[1, 2]",
        "\"\\u0041\"",
        "\"\\/\"",
        "\"\\u000a\"",
        "\"\\u001F\"",
    ] {
        assert_eq!(decode(json.as_bytes()), Err(JsonRefused::NotCanonical), "{json}");
    }
}

#[test]
fn refuses_text_that_is_not_json() {
    for json in
        [&b""[..], b"{", b"[1,]", b"nul", b"\"\xff\"", b"'a'", b"\xef\xbb\xbf1", b"NaN", b"01", b"1 2", b"\"\\ud800\""]
    {
        assert!(matches!(decode(json), Err(JsonRefused::Malformed { .. })), "{:?}", String::from_utf8_lossy(json));
    }
}

#[test]
fn nesting_is_bounded_and_a_bomb_does_not_exhaust_the_stack() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat().into_bytes();
    assert_eq!(encode(&decode(&nested(MAX_DEPTH)).unwrap()).unwrap(), nested(MAX_DEPTH));
    assert_eq!(decode(&nested(MAX_DEPTH + 1)), Err(JsonRefused::TooDeep));
    assert!(matches!(decode(&nested(1_000_000)), Err(JsonRefused::Malformed { .. })));
    let mut deep = Value::List(vec![]);
    for _ in 0..MAX_DEPTH {
        deep = Value::List(vec![deep]);
    }
    assert_eq!(encode(&deep), Err(JsonRefused::TooDeep));
}
