//! How the command ends when its output, its time or its user give out.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    process::Stdio,
};

use serde_json::{Value, json};

use crate::store::{PUSH, Run, Store, elsewhere};

#[test]
fn a_reader_that_goes_away_ends_it_quietly_and_not_as_if_all_was_written() {
    let store = Store::new();
    for file in 0..300 {
        store.file(&format!("{file}"), b"");
    }
    store.pushed();
    let mut child = store.command(&["tail", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let run = Run::end_of(child);
    assert_eq!((run.code, run.stderr.as_str()), (141, ""));
    let mut child = elsewhere(&["--help"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::end_of(child);
    assert!(matches!(run.code, 0 | 141) && run.stderr.is_empty(), "{run:?}");
}

#[test]
fn output_that_cannot_be_written_is_a_fault() {
    let store = Store::new();
    store.pushed();
    for arguments in [&["ls"][..], &["--help"], &["version"], &["tail", "--json"], &["completions", "bash"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let run = Run::of(store.command(arguments).stdout(full).output().unwrap());
        assert_eq!(run.code, 8, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("AS-CLI-0003"), "{}", run.stderr);
    }
}

#[test]
fn nothing_but_results_is_said_in_a_pipe() {
    let store = Store::new();
    store.file("a", &vec![1; 300_000]);
    let pushed = store.run(&PUSH).well();
    assert_eq!(pushed.stderr, "");
    let package = store.pushed();
    for arguments in [&["pull", &package, "copy"][..], &["verify", &package]] {
        let run = store.run(arguments).well();
        assert_eq!(run.stderr, "", "{arguments:?}");
        assert!(!run.stdout.contains(&0x1b) && !run.stdout.contains(&b'\r'));
    }
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let store = Store::new();
    store.pushed();
    let run = store.run(&["tail", "--follow", "--timeout", "1", "--json"]);
    let fault: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(
        (run.code, &fault["code"], &fault["category"]),
        (10, &json!("AS-CLI-0004"), &json!("deadline_exceeded"))
    );
    let message = fault["message"].as_str().unwrap();
    assert!(message.starts_with("tail: ") && message.contains("1s") && !message.contains("interrupted"), "{message}");
    assert!(!run.objects().is_empty(), "what came before is written");
}

#[test]
fn a_change_whose_answer_does_not_come_may_be_made_and_says_so() {
    // Connections are accepted by the operating system; nobody answers them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", silent.local_addr().unwrap());
    let package = "01890a5d-ac96-774b-bcce-b302099a8057";
    let changes: [(&[&str], &str); 3] = [
        (&["finalize", package], "unknown"),
        (&["fail", package, "--reason", "late"], "unknown"),
        (&["show", package], "not_applied"),
    ];
    for (command, outcome) in changes {
        let arguments = [command, &["--server", &server, "--timeout", "1", "--json"]].concat();
        let run = Run::of(elsewhere(&arguments).output().unwrap());
        let fault: Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(
            (run.code, &fault["code"], &fault["outcome"]),
            (10, &json!("AS-CLI-0004"), &json!(outcome)),
            "{fault}"
        );
        let message = fault["message"].as_str().unwrap();
        assert_eq!(message.contains("can be run again"), outcome == "unknown", "{message}");
    }
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = Run::of(elsewhere(&["completions", shell]).output().unwrap()).well();
        assert!(String::from_utf8(run.stdout).unwrap().contains("skip-special"), "{shell}");
    }
}

#[test]
fn version_is_one_line_or_one_object() {
    let version = env!("CARGO_PKG_VERSION");
    for argument in ["version", "--version"] {
        let run = Run::of(elsewhere(&[argument]).output().unwrap()).well();
        assert_eq!(run.lines(), [format!("artifactstore {version}")]);
    }
    let run = Run::of(elsewhere(&["version", "--json"]).output().unwrap()).well();
    assert_eq!(run.objects(), [json!({"name": "artifactstore", "version": version, "manifest_version": 1})]);
}

#[test]
fn health_is_told_and_is_the_exit_code() {
    let store = Store::new();
    store.pushed();
    let health = store.json(&["health"]);
    assert_eq!((&health["serving"], &health["backends"][0]["reachable"]), (&json!(true), &json!(true)));
    assert_eq!(health["version"], json!(env!("CARGO_PKG_VERSION")));
    let mut text = String::new();
    let mut child = store.command(&["health"]).stdout(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success() && text.contains("serving"), "{text}");
}
