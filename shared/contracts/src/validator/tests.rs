//! Both layers together, and payloads by the line.

use serde_json::json;

use super::*;
use crate::catalogue::testing::envelope;
use crate::fixtures::load_fixtures;

fn result(payload: &Value, event_type: &str) -> ConformanceResult {
    validate_event(payload, event_type).unwrap()
}

/// Fields and types of the model layer, paths and keywords of the schema layer.
type Found = (Vec<(String, &'static str)>, Vec<(String, String)>);

fn found(payload: &Value, event_type: &str) -> Found {
    let result = result(payload, event_type);
    assert_eq!(result.valid, result.model_violations.is_empty() && result.schema_violations.is_empty());
    let model = result.model_violations.into_iter().map(|found| (found.field, found.violation_type.as_str()));
    let schema = result.schema_violations.into_iter().map(|found| (found.json_path, found.validator));
    (model.collect(), schema.collect())
}

fn fixture(id: &str) -> (Value, String) {
    let cases = ["dossier", "mission_audit"].into_iter().flat_map(|category| load_fixtures(category).unwrap());
    let case = cases.into_iter().find(|case| case.id == id).unwrap();
    (case.payload, case.event_type)
}

fn changed(id: &str, pointer: &str, value: Value) -> (Value, String) {
    let (mut payload, event_type) = fixture(id);
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    payload.pointer_mut(parent).unwrap()[member] = value;
    (payload, event_type)
}

#[test]
fn every_event_type_is_validated_in_both_layers() {
    for (event_type, contract) in CONTRACTS.iter() {
        assert!(contract.schema.is_some(), "the schema of {event_type} is no schema");
        assert!(!result(&json!({}), event_type).schema_check_skipped);
    }
}

#[test]
fn an_unknown_type_is_refused_with_the_known_ones_listed() {
    let refused = validate_event(&json!({}), "it's").unwrap_err();
    let known: Vec<_> = list_event_types().into_iter().map(|known| format!("'{known}'")).collect();
    assert_eq!(refused.to_string(), format!("Unknown event type: \"it's\". Known types: [{}]", known.join(", ")));
    assert_eq!(refused.known, list_event_types());
}

#[test]
fn the_known_types_are_sorted_and_those_of_the_envelope_and_every_family() {
    let types = list_event_types();
    assert!(types.is_sorted());
    let families: usize = catalogue::FAMILIES.iter().map(|family| family.payloads.len()).sum();
    assert_eq!(types.len(), families + 1);
    for wanted in ["Event", "MissionAuditRequested", "MissionDossierParityDriftDetected"] {
        assert!(types.contains(&wanted));
    }
}

#[test]
fn an_envelope_is_validated_as_event() {
    assert!(result(&envelope("Any", 1, 1, json!({})), "Event").valid);
    let (model, schema) = found(&envelope("", 1, 1, json!({})), "Event");
    assert_eq!(model, [("event_type".to_owned(), "string_too_short")]);
    assert_eq!(schema, [("$.event_type".to_owned(), "minLength".to_owned())]);
}

#[test]
fn invalid_fixtures_are_refused_for_what_they_show() {
    for (id, model, schema) in [
        (
            "dossier-parity-drift-namespace-mismatch",
            vec![
                ("namespace.target_branch", "missing"),
                ("namespace.mission_key", "missing"),
                ("namespace.manifest_version", "missing"),
            ],
            vec![("$.namespace", "required"); 3],
        ),
        (
            "dossier-artifact-indexed-missing-path",
            vec![("artifact_id.path", "missing")],
            vec![("$.artifact_id", "required")],
        ),
        (
            "dossier-artifact-indexed-invalid-class",
            vec![("artifact_id.artifact_class", "literal_error")],
            vec![("$.artifact_id.artifact_class", "enum")],
        ),
        ("mission-audit-completed-missing-verdict", vec![("verdict", "missing")], vec![("$", "required")]),
        ("mission-audit-completed-missing-artifact-ref", vec![("artifact_ref", "missing")], vec![("$", "required")]),
        (
            "mission-audit-requested-bad-trigger",
            vec![("trigger_mode", "literal_error")],
            vec![("$.trigger_mode", "enum")],
        ),
        ("mission-audit-decision-missing-id", vec![("decision_id", "missing")], vec![("$", "required")]),
    ] {
        let (payload, event_type) = fixture(id);
        let model: Vec<_> = model.into_iter().map(|(field, kind)| (field.to_owned(), kind)).collect();
        let schema: Vec<_> = schema.into_iter().map(|(path, keyword)| (path.to_owned(), keyword.to_owned())).collect();
        assert_eq!(found(&payload, &event_type), (model, schema), "{id}");
    }
}

#[test]
fn the_layers_differ_where_the_contract_says_so() {
    let count = |value| changed("mission-audit-completed-pass", "/findings_count", value);
    let schema_only = |path: &str, keyword: &str| (Vec::new(), vec![(path.to_owned(), keyword.to_owned())]);
    for value in [json!("3"), json!(true)] {
        let (payload, event_type) = count(value);
        assert_eq!(found(&payload, &event_type), schema_only("$.findings_count", "type"));
    }
    let (payload, event_type) = count(json!(3.0));
    assert!(result(&payload, &event_type).valid);
    let (payload, event_type) = count(json!(3.5));
    assert_eq!(found(&payload, &event_type).0, [("findings_count".to_owned(), "int_from_float")]);

    let mut event = envelope("Any", 1, 1, json!({}));
    event["timestamp"] = json!(1_700_000_000);
    assert_eq!(found(&event, "Event"), schema_only("$.timestamp", "type"));
    let mut event = envelope("Any", 1, 1, json!({}));
    event["project_uuid"] = json!("no uuid");
    assert_eq!(found(&event, "Event"), (vec![("project_uuid".to_owned(), "uuid_parsing")], Vec::new()));
    let mut event = envelope("Any", 1, 1, json!({}));
    event["causation_id"] = json!("I".repeat(26));
    let pattern = vec![("$.causation_id".to_owned(), "pattern".to_owned())];
    assert_eq!(found(&event, "Event"), (vec![("causation_id".to_owned(), "value_error")], pattern));
}

#[test]
fn a_nullable_field_is_reported_as_any_of() {
    let (payload, event_type) =
        changed("dossier-artifact-indexed-with-provenance", "/provenance/actor_kind", json!("agent"));
    let model = vec![("provenance.actor_kind".to_owned(), "literal_error")];
    assert_eq!(found(&payload, &event_type), (model, vec![("$.provenance".to_owned(), "anyOf".to_owned())]));
    let (payload, event_type) =
        changed("mission-audit-completed-pass", "/artifact_ref/provenance/actor_kind", json!(""));
    let path = "$.artifact_ref.provenance.actor_kind".to_owned();
    assert_eq!(found(&payload, &event_type).1, [(path, "anyOf".to_owned())]);
}

#[test]
fn a_diagnostic_that_is_no_string_is_reported_by_its_key() {
    let (payload, event_type) = changed("dossier-snapshot-computed-clean", "/context_diagnostics", json!({"a b": 1}));
    let (model, schema) = found(&payload, &event_type);
    assert_eq!(model, [("context_diagnostics.a b".to_owned(), "string_type")]);
    assert_eq!(schema, [("$.context_diagnostics".to_owned(), "anyOf".to_owned())]);
}

#[test]
fn blake3_is_refused() {
    let (payload, event_type) = changed("dossier-artifact-indexed-valid", "/content_ref/algorithm", json!("blake3"));
    assert_eq!(found(&payload, &event_type).0, [("content_ref.algorithm".to_owned(), "literal_error")]);
}

#[test]
fn what_is_no_object_is_refused_at_the_root() {
    for payload in [json!(null), json!([]), json!("x"), json!(7)] {
        let (model, schema) = found(&payload, "MissionAuditStarted");
        assert_eq!(model, [(String::new(), "model_type")]);
        assert_eq!(schema, [("$".to_owned(), "type".to_owned())]);
    }
}

#[test]
fn a_schema_violation_says_where_in_the_schema_it_lies() {
    let (payload, event_type) = changed("mission-audit-completed-pass", "/verdict", json!("maybe"));
    let violation = &result(&payload, &event_type).schema_violations[0];
    assert_eq!(violation.validator_value, json!(["pass", "pass_with_warnings", "fail", "blocked_decision_required"]));
    let path: Vec<_> =
        ["$defs", "AuditVerdict", "enum"].into_iter().map(|part| PathSegment::Member(part.to_owned())).collect();
    assert_eq!(violation.schema_path, path);
    assert!(violation.message.contains("maybe"));
}

#[test]
fn schema_violations_come_in_the_order_of_their_paths() {
    let mut event = envelope("Any", 1, 1, json!({}));
    event["schema_version"] = json!("x");
    event["event_id"] = json!("x");
    event["aggregate_id"] = json!(1);
    event.as_object_mut().unwrap().remove("node_id");
    let (_, schema) = found(&event, "Event");
    let schema: Vec<_> = schema.iter().map(|(path, keyword)| (path.as_str(), keyword.as_str())).collect();
    let expected = [
        ("$", "required"),
        ("$.aggregate_id", "type"),
        ("$.event_id", "minLength"),
        ("$.event_id", "pattern"),
        ("$.schema_version", "pattern"),
    ];
    assert_eq!(schema, expected);
}

#[test]
fn a_message_is_cut_when_it_quotes_too_much() {
    let (payload, event_type) = changed("mission-audit-requested-manual", "/trigger_mode", json!("é".repeat(100_000)));
    let result = result(&payload, &event_type);
    assert!(result.schema_violations[0].message.len() < 1100);
    assert!(result.schema_violations[0].message.ends_with('…'));
}

fn line(text: &str) -> String {
    serde_json::to_string(&validate_line(text.as_bytes())).unwrap()
}

#[test]
fn a_result_is_written_as_one_line_of_the_agreed_form() {
    let (payload, event_type) = fixture("mission-audit-started-valid");
    let text = json!({"event_type": event_type, "payload": payload, "more": 1}).to_string();
    let expected = r#"{"event_type":"MissionAuditStarted","valid":true,"model_violations":[],"schema_violations":[]}"#;
    assert_eq!(line(&text), expected);
    let written: Value = serde_json::from_str(&line(r#"{"event_type":"MissionAuditStarted","payload":[]}"#)).unwrap();
    let model = json!([{
        "field": "", "violation_type": "model_type",
        "message": "Input should be a valid dictionary or instance of MissionAuditStartedPayload",
    }]);
    assert_eq!(written["model_violations"], model);
    let schema = written["schema_violations"][0].as_object().unwrap();
    assert_eq!(schema.keys().map(String::as_str).collect::<Vec<_>>().len(), 3);
    assert_eq!((&schema["json_path"], &schema["validator"]), (&json!("$"), &json!("type")));
}

#[test]
fn a_line_that_cannot_be_read_is_invalid_and_says_why() {
    for (text, field, kind) in [
        ("{", "", "json_invalid"),
        ("[]", "", "dict_type"),
        ("7", "", "dict_type"),
        ("{}", "event_type", "missing"),
        (r#"{"event_type": 7, "payload": {}}"#, "event_type", "string_type"),
        (r#"{"event_type": null}"#, "event_type", "string_type"),
        (r#"{"event_type": "MissionAuditStarted"}"#, "payload", "missing"),
        (r#"{"event_type": "Other", "payload": {}}"#, "event_type", "value_error"),
    ] {
        let result = validate_line(text.as_bytes());
        assert!(!result.valid && result.schema_check_skipped && result.schema_violations.is_empty());
        let [violation] = &result.model_violations[..] else { panic!("{text}") };
        assert_eq!((violation.field.as_str(), violation.violation_type.as_str()), (field, kind), "{text}");
    }
    let unknown = validate_line(br#"{"event_type": "Other", "payload": {}}"#);
    assert!(unknown.model_violations[0].message.starts_with("Unknown event type: 'Other'. Known types: ['Event', "));
    assert_eq!(unknown.event_type, "Other");
    assert!(!validate_line(b"\xff").valid);
}

#[test]
fn every_line_gets_a_result_and_is_tallied() {
    let (payload, event_type) = fixture("mission-audit-started-valid");
    let good = json!({"event_type": event_type, "payload": payload});
    let mut text = format!("{good}\n\n{{\n{good}\r\n").into_bytes();
    text.extend(vec![b' '; LONGEST]);
    text.extend_from_slice(b"7\n");
    let mut written = Vec::new();
    let tally = validate_stream(text.as_slice(), &mut written).unwrap();
    assert_eq!(tally, Tally { valid: 2, invalid: 2 });
    let written = String::from_utf8(written).unwrap();
    let valid: Vec<_> = written.lines().map(|line| line.contains("\"valid\":true")).collect();
    assert_eq!(valid, [true, false, true, false]);
    assert!(written.contains("line longer than"));
}

const LONGEST: usize = crate::lines::LONGEST_LINE;

struct Refusing;

impl std::io::Write for Refusing {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_writer_that_refuses_ends_the_validation() {
    let error = validate_stream(&b"7\n"[..], Refusing).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}
