//! The fuzz targets, run on bytes that are nearly right: fixtures and streams in which a few bytes were changed, cut out,
//! doubled or exchanged, by a generator that is the same in every run. `FUZZ_CASES` says how many for each target.
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use artifactstore_contracts::catalogue::FAMILIES;
use artifactstore_contracts::fixtures::load_fixtures;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

/// Everything there is to begin with: payloads alone, with their type, in an envelope, and streams of envelopes.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = vec![Vec::new(), b"null".to_vec(), b"[[[[[[[[]]]]]]]]".to_vec()];
    for family in FAMILIES {
        for case in load_fixtures(family.category).unwrap() {
            let envelope = json!({
                "event_id": "01JQ4T1DE00000000000000001", "event_type": case.event_type, "aggregate_id": "a",
                "timestamp": "2026-03-02T06:15:00Z", "node_id": "n", "lamport_clock": 7, "payload": case.payload,
                "project_uuid": "3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943",
                "correlation_id": "5b1f0c9a-7d24-4f6e-8b3a-0c1d2e3f4a50",
            });
            corpus.push(envelope.to_string().into_bytes());
            corpus.push(json!({"event_type": case.event_type, "payload": case.payload}).to_string().into_bytes());
            corpus.push(case.payload.to_string().into_bytes());
        }
        let streams = family.fixtures.iter().filter(|(path, _)| path.contains("/replay/") && !path.contains("_output"));
        corpus.extend(streams.map(|(_, text)| text.as_bytes().to_vec()));
    }
    corpus
}

/// One change to some bytes.
#[derive(Clone, Debug)]
enum Change {
    /// Something else stands there.
    Put(Index, Vec<u8>),
    /// Something more stands there.
    Insert(Index, Vec<u8>),
    /// What stood there is gone.
    Cut(Index, Index),
    /// What stands there stands there again.
    Double(Index, Index),
}

/// What tends to matter in JSON, and any bytes.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: &[&[u8]] = &[
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\n",
        b"null",
        b"true",
        b"0",
        b"-1",
        b"1e999",
        b"18446744073709551616",
        b"3.0",
        b"\\u0000",
        b"\\ud800",
        b"\xff",
        b"\xe2\x80\xae",
        b"\"payload\":{}",
        b"\"event_type\":\"Event\"",
        b"9999-12-31",
        b"md5",
        b"blake3",
        b"\"event_id\":\"00000000-0000-0000-0000-000000000000\",",
    ];
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
    prop_oneof![4 => select(words), 1 => vec(any::<u8>(), 0..6)]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), piece()).prop_map(|(at, piece)| Change::Put(at, piece)),
        (any::<Index>(), piece()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, to)| Change::Cut(at, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, to)| Change::Double(at, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let place = |at: &Index| at.index(bytes.len() + 1);
        match change {
            Change::Put(at, piece) => {
                let start = place(at);
                let end = (start + piece.len()).min(bytes.len());
                bytes.splice(start..end, piece.iter().copied());
            }
            Change::Insert(at, piece) => {
                let start = place(at);
                bytes.splice(start..start, piece.iter().copied());
            }
            Change::Cut(at, to) => {
                let (one, other) = (place(at), place(to));
                bytes.drain(one.min(other)..one.max(other).min(one.min(other) + 40));
            }
            Change::Double(at, to) => {
                let (one, other) = (place(at), place(to));
                let range = one.min(other)..one.max(other).min(one.min(other) + 400);
                let again = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, again);
            }
        }
    }
    bytes
}

fn run(name: &str, cases: u32) {
    let (_, target) = targets::TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    let cases = std::env::var("FUZZ_CASES").map_or(cases, |cases| cases.parse().unwrap());
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let bytes = (select(corpus()), vec(change(), 0..6)).prop_map(|(bytes, changes)| changed(bytes, &changes));
    let outcome = TestRunner::new_with_rng(config, rng).run(&bytes, |bytes| {
        target(&bytes);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{name}: {failure}");
    }
}

#[test]
fn no_bytes_break_the_envelope() {
    run("envelope", 10_000);
}

#[test]
fn no_bytes_break_the_validator() {
    run("validator", 3_000);
}

#[test]
fn no_bytes_break_the_admission() {
    run("admission", 5_000);
}

#[test]
fn no_bytes_break_the_reduction() {
    run("reduction", 1_000);
}
