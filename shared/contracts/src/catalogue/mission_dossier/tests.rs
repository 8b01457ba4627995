//! Every rule of the dossier reducer, and its properties over random streams.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::catalogue::{FileReference, References};
use crate::catalogue::testing::{doubled, event, faults, fixture_counts, shuffled, streams, with};
use crate::envelope::Event;
use crate::fixtures::load_replay_stream;

fn namespace() -> Value {
    json!({
        "project_uuid": "p-1", "feature_slug": "f-1", "target_branch": "main", "mission_key": "k-1",
        "manifest_version": "1"
    })
}

fn artifact(path: &str) -> Value {
    json!({"mission_key": "k-1", "path": path, "artifact_class": "input"})
}

fn indexed(path: &str, hash: &str) -> Value {
    json!({
        "namespace": namespace(), "artifact_id": artifact(path),
        "content_ref": {"hash": hash, "algorithm": "sha256"}, "indexed_at": "t"
    })
}

fn superseding(path: &str, hash: &str, old: &str) -> Value {
    with(indexed(path, hash), "supersedes", artifact(old))
}

fn missing(path: &str) -> Value {
    json!({
        "namespace": namespace(), "expected_identity": artifact(path), "manifest_step": "required_always",
        "checked_at": "t", "last_known_ref": {"git_sha": "s"}, "remediation_hint": "look again"
    })
}

fn snapshot(hash: &str) -> Value {
    json!({
        "namespace": namespace(), "snapshot_hash": hash, "artifact_count": 1, "anomaly_count": 1, "computed_at": "t"
    })
}

fn drift() -> Value {
    json!({
        "namespace": namespace(), "expected_hash": "a", "actual_hash": "b", "drift_kind": "artifact_mutated",
        "detected_at": "t"
    })
}

fn at_step(payload: Value, step: Value) -> Value {
    with(payload, "namespace", joined_step(step))
}

fn joined_step(step: Value) -> Value {
    let mut namespace = namespace();
    namespace["step_id"] = step;
    namespace
}

fn elsewhere(payload: Value, field: &str) -> Value {
    with(payload, "namespace", with(namespace(), field, json!("else'where")))
}

/// Events at clocks 1, 2, 3 …
fn stream(contents: &[(&str, Value)]) -> Vec<Event> {
    (1..).zip(contents).map(|(clock, (event_type, payload))| event(event_type, clock, clock, payload.clone())).collect()
}

fn reduced(contents: &[(&str, Value)]) -> MissionDossierState {
    reduce_mission_dossier(&stream(contents)).unwrap()
}

#[test]
fn nothing_reduces_to_the_default() {
    let state = reduced(&[]);
    assert_eq!(state, MissionDossierState::default());
    let text = serde_json::to_string(&state).unwrap();
    let expected = concat!(
        r#"{"namespace":null,"artifacts":{},"anomalies":[],"latest_snapshot":null,"drift_history":[],"#,
        r#""parity_status":"unknown","event_count":0}"#,
    );
    assert_eq!(text, expected);
}

#[test]
fn foreign_events_are_neither_counted_nor_able_to_hide_one_of_the_family() {
    let events = [
        event("Foreign", 1, 7, json!({})),
        event(MISSION_DOSSIER_SNAPSHOT_COMPUTED, 2, 7, snapshot("s")),
        event("Foreign", 3, 8, json!({})),
    ];
    let state = reduce_mission_dossier(&events).unwrap();
    assert_eq!((state.event_count, state.parity_status), (1, ParityStatus::Clean));
}

#[test]
fn the_reducer_ignores_a_foreign_event_that_reaches_it() {
    let mut reducer = MissionDossierReducer::default();
    reducer.fold((&event("Foreign", 1, 1, json!({}))).into()).unwrap();
    assert_eq!(reducer.finish(), MissionDossierState::default());
}

#[test]
fn an_artifact_is_entered_under_its_path() {
    let payload = with(with(indexed("a", "h"), "step_id", json!("s")), "provenance", json!({"actor_kind": "llm"}));
    let state = reduced(&[(MISSION_DOSSIER_ARTIFACT_INDEXED, payload)]);
    let entry = state.artifacts.find("a").unwrap();
    assert_eq!((entry.identity.path.as_str(), entry.content_ref.hash.as_str()), ("a", "h"));
    assert_eq!((entry.step_id.as_deref(), entry.superseded), (Some("s"), false));
    assert_eq!(entry.provenance.as_ref().unwrap().actor_kind, Some(ActorKind::Llm));
    assert!(state.artifacts.find("b").is_none());
}

#[test]
fn a_superseded_artifact_is_marked_and_keeps_its_place() {
    let state = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("z", "1")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, superseding("a", "2", "z")),
    ]);
    let entries: Vec<_> = state.artifacts.iter().map(|(path, entry)| (path, entry.superseded)).collect();
    assert_eq!(entries, [("z", true), ("a", false)]);
    let text = serde_json::to_string(&state.artifacts).unwrap();
    assert!(text.find("\"z\"") < text.find("\"a\""));
}

#[test]
fn superseding_an_unknown_path_changes_nothing_else() {
    let state = reduced(&[(MISSION_DOSSIER_ARTIFACT_INDEXED, superseding("a", "1", "nowhere"))]);
    assert_eq!(state.artifacts.len(), 1);
    assert!(!state.artifacts.find("a").unwrap().superseded);
}

#[test]
fn an_artifact_that_supersedes_its_own_path_is_simply_new() {
    let state = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, superseding("a", "2", "a")),
    ]);
    let entry = state.artifacts.find("a").unwrap();
    assert_eq!((entry.content_ref.hash.as_str(), entry.superseded), ("2", false));
}

#[test]
fn entering_a_superseded_path_again_clears_the_mark() {
    let state = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, superseding("b", "2", "a")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "3")),
    ]);
    assert!(!state.artifacts.find("a").unwrap().superseded);
}

#[test]
fn an_absence_is_noted_each_time_and_stays_when_the_artifact_turns_up() {
    let state = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_MISSING, missing("a")),
        (MISSION_DOSSIER_ARTIFACT_MISSING, missing("a")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
    ]);
    assert_eq!(state.anomalies.len(), 2);
    let text = serde_json::to_string(&state.anomalies[0]).unwrap();
    let expected = concat!(
        r#"{"anomaly_type":"missing_artifact","expected_identity":{"mission_key":"k-1","path":"a","#,
        r#""artifact_class":"input","run_id":null,"wp_id":null},"manifest_step":"required_always","#,
        r#""checked_at":"t","remediation_hint":"look again"}"#,
    );
    assert_eq!(text, expected);
}

#[test]
fn the_last_snapshot_counts_and_its_algorithm_defaults_to_sha256() {
    let named = with(snapshot("s-1"), "algorithm", json!("md5"));
    let contents =
        [(MISSION_DOSSIER_SNAPSHOT_COMPUTED, named), (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s-2"))];
    let first = reduced(&contents[..1]).latest_snapshot.unwrap();
    assert_eq!(first.algorithm, HashAlgorithm::Md5);
    let last = reduced(&contents).latest_snapshot.unwrap();
    assert_eq!((last.snapshot_hash.as_str(), last.algorithm), ("s-2", HashAlgorithm::Sha256));
}

#[test]
fn parity_is_clean_with_a_snapshot_even_if_something_is_missing() {
    let contents = [(MISSION_DOSSIER_ARTIFACT_MISSING, missing("a")), (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s"))];
    assert_eq!(reduced(&contents[..1]).parity_status, ParityStatus::Unknown);
    assert_eq!(reduced(&contents).parity_status, ParityStatus::Clean);
}

#[test]
fn a_drift_is_not_cleared_by_a_later_snapshot() {
    let state = reduced(&[
        (MISSION_DOSSIER_PARITY_DRIFT_DETECTED, drift()),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s")),
    ]);
    assert_eq!(state.parity_status, ParityStatus::Drifted);
    assert_eq!(state.drift_history.len(), 1);
    assert_eq!(state.drift_history[0].drift_kind, DriftKind::ArtifactMutated);
}

#[test]
fn a_malformed_payload_counts_and_is_skipped() {
    let state = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, with(indexed("a", "1"), "indexed_at", Value::Null)),
        (MISSION_DOSSIER_ARTIFACT_MISSING, json!({"namespace": "none"})),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, json!({})),
        (MISSION_DOSSIER_PARITY_DRIFT_DETECTED, with(drift(), "drift_kind", json!("ARTIFACT_ADDED"))),
    ]);
    assert_eq!(state.event_count, 4);
    assert!(state.artifacts.is_empty() && state.anomalies.is_empty() && state.drift_history.is_empty());
    assert_eq!(state.parity_status, ParityStatus::Unknown);
    assert_eq!(state.namespace.unwrap().feature_slug.as_str(), "f-1");
}

#[test]
fn without_a_readable_namespace_there_is_none() {
    let state = reduced(&[
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, json!({})),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, with(snapshot("s"), "namespace", json!({"project_uuid": "p-1"}))),
    ]);
    assert_eq!((state.namespace, state.event_count), (None, 2));
}

#[test]
fn each_of_the_five_fields_tells_dossiers_apart() {
    for field in ["project_uuid", "feature_slug", "target_branch", "mission_key", "manifest_version"] {
        let events = stream(&[
            (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s")),
            (MISSION_DOSSIER_SNAPSHOT_COMPUTED, elsewhere(snapshot("s"), field)),
        ]);
        let error = reduce_mission_dossier(&events).unwrap_err();
        assert_eq!(error.expected.feature_slug.as_str(), "f-1");
        assert!(!error.expected.is_same_dossier(&error.got));
    }
}

#[test]
fn a_mixed_stream_names_both_namespaces_in_full() {
    let there = elsewhere(at_step(snapshot("s"), json!("s-1")), "target_branch");
    let there = with(there.clone(), "namespace", with(there["namespace"].clone(), "step_id", json!("s-1")));
    let events = stream(&[
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s")),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, there),
    ]);
    let expected = concat!(
        "Namespace mismatch in dossier event stream. ",
        "Expected: LocalNamespaceTuple(project_uuid='p-1', feature_slug='f-1', target_branch='main', ",
        "mission_key='k-1', manifest_version='1', step_id=None). ",
        "Got: LocalNamespaceTuple(project_uuid='p-1', feature_slug='f-1', target_branch=\"else'where\", ",
        "mission_key='k-1', manifest_version='1', step_id='s-1').",
    );
    assert_eq!(reduce_mission_dossier(&events).unwrap_err().to_string(), expected);
}

#[test]
fn a_foreign_namespace_fails_the_reduction_even_in_a_malformed_payload() {
    let malformed = with(elsewhere(snapshot("s"), "mission_key"), "snapshot_hash", Value::Null);
    let events = stream(&[
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s")),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, malformed),
    ]);
    assert!(reduce_mission_dossier(&events).is_err());
}

#[test]
fn the_first_readable_namespace_in_order_is_the_expected_one() {
    let events = [
        event(MISSION_DOSSIER_SNAPSHOT_COMPUTED, 9, 1, elsewhere(snapshot("s"), "mission_key")),
        event(MISSION_DOSSIER_SNAPSHOT_COMPUTED, 1, 2, json!({})),
        event(MISSION_DOSSIER_SNAPSHOT_COMPUTED, 2, 3, snapshot("s")),
    ];
    assert_eq!(reduce_mission_dossier(&events).unwrap_err().expected.mission_key.as_str(), "k-1");
}

#[test]
fn the_step_is_the_first_events_unless_two_steps_occur() {
    let step = |steps: &[Value]| {
        let contents: Vec<_> = steps
            .iter()
            .map(|step| (MISSION_DOSSIER_SNAPSHOT_COMPUTED, at_step(snapshot("s"), step.clone())))
            .collect();
        reduced(&contents).namespace.unwrap().step_id
    };
    assert_eq!(step(&[json!("a"), Value::Null]).as_deref(), Some("a"));
    assert_eq!(step(&[Value::Null, json!("a")]), None);
    assert_eq!(step(&[json!("a"), json!("a")]).as_deref(), Some("a"));
    assert_eq!(step(&[json!("a"), json!("b")]), None);
    assert_eq!(step(&[json!("a"), json!("b"), json!("a")]), None);
}

#[test]
fn a_step_in_a_malformed_payload_counts_too() {
    let malformed = with(at_step(snapshot("s"), json!("b")), "snapshot_hash", Value::Null);
    let state = reduced(&[
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, at_step(snapshot("s"), json!("a"))),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, malformed),
    ]);
    assert_eq!(state.namespace.unwrap().step_id, None);
}

#[test]
fn artifacts_are_equal_whatever_order_they_were_entered_in() {
    let one = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("b", "2")),
    ]);
    let other = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("b", "2")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
    ]);
    assert_eq!(one.artifacts, other.artifacts);
    let changed = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("b", "3")),
    ]);
    assert_ne!(one.artifacts, changed.artifacts);
    assert_ne!(one.artifacts, reduced(&[]).artifacts);
}

#[test]
fn a_state_survives_the_way_through_json() {
    let state = reduced(&[
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
        (MISSION_DOSSIER_ARTIFACT_MISSING, missing("b")),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot("s")),
        (MISSION_DOSSIER_PARITY_DRIFT_DETECTED, drift()),
    ]);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<MissionDossierState>(&text).unwrap(), state);
    assert!(serde_json::from_str::<Artifacts>("[]").is_err());
    assert!(serde_json::from_str::<Artifacts>(r#"{"a": 1}"#).is_err());
}

#[test]
fn literals_are_those_of_the_contract_and_compared_exactly() {
    fn words<T: ToString>(all: &[T]) -> String {
        all.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
    }
    assert_eq!(DOSSIER_EVENT_TYPES.len(), 4);
    assert_eq!(words(ArtifactClass::ALL), "input workflow output evidence policy runtime");
    assert_eq!(
        words(DriftKind::ALL),
        "artifact_added artifact_removed artifact_mutated anomaly_introduced anomaly_resolved manifest_version_changed"
    );
    assert_eq!(words(HashAlgorithm::ALL), "sha256 sha512 md5");
    assert_eq!(words(ActorKind::ALL), "human llm system");
    assert_eq!(words(ParityStatus::ALL), "clean drifted unknown");
    assert_eq!(HashAlgorithm::find("blake3"), None);
    assert_eq!(ArtifactClass::find("INPUT"), None);
}

/// Every event type with a payload in which every field is there.
fn payloads() -> [(&'static str, Value); 4] {
    let provenance = json!({
        "source_event_ids": ["e"], "git_sha": "s", "git_ref": "r", "actor_id": "a", "actor_kind": "human",
        "revised_at": "t"
    });
    let mut indexed = superseding("a", "1", "b");
    indexed["provenance"] = provenance.clone();
    indexed["step_id"] = json!("s");
    indexed["content_ref"] = json!({"hash": "h", "algorithm": "sha512", "size_bytes": 1, "encoding": "utf-8"});
    let mut missing = missing("a");
    missing["last_known_ref"] = provenance;
    let snapshot = with(snapshot("s"), "algorithm", json!("md5"));
    let mut drift = drift();
    drift["artifact_ids_changed"] = json!([artifact("a")]);
    drift["rebuild_hint"] = json!("again");
    [
        (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed),
        (MISSION_DOSSIER_ARTIFACT_MISSING, missing),
        (MISSION_DOSSIER_SNAPSHOT_COMPUTED, snapshot),
        (MISSION_DOSSIER_PARITY_DRIFT_DETECTED, drift),
    ]
    .map(|(event_type, payload)| (event_type, with(payload, "context_diagnostics", json!({"k": "v"}))))
}

#[test]
fn some_fields_are_required_and_the_others_may_be_absent_or_null() {
    let required = [
        "namespace artifact_id content_ref indexed_at",
        "namespace expected_identity manifest_step checked_at",
        "namespace snapshot_hash artifact_count anomaly_count computed_at",
        "namespace expected_hash actual_hash drift_kind detected_at",
    ];
    for ((event_type, payload), required) in payloads().into_iter().zip(required) {
        for member in payload.as_object().unwrap().keys() {
            let pointer = format!("/{member}");
            let absent = faults((event_type, payload.clone()), &pointer, None);
            let null = faults((event_type, payload.clone()), &pointer, Some(Value::Null));
            if required.split(' ').any(|known| known == member) {
                assert_eq!(absent, [(member.clone(), "missing")]);
                assert_eq!(null.len(), 1, "{event_type} {member}");
            } else {
                assert_eq!((absent, null), (Vec::new(), Vec::new()), "{event_type} {member}");
            }
        }
    }
}

#[test]
fn value_objects_have_the_required_fields_of_the_contract() {
    let [indexed, ..] = payloads();
    let required = |object: &str| {
        let members = indexed.1.pointer(object).unwrap().as_object().unwrap().clone();
        let is_required =
            |member: &String| !faults(indexed.clone(), &format!("{object}/{member}"), None).is_empty();
        members.into_iter().map(|(member, _)| member).filter(is_required).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(required("/artifact_id"), "artifact_class mission_key path");
    assert_eq!(required("/content_ref"), "algorithm hash");
    assert_eq!(required("/namespace"), "feature_slug manifest_version mission_key project_uuid target_branch");
    assert_eq!(required("/provenance"), "");
    assert_eq!(faults(indexed, "/provenance", Some(json!({}))), []);
}

#[test]
fn each_field_has_the_constraint_of_the_contract() {
    let [indexed, missing, snapshot, drift] = payloads();
    for (payload, pointer, value, expected) in [
        (&indexed, "/namespace/project_uuid", json!("no uuid"), None),
        (&indexed, "/namespace/project_uuid", json!(""), Some("string_too_short")),
        (&indexed, "/namespace/feature_slug", json!(""), Some("string_too_short")),
        (&indexed, "/namespace/target_branch", json!(""), Some("string_too_short")),
        (&indexed, "/namespace/mission_key", json!(1), Some("string_type")),
        (&indexed, "/namespace/manifest_version", json!("not semver"), None),
        (&indexed, "/namespace/manifest_version", json!(1.0), Some("string_type")),
        (&indexed, "/namespace/step_id", json!(null), None),
        (&indexed, "/namespace/step_id", json!(""), None),
        (&indexed, "/namespace/step_id", json!(1), Some("string_type")),
        (&indexed, "/artifact_id", json!([]), Some("model_type")),
        (&indexed, "/artifact_id/mission_key", json!(""), Some("string_too_short")),
        (&indexed, "/artifact_id/path", json!(""), Some("string_too_short")),
        (&indexed, "/artifact_id/artifact_class", json!("Input"), Some("literal_error")),
        (&indexed, "/artifact_id/artifact_class", json!("runtime"), None),
        (&indexed, "/artifact_id/run_id", json!(1), Some("string_type")),
        (&indexed, "/artifact_id/wp_id", json!(null), None),
        (&indexed, "/content_ref/hash", json!(""), Some("string_too_short")),
        (&indexed, "/content_ref/hash", json!("not hexadecimal"), None),
        (&indexed, "/content_ref/algorithm", json!("blake3"), Some("literal_error")),
        (&indexed, "/content_ref/algorithm", json!(null), Some("literal_error")),
        (&indexed, "/content_ref/size_bytes", json!(-1), Some("greater_than_equal")),
        (&indexed, "/content_ref/size_bytes", json!(null), None),
        (&indexed, "/content_ref/encoding", json!(8), Some("string_type")),
        (&indexed, "/indexed_at", json!("no time at all"), None),
        (&indexed, "/indexed_at", json!(1), Some("string_type")),
        (&indexed, "/provenance/source_event_ids", json!([]), None),
        (&indexed, "/provenance/source_event_ids", json!("e"), Some("tuple_type")),
        (&indexed, "/provenance/git_sha", json!(1), Some("string_type")),
        (&indexed, "/provenance/actor_kind", json!("agent"), Some("literal_error")),
        (&indexed, "/provenance/revised_at", json!(1), Some("string_type")),
        (&indexed, "/supersedes/path", json!(""), Some("string_too_short")),
        (&indexed, "/context_diagnostics", json!([]), Some("dict_type")),
        (&indexed, "/context_diagnostics/k", json!(1), Some("string_type")),
        (&missing, "/expected_identity/path", json!(""), Some("string_too_short")),
        (&missing, "/manifest_step", json!(""), Some("string_too_short")),
        (&missing, "/checked_at", json!(""), None),
        (&missing, "/last_known_ref/actor_kind", json!(""), Some("literal_error")),
        (&missing, "/remediation_hint", json!(1), Some("string_type")),
        (&snapshot, "/snapshot_hash", json!(""), Some("string_too_short")),
        (&snapshot, "/artifact_count", json!(-1), Some("greater_than_equal")),
        (&snapshot, "/anomaly_count", json!(-1), Some("greater_than_equal")),
        (&snapshot, "/computed_at", json!(1), Some("string_type")),
        (&snapshot, "/algorithm", json!("blake3"), Some("literal_error")),
        (&drift, "/expected_hash", json!(""), Some("string_too_short")),
        (&drift, "/actual_hash", json!(""), Some("string_too_short")),
        (&drift, "/drift_kind", json!("artifact_renamed"), Some("literal_error")),
        (&drift, "/detected_at", json!(null), Some("string_type")),
        (&drift, "/artifact_ids_changed", json!([]), None),
        (&drift, "/artifact_ids_changed", json!({}), Some("tuple_type")),
        (&drift, "/rebuild_hint", json!(1), Some("string_type")),
        (&drift, "/manifest_version", json!(7), None),
    ] {
        let found = faults(payload.clone(), pointer, Some(value));
        let field = pointer[1..].replace('/', ".");
        let expected: Vec<_> = expected.into_iter().map(|kind| (field.clone(), kind)).collect();
        assert_eq!(found, expected, "{pointer}");
    }
}

#[test]
fn the_family_brings_as_many_fixtures_as_the_contract_has() {
    assert_eq!(fixture_counts(&FAMILY), (10, 3, 2, 0));
}

#[test]
fn the_replay_streams_end_as_they_are_described() {
    let state = |id| {
        let events: Vec<Event> =
            load_replay_stream(id).unwrap().into_iter().map(|event| serde_json::from_value(event).unwrap()).collect();
        reduce_mission_dossier(&events).unwrap()
    };
    let happy = state("dossier-replay-happy-path");
    assert_eq!((happy.parity_status, happy.event_count, happy.anomalies.len()), (ParityStatus::Clean, 6, 1));
    let superseded: Vec<_> = happy.artifacts.iter().filter(|(_, entry)| entry.superseded).map(|(path, _)| path).collect();
    assert_eq!((happy.artifacts.len(), superseded), (4, vec!["surveys/017/sampling-plan.draft.md"]));
    let drifted = state("dossier-replay-drift-scenario");
    assert_eq!((drifted.parity_status, drifted.drift_history.len()), (ParityStatus::Drifted, 1));
    assert_eq!(drifted.latest_snapshot.unwrap().anomaly_count.value(), 1);
}

/// The files that the state of these events speaks of.
fn references(events: &[Event]) -> References {
    let state = reduce_mission_dossier(events).unwrap();
    (FAMILY.references)(&serde_json::value::to_raw_value(&state).unwrap()).unwrap()
}

#[test]
fn every_artifact_is_a_file_that_the_state_speaks_of() {
    let sized = with(indexed("a", "1"), "content_ref", json!({"hash": "1", "algorithm": "md5", "size_bytes": 7}));
    let events = [
        event(MISSION_DOSSIER_ARTIFACT_INDEXED, 1, 1, sized),
        event(MISSION_DOSSIER_ARTIFACT_INDEXED, 2, 2, superseding("b", "2", "a")),
        event(MISSION_DOSSIER_ARTIFACT_MISSING, 3, 3, missing("c")),
    ];
    let found = references(&events);
    let of = |file: &FileReference| (file.path.clone(), file.hash.clone(), file.algorithm, file.size_bytes, file.superseded);
    let files: Vec<_> = found.files.iter().map(of).collect();
    let expected =
        [("a".into(), "1".into(), "md5", Some(7), true), ("b".into(), "2".into(), "sha256", None, false)];
    assert_eq!((files.as_slice(), found.exhaustive), (&expected[..], true));
    assert_eq!(references(&[]).files, []);
}

const CONTENTS: &[fn() -> (&'static str, Value)] = &[
    || (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("a", "1")),
    || (MISSION_DOSSIER_ARTIFACT_INDEXED, superseding("b", "2", "a")),
    || (MISSION_DOSSIER_ARTIFACT_INDEXED, superseding("a", "3", "b")),
    || (MISSION_DOSSIER_ARTIFACT_MISSING, missing("c")),
    || (MISSION_DOSSIER_SNAPSHOT_COMPUTED, at_step(snapshot("s"), json!("one"))),
    || (MISSION_DOSSIER_SNAPSHOT_COMPUTED, json!({"malformed": true})),
    || ("Foreign", json!({"namespace": {}})),
    || (MISSION_DOSSIER_ARTIFACT_INDEXED, with(indexed("c", "4"), "artifact_id", json!([]))),
    || (MISSION_DOSSIER_SNAPSHOT_COMPUTED, at_step(snapshot("s"), json!("two"))),
    || (MISSION_DOSSIER_PARITY_DRIFT_DETECTED, drift()),
    || (MISSION_DOSSIER_ARTIFACT_INDEXED, indexed("d", "5")),
    || (MISSION_DOSSIER_ARTIFACT_MISSING, missing("a")),
    || (MISSION_DOSSIER_SNAPSHOT_COMPUTED, elsewhere(snapshot("s"), "target_branch")),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_order_of_arrival_does_not_matter((events, permuted) in shuffled(streams(CONTENTS))) {
        let text = |events: &[Event]| reduce_mission_dossier(events).map(|state| serde_json::to_string(&state).unwrap());
        prop_assert_eq!(text(&events), text(&permuted));
    }

    #[test]
    fn a_doubled_stream_reduces_to_the_same(events in streams(CONTENTS)) {
        prop_assert_eq!(reduce_mission_dossier(&doubled(&events)), reduce_mission_dossier(&events));
    }

    #[test]
    fn the_count_never_exceeds_the_stream_and_grows_with_it(events in streams(CONTENTS), cut in 0..40_usize) {
        let count = |events: &[Event]| reduce_mission_dossier(events).map(|state| state.event_count);
        let prefix = &events[..cut.min(events.len())];
        if let (Ok(whole), Ok(part)) = (count(&events), count(prefix)) {
            prop_assert!(whole <= events.len() as u64);
            prop_assert!(part <= whole);
        }
    }
}
