//! The catalogue holds together: names, files, and how a payload is read.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::testing::event;
use super::*;
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
