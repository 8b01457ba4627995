//! Every rule of the audit reducer, and its properties over random streams.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalogue::testing::{doubled, event, event_id, faults, fixture_counts, shuffled, streams, with};
use crate::envelope::Event;
use crate::fixtures::FixtureSet;
use crate::model::ValidationError;

fn identity() -> Value {
    json!({"mission_id": "m-1", "run_id": "r-1", "feature_slug": "f-1", "actor": "auditor"})
}

fn joined(mut base: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("members wanted") };
    base.as_object_mut().unwrap().extend(more);
    base
}

fn requested() -> Value {
    joined(identity(), json!({"trigger_mode": "manual", "audit_scope": ["a", ""], "enforcement_mode": "blocking"}))
}

fn started() -> Value {
    joined(identity(), json!({"audit_scope_hash": "h-1"}))
}

fn decision(id: &str) -> Value {
    joined(identity(), json!({"decision_id": id, "question": "", "context_summary": "", "severity": "warning"}))
}

fn report() -> Value {
    json!({"report_path": "r.json", "content_hash": {"hash": "h", "algorithm": "sha256"}, "provenance": {}})
}

fn completed() -> Value {
    let more = json!({
        "verdict": "pass", "severity": "info", "findings_count": 9, "artifact_ref": report(), "summary": ""
    });
    joined(identity(), more)
}

fn failed() -> Value {
    joined(identity(), json!({"error_code": "E", "error_message": "", "partial_artifact_ref": report()}))
}

/// Events at clocks 1, 2, 3 …
fn stream(contents: &[(&str, Value)]) -> Vec<Event> {
    (1..).zip(contents).map(|(clock, (event_type, payload))| event(event_type, clock, clock, payload.clone())).collect()
}

fn reduced(contents: &[(&str, Value)]) -> ReducedMissionAuditState {
    reduce_mission_audit_events(&stream(contents)).unwrap()
}

fn kinds(state: &ReducedMissionAuditState) -> Vec<&str> {
    state.anomalies.iter().map(|anomaly| anomaly.kind.as_ref()).collect()
}

#[test]
fn nothing_reduces_to_the_default() {
    let state = reduced(&[]);
    assert_eq!(state, ReducedMissionAuditState::default());
    assert_eq!(state.audit_status, AuditStatus::Pending);
}

#[test]
fn the_state_has_nineteen_fields_in_the_contracts_order() {
    let text = serde_json::to_string(&ReducedMissionAuditState::default()).unwrap();
    let expected = concat!(
        r#"{"audit_status":"pending","verdict":null,"severity":null,"findings_count":null,"artifact_ref":null,"#,
        r#""partial_artifact_ref":null,"summary":null,"error_code":null,"error_message":null,"pending_decisions":[],"#,
        r#""mission_id":null,"run_id":null,"feature_slug":null,"trigger_mode":null,"enforcement_mode":null,"#,
        r#""audit_scope":null,"audit_scope_hash":null,"anomalies":[],"event_count":0}"#,
    );
    assert_eq!(text, expected);
}

#[test]
fn a_request_leaves_the_status_and_fills_the_identity() {
    let state = reduced(&[(MISSION_AUDIT_REQUESTED, requested())]);
    assert_eq!(state.audit_status, AuditStatus::Pending);
    assert_eq!(state.mission_id.as_ref().unwrap().as_str(), "m-1");
    assert_eq!(state.trigger_mode, Some(TriggerMode::Manual));
    assert_eq!(state.enforcement_mode, Some(EnforcementMode::Blocking));
    assert_eq!(state.audit_scope, Some(vec!["a".to_owned(), String::new()]));
    assert_eq!(state.event_count, 1);
}

#[test]
fn a_second_request_overwrites_without_an_anomaly() {
    let second = with(with(requested(), "mission_id", json!("m-2")), "audit_scope", json!(["z"]));
    let state = reduced(&[(MISSION_AUDIT_REQUESTED, requested()), (MISSION_AUDIT_REQUESTED, second)]);
    assert_eq!(state.mission_id.as_ref().unwrap().as_str(), "m-2");
    assert_eq!(state.audit_scope, Some(vec!["z".to_owned()]));
    assert!(state.anomalies.is_empty());
}

#[test]
fn a_start_runs_the_audit_and_keeps_an_identity_that_is_known() {
    let other = with(started(), "mission_id", json!("m-2"));
    let state = reduced(&[(MISSION_AUDIT_REQUESTED, requested()), (MISSION_AUDIT_STARTED, other)]);
    assert_eq!(state.audit_status, AuditStatus::Running);
    assert_eq!(state.mission_id.as_ref().unwrap().as_str(), "m-1");
    assert_eq!(state.audit_scope_hash.as_ref().unwrap().as_str(), "h-1");
}

#[test]
fn a_start_before_its_request_is_noted_and_still_counts() {
    let state = reduced(&[(MISSION_AUDIT_STARTED, started())]);
    assert_eq!(state.audit_status, AuditStatus::Running);
    assert_eq!(state.run_id.as_ref().unwrap().as_str(), "r-1");
    assert_eq!(
        state.anomalies,
        [MissionAuditAnomaly {
            kind: "event_before_requested".into(),
            event_id: event_id(1),
            message: "Event 'MissionAuditStarted' arrived before MissionAuditRequested".to_owned(),
        }]
    );
}

#[test]
fn a_late_request_does_not_set_the_status_back() {
    let contents = [(MISSION_AUDIT_STARTED, started()), (MISSION_AUDIT_REQUESTED, requested())];
    assert_eq!(reduced(&contents).audit_status, AuditStatus::Running);
    let contents = [
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d")),
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_STARTED, started()),
    ];
    assert_eq!(reduced(&contents[..2]).audit_status, AuditStatus::AwaitingDecision);
    assert_eq!(kinds(&reduced(&contents)), ["event_before_requested"]);
}

#[test]
fn every_event_before_the_request_is_noted_once() {
    let contents = [(MISSION_AUDIT_STARTED, started()), (MISSION_AUDIT_DECISION_REQUESTED, decision("d"))];
    assert_eq!(kinds(&reduced(&contents)), ["event_before_requested", "event_before_requested"]);
}

#[test]
fn a_decision_waits_until_a_start_and_stays_pending_after_it() {
    let contents = [
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d-1")),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d-2")),
        (MISSION_AUDIT_STARTED, started()),
    ];
    let waiting = reduced(&contents[..3]);
    assert_eq!(waiting.audit_status, AuditStatus::AwaitingDecision);
    let running = reduced(&contents);
    assert_eq!(running.audit_status, AuditStatus::Running);
    let pending: Vec<_> = running.pending_decisions.iter().map(|decision| decision.decision_id.as_str()).collect();
    assert_eq!(pending, ["d-1", "d-2"]);
}

#[test]
fn a_decision_does_not_fill_the_identity_and_neither_does_an_end() {
    for (event_type, payload) in [
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d")),
        (MISSION_AUDIT_COMPLETED, completed()),
        (MISSION_AUDIT_FAILED, failed()),
    ] {
        assert_eq!(reduced(&[(event_type, payload)]).mission_id, None);
    }
}

#[test]
fn a_repeated_decision_is_noted_the_first_one_kept_and_the_audit_waits() {
    let again = with(decision("d'1"), "question", json!("again?"));
    let state = reduced(&[
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d'1")),
        (MISSION_AUDIT_STARTED, started()),
        (MISSION_AUDIT_DECISION_REQUESTED, again),
    ]);
    assert_eq!(state.audit_status, AuditStatus::AwaitingDecision);
    assert_eq!(state.pending_decisions.len(), 1);
    assert_eq!(state.pending_decisions[0].question, "");
    assert_eq!(kinds(&state), ["duplicate_decision_id"]);
    assert_eq!(state.anomalies[0].message, "Duplicate decision_id: \"d'1\"");
    assert_eq!(state.anomalies[0].event_id, event_id(4));
}

#[test]
fn a_completion_ends_the_audit_and_leaves_no_question_open() {
    let state = reduced(&[
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d")),
        (MISSION_AUDIT_COMPLETED, completed()),
    ]);
    assert_eq!(state.audit_status, AuditStatus::Completed);
    assert_eq!((state.verdict, state.severity), (Some(AuditVerdict::Pass), Some(AuditSeverity::Info)));
    assert_eq!(state.findings_count.unwrap().value(), 9);
    assert_eq!(state.summary.as_deref(), Some(""));
    assert_eq!(state.artifact_ref.as_ref().unwrap().report_path.as_str(), "r.json");
    assert!(state.pending_decisions.is_empty());
}

#[test]
fn a_completion_straight_after_the_request_is_no_anomaly() {
    let state = reduced(&[(MISSION_AUDIT_REQUESTED, requested()), (MISSION_AUDIT_COMPLETED, completed())]);
    assert_eq!((state.audit_status, state.anomalies.len()), (AuditStatus::Completed, 0));
}

#[test]
fn a_failure_ends_the_audit_without_a_verdict() {
    let state = reduced(&[
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d")),
        (MISSION_AUDIT_FAILED, failed()),
    ]);
    assert_eq!(state.audit_status, AuditStatus::Failed);
    assert_eq!((state.verdict, state.severity, state.findings_count), (None, None, None));
    assert_eq!((state.artifact_ref, state.summary), (None, None));
    assert_eq!(state.error_code.as_ref().unwrap().as_str(), "E");
    assert_eq!(state.error_message.as_deref(), Some(""));
    assert!(state.partial_artifact_ref.is_some());
    assert!(state.pending_decisions.is_empty());
}

#[test]
fn after_the_end_nothing_is_read_any_more() {
    let end = reduced(&[(MISSION_AUDIT_REQUESTED, requested()), (MISSION_AUDIT_FAILED, failed())]);
    let after = reduced(&[
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_FAILED, failed()),
        (MISSION_AUDIT_REQUESTED, json!({"malformed": true})),
        (MISSION_AUDIT_COMPLETED, completed()),
    ]);
    assert_eq!(kinds(&after), ["event_after_terminal", "event_after_terminal"]);
    assert_eq!(after.anomalies[0].message, "Event 'MissionAuditRequested' arrived after terminal state");
    let silent = ReducedMissionAuditState { anomalies: Vec::new(), event_count: end.event_count, ..after };
    assert_eq!(silent, end);
}

#[test]
fn an_event_after_the_end_is_not_also_before_a_request() {
    let state = reduced(&[(MISSION_AUDIT_COMPLETED, completed()), (MISSION_AUDIT_STARTED, started())]);
    assert_eq!(kinds(&state), ["event_before_requested", "event_after_terminal"]);
}

#[test]
fn a_malformed_payload_before_the_end_fails_the_reduction() {
    for (event_type, payload) in [
        (MISSION_AUDIT_REQUESTED, with(requested(), "audit_scope", json!([]))),
        (MISSION_AUDIT_STARTED, with(started(), "audit_scope_hash", Value::Null)),
        (MISSION_AUDIT_DECISION_REQUESTED, with(decision("d"), "severity", json!("grave"))),
        (MISSION_AUDIT_COMPLETED, with(completed(), "findings_count", json!(-1))),
        (MISSION_AUDIT_FAILED, with(failed(), "error_code", json!(""))),
    ] {
        let events = stream(&[(MISSION_AUDIT_REQUESTED, requested()), (event_type, payload)]);
        let error: ValidationError = reduce_mission_audit_events(&events).unwrap_err();
        assert_eq!(error.model(), format!("{event_type}Payload"));
        assert_eq!(error.violations().len(), 1);
        assert!(error.to_string().contains(&event_id(2)), "{error}");
    }
}

#[test]
fn foreign_events_are_counted_and_dropped_silently() {
    let state = reduced(&[("Foreign", json!({})), (MISSION_AUDIT_REQUESTED, requested()), ("Foreign", json!({}))]);
    assert_eq!((state.event_count, state.anomalies.len()), (3, 0));
}

#[test]
fn a_foreign_event_of_the_same_identifier_hides_a_later_event_of_the_family() {
    let events = [event("Foreign", 1, 7, json!({})), event(MISSION_AUDIT_REQUESTED, 2, 7, requested())];
    let state = reduce_mission_audit_events(&events).unwrap();
    assert_eq!((state.event_count, state.mission_id), (1, None));
}

#[test]
fn of_one_identifier_the_lower_clock_survives() {
    let other = with(requested(), "mission_id", json!("later"));
    let events = [event(MISSION_AUDIT_REQUESTED, 5, 1, other), event(MISSION_AUDIT_REQUESTED, 2, 1, requested())];
    let state = reduce_mission_audit_events(&events).unwrap();
    assert_eq!((state.event_count, state.mission_id.as_ref().unwrap().as_str()), (1, "m-1"));
}

#[test]
fn the_terminal_statuses_are_completed_and_failed() {
    let terminal: Vec<_> = AuditStatus::ALL.iter().copied().filter(|status| status.is_terminal()).collect();
    assert_eq!(terminal, TERMINAL_AUDIT_STATUSES);
    assert_eq!(TERMINAL_AUDIT_STATUSES, [AuditStatus::Completed, AuditStatus::Failed]);
}

#[test]
fn constants_are_those_of_the_contract() {
    assert_eq!(AUDIT_SCHEMA_VERSION, "2.5.0");
    assert_eq!(MISSION_AUDIT_EVENT_TYPES.len(), 5);
    let words = |all: Vec<&'static str>| all.join(" ");
    assert_eq!(
        words(AuditVerdict::ALL.iter().map(|verdict| verdict.as_str()).collect()),
        "pass pass_with_warnings fail blocked_decision_required"
    );
    assert_eq!(words(AuditSeverity::ALL.iter().map(|word| word.as_str()).collect()), "info warning error critical");
    assert_eq!(
        words(AuditStatus::ALL.iter().map(|status| status.as_str()).collect()),
        "pending running awaiting_decision completed failed"
    );
}

#[test]
fn a_state_survives_the_way_through_json() {
    let state = reduced(&[
        (MISSION_AUDIT_STARTED, started()),
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d")),
    ]);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<ReducedMissionAuditState>(&text).unwrap(), state);
}

fn payloads() -> [(&'static str, Value); 5] {
    [
        (MISSION_AUDIT_REQUESTED, requested()),
        (MISSION_AUDIT_STARTED, started()),
        (MISSION_AUDIT_DECISION_REQUESTED, decision("d")),
        (MISSION_AUDIT_COMPLETED, completed()),
        (MISSION_AUDIT_FAILED, failed()),
    ]
}

#[test]
fn every_field_but_the_partial_report_is_required() {
    for (event_type, payload) in payloads() {
        for member in payload.as_object().unwrap().keys().filter(|member| *member != "partial_artifact_ref") {
            let found = faults((event_type, payload.clone()), &format!("/{member}"), None);
            assert_eq!(found, [(member.clone(), "missing")]);
        }
    }
    assert_eq!(faults((MISSION_AUDIT_FAILED, failed()), "/partial_artifact_ref", None), []);
}

#[test]
fn every_payload_names_mission_run_feature_and_actor() {
    for (event_type, payload) in payloads() {
        for member in ["mission_id", "run_id", "feature_slug", "actor"] {
            let found = |value| faults((event_type, payload.clone()), &format!("/{member}"), Some(value));
            assert_eq!(found(json!("")), [(member.to_owned(), "string_too_short")]);
            assert_eq!(found(json!(7)), [(member.to_owned(), "string_type")]);
        }
    }
}

#[test]
fn each_field_has_the_constraint_of_the_contract() {
    let [requested, started, decision, completed, failed] = payloads();
    for (payload, pointer, value, expected) in [
        (&requested, "/trigger_mode", json!("MANUAL"), Some("literal_error")),
        (&requested, "/trigger_mode", json!("post_merge"), None),
        (&requested, "/enforcement_mode", json!("strict"), Some("literal_error")),
        (&requested, "/enforcement_mode", json!("advisory"), None),
        (&requested, "/audit_scope", json!([]), Some("too_short")),
        (&requested, "/audit_scope", json!("a"), Some("list_type")),
        (&requested, "/audit_scope", json!([""]), None),
        (&started, "/audit_scope_hash", json!(""), Some("string_too_short")),
        (&decision, "/decision_id", json!(""), Some("string_too_short")),
        (&decision, "/question", json!(1), Some("string_type")),
        (&decision, "/context_summary", json!(null), Some("string_type")),
        (&decision, "/severity", json!("grave"), Some("enum")),
        (&completed, "/verdict", json!("passed"), Some("enum")),
        (&completed, "/severity", json!(1), Some("enum")),
        (&completed, "/findings_count", json!(-1), Some("greater_than_equal")),
        (&completed, "/findings_count", json!(0.5), Some("int_from_float")),
        (&completed, "/findings_count", json!(null), Some("int_type")),
        (&completed, "/artifact_ref", json!(null), Some("model_type")),
        (&completed, "/artifact_ref/report_path", json!(""), Some("string_too_short")),
        (&completed, "/artifact_ref/content_hash", json!([]), Some("model_type")),
        (&completed, "/artifact_ref/content_hash/algorithm", json!("blake3"), Some("literal_error")),
        (&completed, "/artifact_ref/provenance", json!(null), Some("model_type")),
        (&completed, "/artifact_ref/provenance/actor_kind", json!("agent"), Some("literal_error")),
        (&completed, "/summary", json!(0), Some("string_type")),
        (&failed, "/error_code", json!(""), Some("string_too_short")),
        (&failed, "/error_message", json!(null), Some("string_type")),
        (&failed, "/partial_artifact_ref", json!(null), None),
        (&failed, "/partial_artifact_ref", json!("r"), Some("model_type")),
        (&failed, "/unknown", json!("ignored"), None),
    ] {
        let found = faults(payload.clone(), pointer, Some(value));
        let field = pointer[1..].replace('/', ".");
        let expected: Vec<_> = expected.into_iter().map(|kind| (field.clone(), kind)).collect();
        assert_eq!(found, expected, "{pointer}");
    }
}

#[test]
fn the_family_brings_as_many_fixtures_as_the_contract_has() {
    assert_eq!(fixture_counts(&FAMILY), (7, 4, 3, 3));
}

#[test]
fn a_golden_state_is_the_reduction_byte_for_byte() {
    let set = FixtureSet::compiled_in().unwrap();
    for id in ["mission-audit-replay-pass", "mission-audit-replay-fail", "mission-audit-replay-decision-checkpoint"] {
        let events: Vec<Event> =
            set.load_replay_stream(id).unwrap().into_iter().map(|event| serde_json::from_value(event).unwrap()).collect();
        let state = serde_json::to_string_pretty(&reduce_mission_audit_events(&events).unwrap()).unwrap();
        let path = format!("mission_audit/replay/{}_output.json", id.replace('-', "_"));
        let (_, golden) = FAMILY.fixtures.iter().find(|(known, _)| *known == path).unwrap();
        assert_eq!(format!("{state}\n"), *golden);
    }
}

#[test]
fn an_audit_speaks_of_its_report_whole_or_partial_and_of_nothing_else() {
    let references = |contents: &[(&str, Value)]| {
        let state = serde_json::value::to_raw_value(&reduced(contents)).unwrap();
        (FAMILY.references)(&state).unwrap()
    };
    for (event_type, payload) in [(MISSION_AUDIT_COMPLETED, completed()), (MISSION_AUDIT_FAILED, failed())] {
        let found = references(&[(MISSION_AUDIT_REQUESTED, requested()), (event_type, payload)]);
        let [file] = &found.files[..] else { panic!("{found:?}") };
        assert_eq!((&*file.path, &*file.hash, file.algorithm, file.size_bytes), ("r.json", "h", "sha256", None));
        assert!(!file.superseded && !found.exhaustive);
    }
    assert_eq!(references(&[(MISSION_AUDIT_REQUESTED, requested())]).files, []);
}

const CONTENTS: &[fn() -> (&'static str, Value)] = &[
    || (MISSION_AUDIT_REQUESTED, requested()),
    || (MISSION_AUDIT_STARTED, started()),
    || (MISSION_AUDIT_DECISION_REQUESTED, decision("d-1")),
    || (MISSION_AUDIT_DECISION_REQUESTED, decision("d-2")),
    || ("Foreign", json!({"note": 1})),
    || (MISSION_AUDIT_STARTED, started()),
    || (MISSION_AUDIT_DECISION_REQUESTED, json!({"malformed": true})),
    || (MISSION_AUDIT_FAILED, failed()),
    || (MISSION_AUDIT_REQUESTED, with(requested(), "run_id", json!("r-2"))),
    || (MISSION_AUDIT_COMPLETED, completed()),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_order_of_arrival_does_not_matter((events, permuted) in shuffled(streams(CONTENTS))) {
        prop_assert_eq!(reduce_mission_audit_events(&events), reduce_mission_audit_events(&permuted));
    }

    #[test]
    fn a_doubled_stream_reduces_to_the_same(events in streams(CONTENTS)) {
        prop_assert_eq!(reduce_mission_audit_events(&doubled(&events)), reduce_mission_audit_events(&events));
    }

    #[test]
    fn the_count_never_exceeds_the_stream_and_grows_with_it(events in streams(CONTENTS), cut in 0..40_usize) {
        let count = |events: &[Event]| reduce_mission_audit_events(events).map(|state| state.event_count);
        let prefix = &events[..cut.min(events.len())];
        if let (Ok(whole), Ok(part)) = (count(&events), count(prefix)) {
            prop_assert!(whole <= events.len() as u64);
            prop_assert!(part <= whole);
        }
    }
}
