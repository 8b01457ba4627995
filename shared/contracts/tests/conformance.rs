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
use artifactstore_contracts::mission_audit::reduce_mission_audit_events;
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

/// The published schema of this name; a family that was never published has none.
fn published_schema(name: &str) -> Option<Value> {
    let path = published()?.join("schemas").join(format!("{name}.schema.json"));
    path.exists().then(|| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn compiled(schema: &Value) -> jsonschema::Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(false);
    options.build(schema).unwrap()
}

fn replay_streams<'s>(set: &'s FixtureSet, family: &Family) -> Vec<&'s ManifestEntry> {
    let entries = set.manifest().fixtures.iter().filter(|entry| entry.category() == family.category);
    entries.filter(|entry| entry.fixture_type.as_deref() == Some("replay_stream")).collect()
}

fn replayed(set: &FixtureSet, family: &Family, id: &str) -> Value {
    let lines: Vec<_> = set.load_replay_stream(id).unwrap().iter().map(Value::to_string).collect();
    let state = reduce(family, lines.join("\n").as_bytes(), &Limits::default()).unwrap();
    serde_json::from_str(state.get()).unwrap()
}

/// Validates every document whose type is known; gives how many that were.
fn each_document_gets_its_verdict(set: &FixtureSet) -> usize {
    let known: BTreeMap<_, _> = catalogue::models_by_type().collect();
    let cases = set.list_categories().into_iter().flat_map(|category| set.load_fixtures(category).unwrap());
    let known_cases = cases.filter(|case| known.contains_key(case.event_type.as_str()));
    known_cases
        .map(|case| {
            let result = validate_event(&case.payload, &case.event_type).unwrap();
            assert_eq!(result.valid, case.expected_valid, "{}: {result:?}", case.id);
        })
        .count()
}

/// Validates envelope and payload of every event; gives how many streams there were.
fn each_event_of_each_stream_is_valid(set: &FixtureSet) -> usize {
    let streams = FAMILIES.iter().flat_map(|family| replay_streams(set, family));
    streams
        .map(|entry| {
            for event in set.load_replay_stream(&entry.id).unwrap() {
                assert!(validate_event(&event, "Event").unwrap().valid, "{}", entry.id);
                let event_type = event["event_type"].as_str().unwrap();
                assert!(validate_event(&event["payload"], event_type).unwrap().valid, "{}", entry.id);
            }
        })
        .count()
}

/// Reduces every stream that has a state beside it under its own name; gives how many have.
fn each_stream_reduces_to_its_state(set: &FixtureSet) -> usize {
    let has_state = |id: &str| set.manifest().fixtures.iter().any(|entry| entry.id == format!("{id}-output"));
    let mut reduced = 0;
    for family in FAMILIES {
        for entry in replay_streams(set, family).into_iter().filter(|entry| has_state(&entry.id)) {
            let golden = set.load_reducer_output(&format!("{}-output", entry.id)).unwrap();
            assert_eq!(replayed(set, family, &entry.id), golden, "{}", entry.id);
            reduced += 1;
        }
    }
    reduced
}

#[test]
fn our_fixtures_keep_the_contract() {
    let set = FixtureSet::compiled_in().unwrap();
    let of_type = |wanted: Option<&str>| {
        set.manifest().fixtures.iter().filter(|entry| entry.fixture_type.as_deref() == wanted).count()
    };
    assert_eq!(each_document_gets_its_verdict(&set), of_type(None));
    assert_eq!(each_event_of_each_stream_is_valid(&set), of_type(Some("replay_stream")));
    assert_eq!(each_stream_reduces_to_its_state(&set), of_type(Some("reducer_output")));
}

#[test]
fn every_invalid_document_of_ours_is_refused_by_both_layers() {
    let set = FixtureSet::compiled_in().unwrap();
    for case in FAMILIES.iter().flat_map(|family| set.load_fixtures(family.category).unwrap()) {
        let result = validate_event(&case.payload, &case.event_type).unwrap();
        assert_eq!(result.model_violations.is_empty(), case.expected_valid, "{}", case.id);
        assert_eq!(result.schema_violations.is_empty(), case.expected_valid, "{}", case.id);
    }
}

#[test]
fn published_fixtures_keep_the_contract() {
    let Some(set) = published_fixtures() else { return };
    assert_eq!((set.manifest().version.as_str(), set.manifest().fixtures.len()), ("2.0.0", 85));
    assert_eq!(set.load_fixtures("dossier").unwrap().len(), 13);
    assert_eq!(set.load_fixtures("mission_audit").unwrap().len(), 11);
    assert!(each_document_gets_its_verdict(&set) >= 32);
    assert!(each_event_of_each_stream_is_valid(&set) >= 5);
    assert!(each_stream_reduces_to_its_state(&set) >= 3);
    let dossier = catalogue::find_family("mission-dossier").unwrap();
    let golden = set.load_reducer_output("dossier-canonical-output-snapshot").unwrap();
    assert_eq!(replayed(&set, dossier, "dossier-replay-happy-path"), golden);
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
    for model in catalogue::models() {
        let Some(schema) = published_schema(model.schema) else { continue };
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
fn our_schemas_and_the_published_ones_find_the_same_faults() {
    let validators: BTreeMap<_, _> = catalogue::models_by_type()
        .filter_map(|(event_type, model)| {
            let theirs = compiled(&published_schema(model.schema)?);
            Some((event_type, (compiled(&model.json_schema().to_value()), theirs)))
        })
        .collect();
    let documents: Vec<_> = DOCUMENTS.iter().filter(|(event_type, _)| validators.contains_key(event_type)).collect();
    if documents.is_empty() {
        return;
    }
    let input = (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..4));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(4096));
    let outcome = runner.run(&input, |(choice, changes)| {
        let (event_type, document) = documents[choice.index(documents.len())];
        let document = apply(document.clone(), &changes);
        let (ours, theirs) = &validators[event_type];
        let faults = |schema: &jsonschema::Validator| {
            let place = |error: jsonschema::ValidationError<'_>| {
                (error.instance_path().to_string(), error.kind().keyword().to_owned())
            };
            let mut faults: Vec<_> = schema.iter_errors(&document).map(place).collect();
            faults.sort();
            faults
        };
        prop_assert_eq!(faults(ours), faults(theirs), "{}", document);
        Ok(())
    });
    outcome.unwrap();
}
