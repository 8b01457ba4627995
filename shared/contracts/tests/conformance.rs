//! The contract held against fixtures: the families' own, and the published ones where they are on this machine.
//!
//! Published data lies beside the repository and is read in place. Where it is absent, a test says so and passes.

#![expect(clippy::unwrap_used, reason = "a conformance test fails by panicking, in its helpers too")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use artifactstore_contracts::catalogue::{self, FAMILIES, Family};
use artifactstore_contracts::envelope::Event;
use artifactstore_contracts::fixtures::{FixtureSet, ManifestEntry};
use artifactstore_contracts::mission_audit::{ReducedMissionAuditState, reduce_mission_audit_events};
use artifactstore_contracts::mission_dossier::{MissionDossierState, reduce_mission_dossier};
use artifactstore_contracts::model::Model;
use artifactstore_contracts::reduction::{Limits, reduce};
use artifactstore_contracts::validator::validate_event;
use proptest::prelude::*;
use serde_json::Value;

use support::{apply, change};

fn published() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/spec-kitty-events-2.5.0");
    if !beside.is_dir() {
        println!("skipped: no published data at {}", beside.display());
        return None;
    }
    Some(beside)
}

fn published_fixtures() -> Option<FixtureSet> {
    published().map(|root| FixtureSet::open(&root.join("fixtures")).unwrap())
}

fn published_schema(name: &str) -> Option<jsonschema::Validator> {
    let path = published()?.join("schemas").join(format!("{name}.schema.json"));
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(false);
    Some(options.build(&schema).unwrap())
}

fn our_schema(model: &catalogue::ModelEntry) -> jsonschema::Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(false);
    options.build(&model.json_schema().to_value()).unwrap()
}

fn replay_streams<'s>(set: &'s FixtureSet, family: &Family) -> Vec<&'s ManifestEntry> {
    let entries = set.manifest().fixtures.iter().filter(|entry| entry.category() == family.category);
    entries.filter(|entry| entry.fixture_type.as_deref() == Some("replay_stream")).collect()
}

/// The state of a replay stream as text, and as value.
fn replayed(set: &FixtureSet, family: &Family, id: &str) -> (String, Value) {
    let lines: Vec<_> = set.load_replay_stream(id).unwrap().iter().map(Value::to_string).collect();
    let state = reduce(family, lines.join("\n").as_bytes(), &Limits::default()).unwrap();
    (state.get().to_owned(), serde_json::from_str(state.get()).unwrap())
}

fn each_document_gets_its_verdict(set: &FixtureSet, categories: &[&str]) -> usize {
    let known: BTreeMap<_, _> = catalogue::models_by_type().collect();
    let mut validated = 0;
    for case in categories.iter().flat_map(|category| set.load_fixtures(category).unwrap()) {
        if known.contains_key(case.event_type.as_str()) {
            let result = validate_event(&case.payload, &case.event_type).unwrap();
            assert_eq!(result.valid, case.expected_valid, "{}: {result:?}", case.id);
            validated += 1;
        }
    }
    validated
}

fn each_event_of_each_stream_is_valid(set: &FixtureSet) -> usize {
    let mut streams = 0;
    for family in FAMILIES {
        for entry in replay_streams(set, family) {
            for event in set.load_replay_stream(&entry.id).unwrap() {
                assert!(validate_event(&event, "Event").unwrap().valid, "{}", entry.id);
                let event_type = event["event_type"].as_str().unwrap();
                assert!(validate_event(&event["payload"], event_type).unwrap().valid, "{}", entry.id);
            }
            streams += 1;
        }
    }
    streams
}

fn each_stream_reduces_to_its_state(set: &FixtureSet, pairs: &[(&str, &str)]) {
    for (stream, state) in pairs {
        let entry = set.manifest().fixtures.iter().find(|entry| entry.id == *stream).unwrap();
        let family = FAMILIES.iter().find(|family| family.category == entry.category()).unwrap();
        assert_eq!(replayed(set, family, stream).1, set.load_reducer_output(state).unwrap(), "{stream}");
    }
}

const AUDIT_STATES: &[(&str, &str)] = &[
    ("mission-audit-replay-pass", "mission-audit-replay-pass-output"),
    ("mission-audit-replay-fail", "mission-audit-replay-fail-output"),
    ("mission-audit-replay-decision-checkpoint", "mission-audit-replay-decision-checkpoint-output"),
];

#[test]
fn our_documents_get_their_verdicts() {
    let set = FixtureSet::compiled_in().unwrap();
    assert_eq!(each_document_gets_its_verdict(&set, &["dossier", "mission_audit"]), 24);
}

#[test]
fn every_invalid_document_of_ours_is_refused_by_both_layers() {
    let set = FixtureSet::compiled_in().unwrap();
    for case in ["dossier", "mission_audit"].into_iter().flat_map(|category| set.load_fixtures(category).unwrap()) {
        let result = validate_event(&case.payload, &case.event_type).unwrap();
        assert_eq!(result.model_violations.is_empty(), case.expected_valid, "{}", case.id);
        assert_eq!(result.schema_violations.is_empty(), case.expected_valid, "{}", case.id);
    }
}

#[test]
fn every_event_of_our_streams_is_valid() {
    assert_eq!(each_event_of_each_stream_is_valid(&FixtureSet::compiled_in().unwrap()), 5);
}

#[test]
fn our_streams_reduce_to_their_states() {
    each_stream_reduces_to_its_state(&FixtureSet::compiled_in().unwrap(), AUDIT_STATES);
}

#[test]
fn a_golden_state_is_the_reduction_byte_for_byte() {
    let set = FixtureSet::compiled_in().unwrap();
    let family = catalogue::find_family("mission-audit").unwrap();
    for (stream, output) in AUDIT_STATES {
        let (text, _) = replayed(&set, family, stream);
        let golden: ReducedMissionAuditState =
            serde_json::from_value(set.load_reducer_output(output).unwrap()).unwrap();
        assert_eq!(text, serde_json::to_string(&golden).unwrap());
    }
}

#[test]
fn our_dossier_streams_end_as_they_are_described() {
    let set = FixtureSet::compiled_in().unwrap();
    let family = catalogue::find_family("mission-dossier").unwrap();
    let state = |id| serde_json::from_value::<MissionDossierState>(replayed(&set, family, id).1).unwrap();
    let happy = state("dossier-replay-happy-path");
    assert_eq!((happy.parity_status.as_str(), happy.event_count, happy.anomalies.len()), ("clean", 6, 1));
    let superseded: Vec<_> =
        happy.artifacts.iter().filter(|(_, entry)| entry.superseded).map(|(path, _)| path).collect();
    assert_eq!((happy.artifacts.len(), superseded), (4, vec!["surveys/017/sampling-plan.draft.md"]));
    let drifted = state("dossier-replay-drift-scenario");
    assert_eq!((drifted.parity_status.as_str(), drifted.drift_history.len()), ("drifted", 1));
    assert_eq!(drifted.latest_snapshot.unwrap().anomaly_count.value(), 1);
}

#[test]
fn published_documents_get_their_verdicts() {
    let Some(set) = published_fixtures() else { return };
    let categories = ["dossier", "mission_audit", "events", "edge_cases"];
    assert_eq!(each_document_gets_its_verdict(&set, &categories), 32);
    assert_eq!((set.manifest().version.as_str(), set.manifest().fixtures.len()), ("2.0.0", 85));
    assert_eq!(set.load_fixtures("dossier").unwrap().len(), 13);
    assert_eq!(set.load_fixtures("mission_audit").unwrap().len(), 11);
    for category in set.list_categories() {
        set.load_fixtures(category).unwrap();
    }
}

#[test]
fn published_invalid_documents_are_refused_for_the_published_reasons() {
    let Some(set) = published_fixtures() else { return };
    let cases = set.load_fixtures("mission_audit").unwrap();
    let case = cases.iter().find(|case| case.id == "mission-audit-completed-missing-verdict").unwrap();
    let result = validate_event(&case.payload, &case.event_type).unwrap();
    let model: Vec<_> =
        result.model_violations.iter().map(|found| (found.field.as_str(), found.violation_type.as_str())).collect();
    assert_eq!(model, [("verdict", "missing"), ("artifact_ref.provenance.actor_kind", "literal_error")]);
    let schema: Vec<_> =
        result.schema_violations.iter().map(|found| (found.json_path.as_str(), found.validator.as_str())).collect();
    assert_eq!(schema, [("$", "required"), ("$.artifact_ref.provenance.actor_kind", "anyOf")]);
}

#[test]
fn published_streams_are_valid_and_reduce_to_their_states() {
    let Some(set) = published_fixtures() else { return };
    assert_eq!(each_event_of_each_stream_is_valid(&set), 5);
    each_stream_reduces_to_its_state(&set, AUDIT_STATES);
    each_stream_reduces_to_its_state(&set, &[("dossier-replay-happy-path", "dossier-canonical-output-snapshot")]);
}

#[test]
fn published_golden_streams_reduce_to_their_states_through_the_pure_reducer_too() {
    let Some(root) = published() else { return };
    let golden = root.join("fixtures/mission_audit_golden");
    for name in ["pass", "fail", "decision_checkpoint"] {
        let stream = std::fs::read_to_string(golden.join(format!("replay_{name}.jsonl"))).unwrap();
        let events: Vec<_> = stream.lines().map(|line| Event::parse(line.as_bytes()).unwrap()).collect();
        let state = reduce_mission_audit_events(&events).unwrap();
        let output = std::fs::read_to_string(golden.join(format!("replay_{name}_output.json"))).unwrap();
        assert_eq!(serde_json::to_value(&state).unwrap(), serde_json::from_str::<Value>(&output).unwrap());
        assert_eq!(reduce_mission_dossier(&events).unwrap(), MissionDossierState::default());
    }
}

#[test]
fn our_schemas_are_named_like_the_published_ones() {
    let Some(root) = published() else { return };
    for model in catalogue::models() {
        let path = root.join("schemas").join(format!("{}.schema.json", model.schema));
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(schema["$id"], format!("spec-kitty-events/{}", model.schema));
        assert_eq!(schema["title"], model.name);
    }
}

/// Valid and invalid documents of every type, envelopes included.
static DOCUMENTS: LazyLock<Vec<(&'static str, Value)>> = LazyLock::new(|| {
    let set = FixtureSet::compiled_in().unwrap();
    let mut documents = Vec::new();
    for family in FAMILIES {
        for case in set.load_fixtures(family.category).unwrap() {
            let (event_type, _) = family.payloads.iter().find(|(name, _)| *name == case.event_type).unwrap();
            documents.push((*event_type, case.payload));
        }
        for entry in replay_streams(&set, family) {
            let events = set.load_replay_stream(&entry.id).unwrap();
            documents.extend(events.into_iter().map(|event| (Event::NAME, event)));
        }
    }
    documents
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_document_deserialises_exactly_when_its_model_finds_nothing(
        choice in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 0..4),
    ) {
        let (event_type, document) = &DOCUMENTS[choice.index(DOCUMENTS.len())];
        let document = apply(document.clone(), &changes);
        let models: BTreeMap<_, _> = catalogue::models_by_type().collect();
        let model = models[event_type];
        let violations = model.violations(&document);
        prop_assert_eq!(model.accepts(&document), violations.is_empty(), "{}: {:?}", document, violations);
    }

    #[test]
    fn any_document_is_validated_without_a_panic(
        choice in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 0..4),
    ) {
        let (event_type, document) = &DOCUMENTS[choice.index(DOCUMENTS.len())];
        let result = validate_event(&apply(document.clone(), &changes), event_type).unwrap();
        prop_assert_eq!(result.valid, result.model_violations.is_empty() && result.schema_violations.is_empty());
        prop_assert!(!result.schema_check_skipped);
    }
}

#[test]
fn our_schemas_and_the_published_ones_reach_the_same_verdicts() {
    if published().is_none() {
        return;
    }
    let validators: BTreeMap<_, _> = catalogue::models_by_type()
        .map(|(event_type, model)| (event_type, (our_schema(model), published_schema(model.schema).unwrap())))
        .collect();
    let config = ProptestConfig::with_cases(4096);
    let input = (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..4));
    proptest::test_runner::TestRunner::new(config)
        .run(&input, |(choice, changes)| {
            let (event_type, document) = &DOCUMENTS[choice.index(DOCUMENTS.len())];
            let document = apply(document.clone(), &changes);
            let (ours, theirs) = &validators[event_type];
            let faults = |schema: &jsonschema::Validator| {
                let mut faults: Vec<_> = schema
                    .iter_errors(&document)
                    .map(|error| (error.instance_path().to_string(), error.kind().keyword().to_owned()))
                    .collect();
                faults.sort();
                faults
            };
            prop_assert_eq!(faults(ours), faults(theirs), "{}", document);
            Ok(())
        })
        .unwrap();
}
