//! The catalogue holds together: names, files, and how a payload is read.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::testing::{event, with};
use super::*;
use crate::fixtures::load_fixtures;
use crate::mission_audit::MissionAuditStartedPayload;
use crate::mission_dossier::LocalNamespaceTuple;

#[test]
fn finds_a_family_by_its_name_only() {
    assert_eq!(find_family("mission-audit").map(|family| family.category), Some("mission_audit"));
    assert_eq!(find_family("mission-dossier").map(|family| family.category), Some("dossier"));
    assert!(find_family("mission_audit").is_none());
    assert!(find_family("").is_none());
}

#[test]
fn names_are_unique_over_all_families() {
    let mut seen = BTreeSet::new();
    for (event_type, _) in models_by_type() {
        assert!(seen.insert(event_type), "{event_type} belongs to two models");
    }
    let mut schemas = BTreeSet::new();
    for model in models() {
        assert!(schemas.insert(model.schema), "{} is the schema of two models", model.schema);
    }
}

#[test]
fn a_family_has_exactly_its_event_types() {
    for family in FAMILIES {
        assert!(family.payloads.iter().all(|(event_type, _)| family.has(event_type)));
        assert!(!family.has("Event"));
    }
}

/// They become parts of subjects and types in the log of whoever keeps streams, which have these bounds.
#[test]
fn names_can_stand_in_a_log() {
    let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    for family in FAMILIES {
        assert!(family.name.len() <= 64 && family.name.bytes().all(slug), "{}", family.name);
        for (event_type, _) in family.payloads {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            assert!(event_type.len() <= 116 && event_type.bytes().all(plain), "{event_type}");
        }
    }
}

#[test]
fn every_file_of_a_familys_folder_is_compiled_in() {
    for family in FAMILIES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue").join(family.name.replace('-', "_"));
        for (below, embedded) in [("fixtures", family.fixtures), ("schemas", family.schemas)] {
            let embedded: BTreeSet<_> = embedded.iter().map(|(path, _)| (*path).to_owned()).collect();
            assert_eq!(files_below(&folder.join(below), ""), embedded);
        }
    }
}

fn files_below(directory: &Path, prefix: &str) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path(), &format!("{path}/")));
        } else {
            files.insert(path);
        }
    }
    files
}

#[test]
fn a_payload_reads_alike_as_text_and_as_members() {
    let document =
        json!({"mission_id": "m", "run_id": "r", "feature_slug": "f", "actor": "a", "audit_scope_hash": "h"});
    let text = document.to_string();
    let members = document.as_object().unwrap();
    let from_text: MissionAuditStartedPayload = Payload::Text(&text).read().unwrap();
    let from_members: MissionAuditStartedPayload = Payload::Members(members).read().unwrap();
    assert_eq!(from_text, from_members);
}

#[test]
fn a_malformed_payload_is_refused_alike_as_text_and_as_members() {
    let document = json!({"mission_id": "", "actor": 7});
    let text = document.to_string();
    let from_text = Payload::Text(&text).read::<MissionAuditStartedPayload>().unwrap_err();
    let from_members =
        Payload::Members(document.as_object().unwrap()).read::<MissionAuditStartedPayload>().unwrap_err();
    assert_eq!(from_text, from_members);
    assert_eq!(from_text.violations().len(), 5);
}

#[test]
fn of_a_repeated_member_the_last_counts() {
    let text =
        r#"{"mission_id":"","mission_id":"m","run_id":"r","feature_slug":"f","actor":"a","audit_scope_hash":"h"}"#;
    let payload: MissionAuditStartedPayload = Payload::Text(text).read().unwrap();
    assert_eq!(payload.mission_id.as_str(), "m");
}

#[test]
fn a_payload_that_no_document_can_hold_is_refused() {
    let error = Payload::Text(r#"{"mission_id": 1e999}"#).read::<MissionAuditStartedPayload>().unwrap_err();
    assert_eq!(error.violations()[0].violation_type.as_str(), "json_invalid");
    assert!(Payload::Text("{").find::<LocalNamespaceTuple>("namespace").is_none());
}

#[test]
fn a_member_is_found_only_if_it_can_be_read() {
    let namespace = json!({
        "project_uuid": "p", "feature_slug": "f", "target_branch": "b", "mission_key": "k", "manifest_version": "1"
    });
    let found = |text: &str| Payload::Text(text).find::<LocalNamespaceTuple>("namespace").is_some();
    assert!(found(&json!({"namespace": namespace}).to_string()));
    assert!(!found(&json!({"namespace": {}}).to_string()));
    assert!(!found("{}"));
}

#[test]
fn a_failure_keeps_its_kind_and_its_words() {
    let refused = Payload::Text("{}").read::<MissionAuditStartedPayload>().unwrap_err();
    let words = refused.to_string();
    let failure = FoldError::from(refused);
    assert_eq!((failure.kind, failure.to_string()), ("ValidationError", words));
}

#[test]
fn an_occurrence_lends_what_the_event_says() {
    let event = event("Foreign", 1, 1, json!({"note": 1}));
    let occurrence = Occurrence::from(&event);
    assert_eq!(occurrence.event_type, "Foreign");
    assert_eq!(occurrence.event_id, event.event_id.as_str());
    assert!(matches!(occurrence.payload, Payload::Members(members) if members["note"] == 1));
}

/// Valid payloads of every family, more than one with the same names, and two that no family has.
fn contents() -> Vec<(String, Value)> {
    let cases = FAMILIES.iter().flat_map(|family| load_fixtures(family.category).unwrap());
    let mut contents: Vec<_> =
        cases.filter(|case| case.expected_valid).map(|case| (case.event_type, case.payload)).collect();
    let steps: Vec<_> = contents
        .iter()
        .filter(|(_, payload)| payload.get("namespace").is_some())
        .map(|(event_type, payload)| {
            let namespace = with(payload["namespace"].clone(), "step_id", json!(format!("step of {event_type}")));
            (event_type.clone(), with(payload.clone(), "namespace", namespace))
        })
        .collect();
    contents.extend(steps);
    contents.push(("Foreign".to_owned(), json!({"note": 1})));
    contents.push(("MissionAuditStarted".to_owned(), json!({"malformed": true})));
    contents
}

/// What a family makes of events, taken down and set up again before those at `breaks`: state and memory, or the failure.
fn folded(family: &Family, events: &[Event], breaks: &[usize]) -> Result<(String, String), String> {
    let mut reducer = (family.fold)();
    for (place, event) in events.iter().enumerate() {
        if breaks.contains(&place) {
            reducer = (family.resume)(&reducer.folded().unwrap()).unwrap();
        }
        reducer.fold(event.into()).map_err(|failure| failure.to_string())?;
    }
    let Folded { state, memory } = reducer.folded().unwrap();
    Ok((state.get().to_owned(), memory.get().to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_reducer_may_be_taken_down_and_set_up_again_anywhere(
        choices in vec(any::<prop::sample::Index>(), 0..20),
        breaks in vec(0..20_usize, 0..6),
    ) {
        let contents = contents();
        let event = |(clock, choice): (usize, &prop::sample::Index)| {
            let (event_type, payload) = choice.get(&contents);
            event(event_type, clock as u64, clock as u64, payload.clone())
        };
        let events: Vec<_> = choices.iter().enumerate().map(event).collect();
        for family in FAMILIES {
            prop_assert_eq!(folded(family, &events, &breaks), folded(family, &events, &[]));
        }
    }
}

#[test]
fn what_is_no_state_cannot_be_resumed() {
    for family in FAMILIES {
        let nonsense = Folded::of(&json!({"audit_status": "nonsense", "namespace": 7}), &json!("several")).unwrap();
        assert!((family.resume)(&nonsense).is_err(), "{}", family.name);
        assert!((family.references)(&nonsense.state).is_err(), "{}", family.name);
    }
}
