//! What is admitted, into which stream, and how a refusal reads.

use serde_json::{Value, json};

use super::*;
use crate::catalogue::testing::{envelope, event_id, with};
use crate::catalogue::{FAMILIES, Occurrence};
use crate::fixtures::{FixtureCase, load_fixtures};

fn sample(id: &str) -> FixtureCase {
    let mut cases = ["dossier", "mission_audit"].into_iter().flat_map(|category| load_fixtures(category).unwrap());
    cases.find(|case| case.id == id).unwrap()
}

fn started() -> Value {
    let case = sample("mission-audit-started-valid");
    envelope(&case.event_type, 7, 1, case.payload)
}

fn indexed() -> Value {
    let case = sample("dossier-artifact-indexed-valid");
    envelope(&case.event_type, 7, 1, case.payload)
}

fn admitted(event: &Value) -> Admitted {
    admit(event.to_string().as_bytes()).unwrap()
}

fn refusal(event: &Value) -> AdmissionRefused {
    admit(event.to_string().as_bytes()).unwrap_err()
}

#[test]
fn an_audit_is_kept_apart_by_project_mission_and_run() {
    let event = started();
    let stream = admitted(&event).stream;
    let payload = &event["payload"];
    let parts = ["mission_id", "run_id"].map(|member| payload[member].as_str().unwrap());
    assert_eq!(stream, StreamKey::of(["3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943", parts[0], parts[1]]));
    let upper = with(event.clone(), "project_uuid", json!("3F2B7C1E-08D4-4E51-9A6F-5D20C7B1E943"));
    assert_eq!(admitted(&upper).stream, stream, "one project, however its UUID is written");
    for member in ["mission_id", "run_id"] {
        let other = with(payload.clone(), member, json!("other"));
        assert_ne!(admitted(&with(event.clone(), "payload", other)).stream, stream, "{member}");
    }
    for member in ["feature_slug", "actor"] {
        let other = with(payload.clone(), member, json!("other"));
        assert_eq!(admitted(&with(event.clone(), "payload", other)).stream, stream, "{member}");
    }
    assert_eq!(admitted(&with(event, "aggregate_id", json!("other"))).stream, stream);
}

#[test]
fn a_dossier_is_kept_apart_by_the_five_names_of_its_namespace() {
    let event = indexed();
    let stream = admitted(&event).stream;
    let namespace = &event["payload"]["namespace"];
    let stream_with = |member: &str| {
        let other = with(namespace.clone(), member, json!("other"));
        let payload = with(event["payload"].clone(), "namespace", other);
        admitted(&with(event.clone(), "payload", payload)).stream
    };
    for member in ["project_uuid", "feature_slug", "target_branch", "mission_key", "manifest_version"] {
        assert_ne!(stream_with(member), stream, "{member}");
    }
    assert_eq!(stream_with("step_id"), stream);
}

#[test]
fn every_valid_fixture_is_admitted_and_can_be_folded() {
    for family in FAMILIES {
        for case in load_fixtures(family.category).unwrap() {
            let text = envelope(&case.event_type, 1, 1, case.payload).to_string();
            match admit(text.as_bytes()) {
                Ok(admitted) => {
                    assert!(case.expected_valid, "{}", case.id);
                    assert_eq!((admitted.family.name, admitted.event_type), (family.name, &*case.event_type));
                    let parsed = Envelope::parse(text.as_bytes()).unwrap();
                    let mut reducer = (family.fold)();
                    reducer.fold(Occurrence::from(&parsed)).unwrap();
                }
                Err(refused) => {
                    assert!(!case.expected_valid, "{}: {refused}", case.id);
                    assert_eq!(refused.event_id, Some(event_id(1)));
                    assert_eq!(refused.result.event_type, case.event_type);
                }
            }
        }
    }
}

#[test]
fn identifiers_are_read_in_their_normal_form() {
    let lower = with(started(), "event_id", json!(event_id(1).to_lowercase()));
    assert_eq!(admitted(&lower).event_id.as_str(), event_id(1));
    assert_eq!(admitted(&lower).sort_key, admitted(&started()).sort_key);
}

#[test]
fn what_is_no_envelope_is_refused_with_every_fault() {
    for text in ["", "nonsense", "[]", "{", "\u{0}", "{} {}"] {
        let refused = admit(text.as_bytes()).unwrap_err();
        assert_eq!((refused.event_id, &*refused.result.event_type), (None, "Event"), "{text}");
    }
    assert!(admit(&[0xff, b'{', b'}']).is_err());
    let bare = refusal(&json!({"event_id": "short", "event_type": "MissionAuditStarted"}));
    assert_eq!(bare.event_id.as_deref(), Some("short"));
    let text = bare.to_string();
    assert!(text.starts_with("Event breaks its contract; event_id: "), "{text}");
    assert!(text.ends_with(" more"), "{text}");
}

/// The model reads `"7"` as a number; the schema does not, and both must agree.
#[test]
fn a_fault_that_only_the_schema_finds_refuses_too() {
    let refused = refusal(&with(started(), "lamport_clock", json!("7")));
    assert_eq!(refused.result.model_violations, []);
    assert!(refused.to_string().contains("$.lamport_clock: "), "{refused}");
    let case = sample("mission-audit-completed-pass");
    let payload = with(case.payload, "findings_count", json!("3"));
    let refused = refusal(&envelope(&case.event_type, 1, 1, payload));
    assert_eq!(&*refused.result.event_type, "MissionAuditCompleted");
    assert!(refused.to_string().starts_with("MissionAuditCompleted breaks its contract; $.findings_count: "));
}

#[test]
fn a_type_of_no_family_is_refused_with_those_that_are_known() {
    for event_type in ["Foreign", "Event", "missionauditstarted"] {
        let refused = refusal(&with(started(), "event_type", json!(event_type)));
        assert_eq!(refused.result.model_violations[0].field, "event_type");
        assert!(refused.to_string().contains("'MissionAuditStarted'"), "{refused}");
    }
}

#[test]
fn an_absent_payload_is_an_empty_one() {
    let refused = refusal(&with(started(), "payload", Value::Null));
    assert_eq!(&*refused.result.event_type, "MissionAuditStarted");
    assert_eq!(refused.result.model_violations.len(), 5);
}

#[test]
fn an_event_may_be_as_long_as_the_bound_and_no_longer() {
    let padded = |bytes: usize| {
        let short = with(started(), "project_slug", json!("")).to_string().len();
        with(started(), "project_slug", json!("x".repeat(bytes - short)))
    };
    assert!(admit(padded(LONGEST_EVENT).to_string().as_bytes()).is_ok());
    assert!(refusal(&padded(LONGEST_EVENT + 1)).to_string().contains("longer than 1048576 bytes"));
}

#[test]
fn what_names_the_stream_is_bounded() {
    let named = |bytes: usize| {
        let payload = with(started()["payload"].clone(), "run_id", json!("r".repeat(bytes)));
        with(started(), "payload", payload)
    };
    let rest = admitted(&named(1)).stream.as_str().len() - 1;
    assert_eq!(admitted(&named(StreamKey::MAX_BYTES - rest)).stream.as_str().len(), StreamKey::MAX_BYTES);
    assert!(refusal(&named(StreamKey::MAX_BYTES - rest + 1)).to_string().contains("more than 1024 bytes"));
}
