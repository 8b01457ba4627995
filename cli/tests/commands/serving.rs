//! The server for development: what it says, what it answers, how it ends.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use artifactstore_testkit::contracts::{audit_requested, audit_stream};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::store::{PUSH, Run, Store, contents, elsewhere, text};

/// A server on ports of its own, and its address.
fn serve(store: &Store) -> (Child, String) {
    let arguments =
        ["dev", "--json", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--log-level", "warn"];
    let mut child = store.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    assert!(text(&said["http"]).starts_with("http://127.0.0.1:"));
    (child, text(&said["grpc"]))
}

/// Runs the command against the server, from the directory the store is in.
fn against(store: &Store, server: &str, arguments: &[&str]) -> Run {
    let mut command = elsewhere(arguments);
    Run::of(command.env("ARTIFACTSTORE_SERVER", server).current_dir(store.at(".")).output().unwrap())
}

#[test]
fn the_same_commands_work_through_a_server() {
    let store = Store::new();
    store.file("a/b", b"deep");
    store.file("large", &vec![3; 700_000]);
    store.file("empty", b"");
    store.executable("run", b"#!");
    let (child, server) = serve(&store);
    let run = |arguments: &[&str]| against(&store, &server, arguments).well();

    let pushed = run(&[&PUSH[..], &["--json"]].concat()).objects().remove(0);
    let package = text(&pushed["package_id"]);
    run(&["pull", &package, "copy"]);
    assert_eq!(contents(&store.at("copy")), contents(&store.at("tree")));
    run(&["verify", &package, "--dir", "tree"]);
    assert_eq!(run(&["get", &package, "large", "--range", "5-9"]).stdout, [3; 5]);
    assert_eq!(run(&["ls", "--json"]).lines().len(), 1);
    let events = run(&["tail", "--json"]).objects();
    assert_eq!(events.last().unwrap()["sequence"], json!(events.len()));
    assert_eq!(run(&["manifest", &package, "--format", "cbor"]).stdout.first(), Some(&0xa6));
    run(&["health"]);
    std::fs::write(store.at("events"), audit_requested(1, 1, "r", "a")).unwrap();
    assert_eq!(run(&["contracts", "append", "events", "--json"]).objects()[0]["sequence"], json!(events.len() + 1));
    let state = run(&["contracts", "state", "mission-audit", audit_stream("r").key.as_str()]).objects().remove(0);
    assert_eq!(state["audit_scope"], json!(["a"]));
    let again = run(&[&PUSH[..], &["--json"]].concat()).objects().remove(0);
    assert_eq!(again["bytes_sent"], json!(0));
    let absent = against(&store, &server, &["show", "01890a5d-ac96-774b-bcce-b302099a8057"]);
    absent.failed(3, "AS-SVC-0001");

    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let ended = Run::end_of(child);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(store.json(&["show", &package])["status"], json!("finalized"), "and all of it is there afterwards");
}

#[test]
fn an_interrupted_push_gives_its_package_up() {
    let store = Store::new();
    // Long enough to be interrupted, though it takes no room on disk where it lies.
    File::create(store.at("tree/sparse")).unwrap().set_len(4 * 1024 * 1024 * 1024).unwrap();
    let (child, server) = serve(&store);
    let packages = || against(&store, &server, &["ls", "--json"]).well().objects();
    let mut pushing = elsewhere(&PUSH);
    pushing.env("ARTIFACTSTORE_SERVER", &server).current_dir(store.at("."));
    let pushing = pushing.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while packages().is_empty() {}
    kill_process(Pid::from_child(&pushing), Signal::INT).unwrap();
    let run = Run::end_of(pushing);
    assert_eq!(run.code, 130, "{}", run.stderr);
    assert!(run.stderr.contains("AS-CLI-0002") && run.stderr.contains("was given up"), "{}", run.stderr);
    let package = packages().remove(0);
    assert_eq!((&package["status"], &package["file_count"]), (&json!("failed"), &json!(0)));
    assert!(text(&package["failure_reason"]).contains("interrupted"));

    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(Run::end_of(child).code, 0);
    assert_eq!(contents(&store.at("store/storage/staging")), [], "nothing half sent is left");
}

#[test]
fn an_address_that_is_taken_is_a_fault() {
    let store = Store::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = store.run(&["dev", "--grpc-addr", &address, "--http-addr", "127.0.0.1:0"]);
    run.failed(5, "AS-SERVER-0003");
}

#[test]
fn a_server_that_only_starts_says_how_to_use_it() {
    let store = Store::new();
    let arguments = ["dev", "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"];
    let mut child = store.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said: Vec<_> = lines.take_while(|line| !line.starts_with("Ctrl-C")).collect();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(Run::end_of(child).code, 0);
    let said = said.join("\n");
    for word in ["gRPC", "HTTP", "database", "storage", "export ARTIFACTSTORE_SERVER=http://127.0.0.1:", "push DIR"] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}
