//! Events, as programs read them.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use artifactstore_types::ContentAddress;
use serde_json::{Value, json};

use crate::store::{PUSH, Run, Store, text};

fn tail(store: &Store, arguments: &[&str]) -> Vec<Value> {
    store.run(&[&["tail", "--json"], arguments].concat()).well().objects()
}

fn sequences(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect()
}

#[test]
fn every_event_has_the_promised_fields() {
    let store = Store::new();
    store.file("a", b"1");
    let pushed = store.push();
    let events = tail(&store, &[]);
    let expected = [
        "sequence",
        "event_id",
        "type",
        "namespace",
        "subject_kind",
        "subject_id",
        "actor",
        "recorded_at",
        "payload_digest",
        "payload",
    ];
    for event in &events {
        let mut keys: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(keys, expected);
        assert!(event["payload"].is_object(), "{event}");
        assert_eq!((&event["subject_kind"], &event["subject_id"]), (&json!("package"), &pushed["package_id"]));
    }
    assert_eq!(sequences(&events), (1..=events.len() as u64).collect::<Vec<_>>());
    let finalized = events.iter().find(|event| event["type"] == "v1.package.finalized").unwrap();
    assert_eq!(finalized["payload_digest"], pushed["manifest_digest"], "its payload is the manifest");
    let manifest = store.run(&["manifest", "--json", &text(&pushed["package_id"])]).well().stdout;
    assert_eq!(finalized["payload"], serde_json::from_slice::<Value>(&manifest).unwrap());
    let created = &events[0];
    let payload = artifactstore_manifest::cbor::encode(&serde_json::from_value(created["payload"].clone()).unwrap());
    assert_eq!(
        created["payload_digest"],
        json!(ContentAddress::of(&payload)),
        "the payload can be had again from JSON"
    );
}

#[test]
fn a_reader_goes_on_where_it_stopped_and_sees_what_it_wants() {
    let store = Store::new();
    store.file("a", b"1");
    let first = store.pushed();
    let second = store.pushed();
    let all = tail(&store, &[]);
    assert_eq!(tail(&store, &["--since", "3"]), all[3..]);
    assert_eq!(tail(&store, &["--since", "999999"]), Vec::<Value>::new());
    let types = ["--type", "v1.package.created", "--type", "v1.package.finalized"];
    let of_types = tail(&store, &types);
    assert_eq!(of_types.len(), 4);
    let of_second = tail(&store, &[&types[..], &["--subject", &second]].concat());
    assert!(of_second.len() == 2 && of_second.iter().all(|event| event["subject_id"] != json!(first)));
    assert_eq!(tail(&store, &["--namespace", "elsewhere"]), Vec::<Value>::new());
}

#[test]
fn what_cannot_happen_and_what_does_not_exist_is_not_waited_for() {
    let store = Store::new();
    store.pushed();
    let run = store.run(&["tail", "--follow", "--type", "v1.package.finalised"]).failed(2, "AS-CLI-0001");
    assert!(run.stderr.contains("v1.retention.default_applied") && run.stderr.contains("similar"), "{}", run.stderr);
    let absent = "01890a5d-ac96-774b-bcce-b302099a8057";
    store.run(&["tail", "--follow", "--subject", absent]).failed(3, "AS-SVC-0001");
}

#[test]
fn events_are_lines_for_people_too() {
    let store = Store::new();
    store.pushed();
    let lines = store.run(&["tail"]).well().lines();
    assert!(lines[0].contains("v1.package.created") && lines[0].contains("tester"), "{lines:?}");
}

#[test]
fn following_shows_what_is_there_at_once_and_ends_when_interrupted() {
    let store = Store::new();
    store.run(&PUSH).well();
    let mut following = store.command(&["tail", "--follow", "--json"]);
    let mut following = following.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("v1.package.created"));
    let process = rustix::process::Pid::from_child(&following);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let run = Run::end_of(following);
    assert_eq!(run.code, 130, "{}", run.stderr);
}

#[test]
fn the_views_are_what_the_log_says_before_and_after_folding_it_again() {
    let store = Store::new();
    store.file("a", b"1");
    let package = store.pushed();
    let before = store.json(&["show", &package, "--files"]);
    let checked = store.json(&["replay", "--check"]);
    assert_eq!((&checked["identical"], &checked["findings"]), (&json!(true), &json!([])));
    let replayed = store.json(&["replay"]);
    assert_eq!(replayed["events"], checked["events"]);
    assert_eq!(store.json(&["show", &package, "--files"]), before);
}
