//! Contracts: what is valid, what is not, what a stream amounts to. None of it needs a store.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use artifactstore_contracts::{
    catalogue::FAMILIES,
    fixtures::{ExpectedResult, FixtureSet},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::store::{Run, elsewhere};

/// A directory, and files in it.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn contracts(directory: &TempDir, arguments: &[&str]) -> Run {
    let mut command = elsewhere(&["contracts"]);
    Run::of(command.args(arguments).current_dir(directory.path()).output().unwrap())
}

/// Runs the command with something on its standard input.
fn piped(arguments: &[&str], text: &str) -> Run {
    let mut command = elsewhere(&["contracts"]);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Run::end_of(child)
}

/// A file that comes with a family.
fn fixture(path: &str) -> &'static str {
    let mut files = FAMILIES.iter().flat_map(|family| family.fixtures);
    files.find(|(known, _)| *known == path).unwrap().1
}

/// Below the fixtures of the mission audit.
fn path(path: &str) -> String {
    format!("mission_audit/{path}")
}

const REQUESTED: &str = "MissionAuditRequested";

#[test]
fn a_payload_is_validated_from_a_file_or_standard_input() {
    let (good, bad) = (
        fixture(&path("valid/mission_audit_requested_manual.json")),
        fixture(&path("invalid/mission_audit_requested_bad_trigger.json")),
    );
    let directory = directory(&[("good", good), ("bad", bad)]);
    let valid = contracts(&directory, &["validate", "--type", REQUESTED, "good"]).well();
    let expected = json!({"event_type": REQUESTED, "valid": true, "model_violations": [], "schema_violations": []});
    assert_eq!(valid.objects(), [expected]);
    for run in [
        contracts(&directory, &["validate", "--type", REQUESTED, "bad"]),
        contracts(&directory, &["validate", "--type", REQUESTED, "bad", "--json"]),
        piped(&["validate", "--type", REQUESTED], bad),
        piped(&["validate", "--type", REQUESTED, "-"], bad),
    ] {
        assert_eq!((run.code, run.stderr.as_str()), (2, ""));
        let result = run.objects().remove(0);
        assert_eq!(result["model_violations"][0]["field"], json!("trigger_mode"), "{result}");
        assert!(!result["schema_violations"].as_array().unwrap().is_empty(), "{result}");
    }
}

#[test]
fn what_is_no_payload_gets_a_result_that_says_so() {
    let deep = "[".repeat(100_000);
    let long = format!("\"{}\"", "x".repeat(16 << 20));
    for (text, reason) in [
        ("", "Invalid JSON: EOF"),
        ("{\"a\": ", "Invalid JSON: EOF"),
        ("{} {}", "Invalid JSON: trailing characters"),
        ("{}, \"b\": {}", "Invalid JSON: trailing characters"),
        ("NaN", "Invalid JSON: expected value"),
        (&deep, "Invalid JSON: recursion limit"),
        (&long, "Invalid JSON: longer than 16777216 bytes"),
    ] {
        let directory = directory(&[("payload", text)]);
        let run = contracts(&directory, &["validate", "--type", REQUESTED, "payload"]);
        let shown = &text[..text.len().min(20)];
        assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{shown}");
        let result = run.objects().remove(0);
        assert_eq!((&result["event_type"], &result["valid"]), (&json!(REQUESTED), &json!(false)));
        let message = result["model_violations"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(reason), "{shown}: {message}");
    }
    assert_eq!(piped(&["validate", "--type", "Event"], "null").code, 2, "JSON, but no envelope");
}

#[test]
fn an_unknown_type_is_refused_with_those_that_are_known() {
    let run = piped(&["validate", "--type", "MissionAuditRequestd"], "").failed(2, "AS-CLI-0001");
    assert!(run.stderr.contains("MissionAuditRequested") && run.stderr.contains("MissionDossier"), "{}", run.stderr);
    let run = piped(&["validate", "--type", "nothing", "--json"], "");
    let fault: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((run.code, &fault["category"]), (2, &json!("invalid")));
}

#[test]
fn every_line_of_a_stream_gets_its_result() {
    let payload: Value = serde_json::from_str(fixture(&path("valid/mission_audit_requested_manual.json"))).unwrap();
    let good = json!({"event_type": REQUESTED, "payload": payload}).to_string();
    let all_good = format!("{good}\n\n{good}");
    let some_bad = format!("{good}\n{{\n{{\"event_type\": \"Nope\", \"payload\": {{}}}}\n[]\n{good}\n");
    let directory = directory(&[("good", &all_good), ("bad", &some_bad), ("empty", "")]);
    let verdicts = |run: &Run| run.objects().iter().map(|it| it["valid"].as_bool().unwrap()).collect::<Vec<_>>();
    assert_eq!(verdicts(&contracts(&directory, &["validate", "--jsonl", "good"]).well()), [true, true]);
    for run in [contracts(&directory, &["validate", "--jsonl", "bad"]), piped(&["validate", "--jsonl"], &some_bad)] {
        assert_eq!((run.code, run.stderr.as_str()), (2, ""));
        assert_eq!(verdicts(&run), [true, false, false, false, true]);
        assert!(run.lines()[2].contains("Unknown event type: 'Nope'. Known types: ['Event'"), "{:?}", run.lines());
    }
    assert_eq!(contracts(&directory, &["validate", "--jsonl", "empty"]).well().stdout, b"");
}

#[test]
fn the_fixtures_of_others_get_the_verdicts_they_were_published_with() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/spec-kitty-events-2.5.0/fixtures");
    let Ok(set) = FixtureSet::open(&root) else {
        eprintln!("skipped: there are no fixtures in {}", root.display());
        return;
    };
    let mut lines = Vec::new();
    let mut expected = Vec::new();
    for family in FAMILIES {
        for case in set.load_fixtures(family.category).unwrap() {
            lines.push(json!({"event_type": case.event_type, "payload": case.payload}).to_string());
            expected.push(case.expected_valid);
        }
    }
    let run = piped(&["validate", "--jsonl"], &lines.join("\n"));
    let verdicts: Vec<_> = run.objects().iter().map(|it| it["valid"] == json!(true)).collect();
    assert!(!expected.is_empty());
    assert_eq!(verdicts, expected);
}

#[test]
fn every_replay_stream_reduces_to_its_state() {
    let set = FixtureSet::compiled_in().unwrap();
    let mut states = 0;
    for family in FAMILIES {
        for entry in set.manifest().fixtures.iter().filter(|entry| entry.category() == family.category) {
            let Ok(expected) = set.load_reducer_output(&format!("{}-output", entry.id)) else { continue };
            let directory = directory(&[("events.jsonl", fixture(&entry.path))]);
            let run = contracts(&directory, &["reduce", family.name, "events.jsonl"]).well();
            assert_eq!(run.objects(), [expected], "{}", entry.id);
            states += 1;
        }
    }
    assert!(states > 0);
    let first = piped(&["reduce", "mission-audit"], "").well();
    assert!(first.stdout.starts_with(b"{\"audit_status\":"), "in the order of the contract: {:?}", first.lines());
}

#[test]
fn a_stream_without_a_state_says_why_on_standard_output() {
    let events = fixture(&path("replay/mission_audit_replay_pass.jsonl"));
    for bad in ["nonsense", "{}", "[1]", "\u{0}"] {
        let run = piped(&["reduce", "mission-audit"], &format!("{events}\n{bad}\n"));
        assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{bad}");
        let failure = run.objects().remove(0);
        assert_eq!(failure["error"], json!("ValidationError"), "{bad}");
        assert!(failure["message"].as_str().unwrap().contains("line "), "{failure}");
    }
    piped(&["reduce", "mission"], "").failed(2, "AS-CLI-0001");
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_and_no_verdict() {
    let directory = directory(&[]);
    for start in [&["validate", "--type", "Event"][..], &["validate", "--jsonl"], &["reduce", "mission-dossier"]] {
        contracts(&directory, &[start, &["absent"]].concat()).failed(3, "AS-CLI-0010");
        contracts(&directory, &[start, &["."]].concat()).failed(5, "AS-CLI-0010");
    }
    contracts(&directory, &["schemas", "--check", "--out", "absent"]).failed(3, "AS-CLI-0010");
}

#[test]
fn a_stream_that_cannot_be_sorted_is_a_fault() {
    let directory = directory(&[]);
    let first = fixture(&path("replay/mission_audit_replay_pass.jsonl")).lines().next().unwrap();
    let mut event: Value = serde_json::from_str(first).unwrap();
    event["payload"]["padding"] = json!("x".repeat(1 << 20));
    let mut lines = Vec::new();
    for number in 0..20 {
        event["event_id"] = json!(format!("01J{number:023}"));
        lines.push(event.to_string());
    }
    fs::write(directory.path().join("events"), lines.join("\n")).unwrap();
    let mut command = elsewhere(&["contracts", "reduce", "mission-audit", "events"]);
    command.current_dir(directory.path()).env("TMPDIR", directory.path().join("absent"));
    Run::of(command.output().unwrap()).failed(3, "AS-CLI-0011");
}

#[test]
fn results_that_cannot_be_written_are_a_fault_and_a_reader_that_goes_away_is_none() {
    let lines = "{}\n".repeat(100_000);
    let directory = directory(&[("lines", &lines)]);
    let mut command = elsewhere(&["contracts", "validate", "--jsonl", "lines"]);
    command.current_dir(directory.path());
    let full = File::options().write(true).open("/dev/full").unwrap();
    Run::of(command.stdout(full).output().unwrap()).failed(8, "AS-CLI-0003");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::end_of(child);
    assert_eq!((run.code, run.stderr.as_str()), (141, ""));
}

#[test]
fn waiting_for_standard_input_can_be_timed_out() {
    let mut command = elsewhere(&["contracts", "reduce", "mission-audit", "--timeout", "1"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let kept_open = child.stdin.take();
    Run::end_of(child).failed(10, "AS-CLI-0004");
    drop(kept_open);
}

fn names(directory: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn schemas_are_listed_written_and_checked() {
    let directory = directory(&[("file", "")]);
    let listed = contracts(&directory, &["schemas"]).well().lines();
    assert!(listed.contains(&"event.schema.json".to_owned()), "{listed:?}");
    let objects = contracts(&directory, &["schemas", "--json"]).well().objects();
    assert!(objects.iter().all(|it| it["schema"]["$id"].is_string()) && objects.len() == listed.len());
    assert_eq!(
        contracts(&directory, &["schemas", "--check", "--json"]).well().objects(),
        [json!({"identical": true, "drift": []})]
    );

    let written = contracts(&directory, &["schemas", "--out", "a/b"]).well().lines();
    let out = directory.path().join("a/b");
    assert_eq!((written.len(), names(&out).len()), (listed.len(), listed.len()));
    contracts(&directory, &["schemas", "--check", "--out", "a/b"]).well();

    fs::write(out.join("event.schema.json"), "{}").unwrap();
    fs::write(out.join("more.schema.json"), "{}").unwrap();
    fs::remove_file(out.join(&listed[listed.len() - 1])).unwrap();
    let run = contracts(&directory, &["schemas", "--check", "--out", "a/b", "--json"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    let mut kinds: Vec<_> = run.objects()[0]["drift"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    kinds.sort_by_key(Value::to_string);
    assert_eq!(kinds, [json!("differs"), json!("missing"), json!("unexpected")]);
    assert!(contracts(&directory, &["schemas", "--check", "--out", "a/b"]).stdout.ends_with(b"is missing\n"));
    contracts(&directory, &["schemas", "--out", "file"]).failed(5, "AS-CLI-0003");
}

#[test]
fn fixtures_are_listed_with_their_verdicts() {
    let directory = directory(&[]);
    let entries = contracts(&directory, &["fixtures", "--json"]).well().objects();
    let set = FixtureSet::compiled_in().unwrap();
    assert_eq!(entries.len(), set.manifest().fixtures.len());
    for (entry, known) in entries.iter().zip(&set.manifest().fixtures) {
        let verdict = if known.expected_result == ExpectedResult::Valid { "valid" } else { "invalid" };
        assert_eq!(
            (&entry["id"], &entry["path"], &entry["expected_result"]),
            (&json!(known.id), &json!(known.path), &json!(verdict))
        );
    }
    let dossier = contracts(&directory, &["fixtures", "dossier"]).well().lines();
    assert!(dossier[0].starts_with("ID"), "{dossier:?}");
    assert!(dossier.len() > 1 && dossier[1..].iter().all(|line| line.contains("dossier/")), "{dossier:?}");
    contracts(&directory, &["fixtures", "dossiers"]).failed(2, "AS-CLI-0001");
}
