//! Streams reduce to what the reducers say, however they are sorted, cut and spilled.

use std::fmt::Write;
use std::io::{BufReader, Read};
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalogue::testing::{envelope, event_id, streams, with};
use crate::catalogue::{self, find_family};
use crate::fixtures::{FixtureCase, load_fixtures};
use crate::mission_audit::{self, reduce_mission_audit_events};
use crate::mission_dossier::{self, reduce_mission_dossier};

fn audit() -> &'static Family {
    find_family("mission-audit").unwrap()
}

fn dossier() -> &'static Family {
    find_family("mission-dossier").unwrap()
}

/// A buffer of so few bytes that every other event is spilled.
fn tiny() -> Limits {
    Limits { buffer_bytes: 700, spill_directory: None }
}

fn jsonl(events: &[Event]) -> String {
    events.iter().fold(String::new(), |mut text, event| {
        writeln!(text, "{}", serde_json::to_string(event).unwrap()).unwrap();
        text
    })
}

fn lines(documents: &[Value]) -> String {
    documents.iter().fold(String::new(), |mut text, document| {
        writeln!(text, "{document}").unwrap();
        text
    })
}

/// The state as text, or kind and message of the failure.
fn outcome(family: &Family, text: &str, limits: &Limits) -> Result<String, (&'static str, String)> {
    match reduce(family, text.as_bytes(), limits) {
        Ok(state) => Ok(state.get().to_owned()),
        Err(ReduceError::Failed(failure)) => Err((failure.error, failure.message)),
        Err(ReduceError::Io(error)) => panic!("{error}"),
    }
}

fn sample(id: &str) -> (&'static str, Value) {
    let case = CASES.iter().find(|case| case.id == id).unwrap();
    let mut event_types = catalogue::models_by_type().map(|(event_type, _)| event_type);
    (event_types.find(|event_type| *event_type == case.event_type).unwrap(), case.payload.clone())
}

static CASES: LazyLock<Vec<FixtureCase>> = LazyLock::new(|| {
    ["dossier", "mission_audit"].into_iter().flat_map(|category| load_fixtures(category).unwrap()).collect()
});

const CONTENTS: &[fn() -> (&'static str, Value)] = &[
    || sample("mission-audit-requested-manual"),
    || sample("mission-audit-started-valid"),
    || sample("mission-audit-decision-requested-valid"),
    || sample("dossier-artifact-indexed-valid"),
    || sample("dossier-artifact-missing-required-always"),
    || sample("dossier-snapshot-computed-clean"),
    || ("Foreign", json!({"note": "é\n"})),
    || sample("mission-audit-completed-fail"),
    || sample("dossier-artifact-indexed-supersedes"),
    || (mission_dossier::MISSION_DOSSIER_SNAPSHOT_COMPUTED, json!({"malformed": true})),
    || sample("dossier-parity-drift-artifact-added"),
    || sample("mission-audit-failed-valid"),
    || (mission_audit::MISSION_AUDIT_STARTED, json!({"malformed": true})),
    || sample("dossier-namespace-collision-coverage"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_stream_reduces_to_what_its_events_reduce_to(events in streams(CONTENTS)) {
        let text = jsonl(&events);
        let expected = reduce_mission_audit_events(&events)
            .map(|state| serde_json::to_string(&state).unwrap())
            .map_err(|error| ("ValidationError", error.to_string()));
        prop_assert_eq!(&outcome(audit(), &text, &Limits::default()), &expected);
        prop_assert_eq!(&outcome(audit(), &text, &tiny()), &expected);
        let expected = reduce_mission_dossier(&events)
            .map(|state| serde_json::to_string(&state).unwrap())
            .map_err(|error| ("NamespaceMixedStreamError", error.to_string()));
        prop_assert_eq!(&outcome(dossier(), &text, &Limits::default()), &expected);
        prop_assert_eq!(&outcome(dossier(), &text, &tiny()), &expected);
    }
}

#[test]
fn nothing_reduces_to_the_default_state() {
    for family in [audit(), dossier()] {
        let state = outcome(family, "\n \n", &Limits::default()).unwrap();
        assert!(state.ends_with("\"event_count\":0}"), "{state}");
    }
}

#[test]
fn of_one_identifier_far_apart_in_a_spilled_stream_the_lower_clock_counts() {
    let (event_type, payload) = sample("mission-audit-requested-manual");
    let mut documents: Vec<_> = (2..400).map(|id| envelope("Foreign", id, id, json!({}))).collect();
    documents.insert(0, envelope(event_type, 900, 1, with(payload.clone(), "run_id", json!("high"))));
    documents.insert(200, envelope(event_type, 901, 1, with(payload.clone(), "run_id", json!("higher"))));
    documents.push(envelope(event_type, 1, 1, with(payload, "run_id", json!("low"))));
    let state: Value = serde_json::from_str(&outcome(audit(), &lines(&documents), &tiny()).unwrap()).unwrap();
    assert_eq!((&state["run_id"], &state["event_count"]), (&json!("low"), &json!(399)));
}

#[test]
fn a_stream_doubled_end_to_end_and_spilled_counts_once() {
    let (event_type, payload) = sample("dossier-artifact-indexed-valid");
    let documents: Vec<_> = (1..200).map(|id| envelope(event_type, id % 7, id, payload.clone())).collect();
    let once = outcome(dossier(), &lines(&documents), &Limits::default()).unwrap();
    let twice = outcome(dossier(), &lines(&[documents.clone(), documents].concat()), &tiny()).unwrap();
    assert_eq!(once, twice);
    assert!(once.ends_with("\"event_count\":199}"));
}

#[test]
fn identifiers_are_compared_in_normal_form() {
    let bare = with(envelope("Foreign", 1, 1, json!({})), "event_id", json!("550E8400E29B41D4A716446655440000"));
    let full = with(envelope("Foreign", 2, 1, json!({})), "event_id", json!("550e8400-e29b-41d4-a716-446655440000"));
    let state = outcome(audit(), &lines(&[bare, full]), &Limits::default()).unwrap();
    assert!(state.ends_with("\"event_count\":1}"), "{state}");
}

#[test]
fn an_envelope_that_cannot_be_read_fails_the_reduction_with_its_line() {
    let text = format!("{}\n\n{}\n", envelope("Foreign", 1, 1, json!({})), json!({"event_id": 1}));
    let (kind, message) = outcome(dossier(), &text, &Limits::default()).unwrap_err();
    assert_eq!(kind, "ValidationError");
    assert!(message.starts_with("8 validation errors for Event at line 3\nevent_id\n"), "{message}");
    let (_, message) = outcome(dossier(), "\n{", &Limits::default()).unwrap_err();
    assert!(message.starts_with("1 validation error for Event at line 2\n  Invalid JSON: "), "{message}");
}

#[test]
fn an_unreadable_envelope_outranks_a_fault_of_a_payload() {
    let text = format!("{}\n7\n", envelope(mission_audit::MISSION_AUDIT_STARTED, 1, 1, json!({})));
    let (_, message) = outcome(audit(), &text, &Limits::default()).unwrap_err();
    assert!(message.contains("for Event at line 2"), "{message}");
}

#[test]
fn a_malformed_payload_fails_an_audit_and_names_its_event() {
    let text = lines(&[envelope(mission_audit::MISSION_AUDIT_STARTED, 1, 1, json!({}))]);
    let failure = match reduce(audit(), text.as_bytes(), &Limits::default()) {
        Err(ReduceError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    let head = format!("5 validation errors for MissionAuditStartedPayload at event {}\nmission_id\n", event_id(1));
    assert!(failure.message.starts_with(&head), "{}", failure.message);
    let written = serde_json::to_string(&failure).unwrap();
    assert!(written.starts_with(r#"{"error":"ValidationError","message":"5 validation errors"#), "{written}");
    assert!(failure.to_string().starts_with("ValidationError: 5 validation"));
}

#[test]
fn a_mixed_dossier_fails_with_its_own_kind() {
    let (event_type, here) = sample("dossier-artifact-indexed-valid");
    let (_, there) = sample("dossier-namespace-collision-coverage");
    let text = lines(&[envelope(event_type, 1, 1, here), envelope(event_type, 2, 2, there)]);
    let (kind, message) = outcome(dossier(), &text, &Limits::default()).unwrap_err();
    assert_eq!(kind, "NamespaceMixedStreamError");
    assert!(message.starts_with("Namespace mismatch in dossier event stream. Expected: LocalNamespaceTuple("));
}

#[test]
fn a_line_without_end_is_refused_without_being_held() {
    let endless = io::repeat(b'[').take(3 * LONGEST_LINE as u64);
    match reduce(audit(), BufReader::new(endless), &Limits::default()) {
        Err(ReduceError::Failed(failure)) => assert!(failure.message.contains("longer than"), "{failure}"),
        other => panic!("{other:?}"),
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

#[test]
fn a_reader_that_breaks_is_an_io_error() {
    let outcome = reduce(audit(), BufReader::new(Broken), &Limits::default());
    assert!(matches!(outcome, Err(ReduceError::Io(error)) if error.kind() == io::ErrorKind::ConnectionReset));
}

#[test]
fn a_spill_directory_that_is_absent_is_an_io_error_once_something_spills() {
    let absent = Limits { spill_directory: Some("/nonexistent/spill".into()), ..tiny() };
    let text = lines(&(1..20).map(|id| envelope("Foreign", id, id, json!({}))).collect::<Vec<_>>());
    assert!(matches!(reduce(audit(), text.as_bytes(), &absent), Err(ReduceError::Io(_))));
    let enough = Limits { buffer_bytes: 1 << 20, ..absent };
    assert!(reduce(audit(), text.as_bytes(), &enough).is_ok());
}

#[test]
fn a_spill_directory_is_used_and_left_empty() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { spill_directory: Some(directory.path().to_owned()), ..tiny() };
    let text = lines(&(1..50).map(|id| envelope("Foreign", 50 - id, id, json!({}))).collect::<Vec<_>>());
    assert!(outcome(audit(), &text, &limits).unwrap().ends_with("\"event_count\":49}"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
