//! Contract events in a store: appended by the line, reduced, watched, held against packages.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use artifactstore_testkit::contracts::{
    artifact_indexed, audit_completed, audit_requested, audit_started, audit_stream, dossier_stream,
};
use artifactstore_types::Algorithm;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::store::{Run, Store, elsewhere, text};

fn audit(run: &str) -> String {
    audit_stream(run).key.to_string()
}

fn dossier(feature: &str) -> String {
    dossier_stream(feature).key.to_string()
}

/// A file of these lines beside the store.
fn lines(store: &Store, name: &str, lines: &[impl AsRef<[u8]>]) {
    let lines: Vec<_> = lines.iter().map(AsRef::as_ref).collect();
    fs::write(store.at(name), lines.join(&b'\n')).unwrap();
}

fn append(store: &Store, arguments: &[&str]) -> Run {
    store.run(&[&["contracts", "append"], arguments].concat())
}

fn state(store: &Store, arguments: &[&str]) -> Run {
    store.run(&[&["contracts", "state"], arguments].concat())
}

#[test]
fn a_stream_is_appended_and_its_state_is_what_the_file_reduces_to() {
    let store = Store::new();
    let events = [audit_started(2, 2, "r"), audit_requested(1, 1, "r", "a"), audit_completed(3, 3, "r", "x", "h")];
    lines(&store, "events.jsonl", &events);
    let appended = append(&store, &["events.jsonl", "--json"]).well().objects();
    let first = json!({
        "line": 1, "event_id": "01JQ4T1DE00000000000000002", "family": "mission-audit", "key": audit("r"),
        "namespace": "default", "sequence": 1, "repeated": false
    });
    assert_eq!((appended.len(), &appended[0]), (3, &first));
    let kept = state(&store, &["mission-audit", &audit("r")]).well().stdout;
    let mut reduce = elsewhere(&["contracts", "reduce", "mission-audit", "events.jsonl"]);
    let reduced = Run::of(reduce.current_dir(store.at(".")).output().unwrap()).well().stdout;
    assert_eq!(kept, reduced);

    let whole = state(&store, &["mission-audit", &audit("r"), "--json"]).well().objects().remove(0);
    assert_eq!((&whole["sequence"], &whole["event_count"], &whole["failed"]), (&json!(3), &json!(3), &json!(false)));
    assert_eq!(whole["state"], serde_json::from_slice::<Value>(&kept).unwrap());
    let before = state(&store, &["mission-audit", &audit("r"), "--at", "2"]).well().objects().remove(0);
    assert_eq!((&before["audit_status"], &before["anomalies"]), (&json!("running"), &json!([])));

    let again = append(&store, &["events.jsonl", "--json"]).well().objects();
    assert!(again.iter().all(|event| event["repeated"] == json!(true)));
    let shown = append(&store, &["events.jsonl"]).well().lines();
    assert!(shown[2].contains(&audit("r")) && shown[2].ends_with("was there"), "{shown:?}");
    store.run(&["replay", "--check"]).well();
}

#[test]
fn a_refused_line_is_said_and_the_others_are_appended() {
    let store = Store::new();
    let long = format!("{{\"padding\":\"{}\"}}", "x".repeat(3 << 20));
    let events = [
        audit_requested(1, 1, "r", "a").to_vec(),
        Vec::new(),
        b"nonsense".to_vec(),
        audit_requested(1, 1, "r", "b").to_vec(),
        long.into_bytes(),
        audit_started(2, 2, "r").to_vec(),
    ];
    lines(&store, "events.jsonl", &events);
    let run = append(&store, &["events.jsonl", "--json"]);
    assert_eq!((run.code, run.stderr.as_str()), (2, ""), "that of the first");
    let told: Vec<_> = run.objects().iter().map(|it| (it["line"].clone(), it["code"].clone())).collect();
    let refused = |line: u64, code: &str| (json!(line), json!(code));
    assert_eq!(
        told,
        [
            (json!(1), Value::Null),
            refused(3, "AS-REG-0018"),
            refused(4, "AS-REG-0019"),
            refused(5, "AS-REG-0018"),
            (json!(6), Value::Null),
        ]
    );
    assert!(run.objects()[3]["message"].as_str().unwrap().contains("longer than 1048576 bytes"));
    let shown = append(&store, &["events.jsonl"]).lines();
    assert!(shown[1].starts_with("line 3 refused[AS-REG-0018]: "), "{shown:?}");
    let state = state(&store, &["mission-audit", &audit("r"), "--json"]).well().objects().remove(0);
    assert_eq!(state["event_count"], json!(2));
}

#[test]
fn all_or_none_appends_nothing_where_one_is_refused() {
    let store = Store::new();
    lines(&store, "bad", &[audit_requested(1, 1, "r", "a").to_vec(), b"{}".to_vec()]);
    append(&store, &["--all-or-none", "bad"]).failed(2, "AS-REG-0018");
    state(&store, &["mission-audit", &audit("r")]).failed(3, "AS-SVC-0020");
    lines(&store, "good", &[audit_requested(1, 1, "r", "a")]);
    assert_eq!(append(&store, &["--all-or-none", "good"]).well().lines().len(), 1);
    lines(&store, "many", &vec![audit_requested(1, 1, "r", "a"); 1_001]);
    append(&store, &["--all-or-none", "many"]).failed(2, "AS-CLI-0001");
    append(&store, &["absent"]).failed(3, "AS-CLI-0010");
    append(&store, &["--all-or-none", "absent"]).failed(3, "AS-CLI-0010");
    lines(&store, "empty", &[b"\n \n"]);
    assert_eq!(append(&store, &["empty"]).well().stdout, b"");
    assert_eq!(append(&store, &["--all-or-none", "empty"]).well().stdout, b"");
}

#[test]
fn events_come_from_standard_input_too() {
    let store = Store::new();
    let events: Vec<_> =
        (0..2_000).map(|id| artifact_indexed(id, id * 7 % 2_000, "f", &format!("p-{}", id % 9), "md5", "h")).collect();
    lines(&store, "events", &events);
    let input = fs::File::open(store.at("events")).unwrap();
    let run = Run::of(store.command(&["contracts", "append"]).stdin(input).output().unwrap());
    assert_eq!(run.well().lines().len(), 2_000);
    let state = state(&store, &["mission-dossier", &dossier("f")]).well().objects().remove(0);
    assert_eq!((&state["event_count"], state["artifacts"].as_object().unwrap().len()), (&json!(2_000), 9));
    let types = ["tail", "--json", "--type", "v1.contract.MissionDossierArtifactIndexed"];
    let subject = dossier_stream("f").to_string();
    let events = store.run(&[&types[..], &["--subject", &subject]].concat()).well().objects();
    assert_eq!((events.len(), &events[0]["subject_kind"]), (2_000, &json!("contract")));
    let elsewhere = ["tail", "--namespace", "elsewhere", "--subject", &subject];
    store.run(&elsewhere).failed(2, "AS-CLI-0001");
    let envelope: Value = serde_json::from_str(events[0]["payload"]["envelope"].as_str().unwrap()).unwrap();
    assert_eq!(envelope["lamport_clock"], json!(0));
}

#[test]
fn a_state_that_is_not_there_is_not_found() {
    let store = Store::new();
    state(&store, &["mission-audit", &audit("r")]).failed(3, "AS-CLI-0008");
    lines(&store, "events", &[audit_requested(1, 1, "r", "a")]);
    append(&store, &["events"]).well();
    state(&store, &["mission-audit", "no/such/run"]).failed(3, "AS-SVC-0020");
    state(&store, &["mission-audit", &audit("r"), "--namespace", "elsewhere"]).failed(3, "AS-SVC-0020");
    state(&store, &["mission-audit", &audit("r"), "--at", "0"]).failed(3, "AS-SVC-0020");
    state(&store, &["mission-audit", &audit("r"), "--at", "2"]).failed(2, "AS-SVC-0021");
    state(&store, &["mission-unknown", "k"]).failed(2, "AS-CLI-0001");
}

#[test]
fn watching_shows_the_state_at_once_and_ends_when_interrupted() {
    let store = Store::new();
    lines(&store, "events", &[audit_requested(1, 1, "r", "a")]);
    append(&store, &["events"]).well();
    let mut watching = store.command(&["contracts", "watch", "mission-audit", &audit("r"), "--json"]);
    let mut watching = watching.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut shown = String::new();
    BufReader::new(watching.stdout.as_mut().unwrap()).read_line(&mut shown).unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["sequence"], &shown["state"]["audit_status"]), (&json!(1), &json!("pending")));
    kill_process(Pid::from_child(&watching), Signal::INT).unwrap();
    assert_eq!(Run::end_of(watching).code, 130);
}

#[test]
fn a_dossier_is_held_against_a_package() {
    let store = Store::new();
    for name in ["mutated", "same", "unknown"] {
        store.file(name, name.as_bytes());
    }
    let package = store.pushed();
    let sha256 = |bytes: &[u8]| Algorithm::Sha256.digest(bytes).hex();
    let same = artifact_indexed(1, 1, "f", "same", "sha256", &sha256(b"same"));
    lines(
        &store,
        "events",
        &[
            same.clone(),
            artifact_indexed(2, 2, "f", "mutated", "sha256", &sha256(b"before")),
            artifact_indexed(3, 3, "f", "missing", "sha256", &sha256(b"missing")),
        ],
    );
    append(&store, &["events"]).well();
    let verify = |feature: &str, more: &[&str]| {
        let key = dossier(feature);
        store.run(&[&["contracts", "verify", "mission-dossier", &key, &package], more].concat())
    };
    let run = verify("f", &["--json"]);
    assert_eq!((run.code, run.stderr.as_str()), (11, ""));
    let told: Vec<_> = run.objects().iter().map(|it| (text(&it["path"]), text(&it["parity"]))).collect();
    let expected = [("missing", "missing"), ("mutated", "mutated"), ("same", "same"), ("unknown", "unknown")];
    assert_eq!(told, expected.map(|(path, parity)| (path.to_owned(), parity.to_owned())));
    let lines_shown = verify("f", &[]).lines();
    assert!(lines_shown[1].starts_with("mutated: mutated: the state says sha256:"), "{lines_shown:?}");
    assert_eq!(lines_shown[3], "compared 4 paths: 1 missing, 1 mutated, 1 same, 1 unknown");

    let sound: Vec<_> = (10..)
        .zip(["mutated", "same", "unknown"])
        .map(|(id, name)| artifact_indexed(id, 1, "g", name, "sha256", &sha256(name.as_bytes())))
        .collect();
    lines(&store, "sound", &sound);
    append(&store, &["sound"]).well();
    assert_eq!(verify("g", &[]).well().lines(), ["compared 3 paths: 3 same"]);
    verify("none", &[]).failed(3, "AS-SVC-0020");
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    store.run(&["contracts", "verify", "mission-dossier", &dossier("g"), nobody]).failed(3, "AS-SVC-0001");
}
