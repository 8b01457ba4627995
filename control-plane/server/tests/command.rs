//! The control-plane command itself: what it says of itself, what it refuses by name, and that a signal ends it well.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_artifactstore-control-plane"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ARTIFACTSTORE_") {
            command.env_remove(name);
        }
    }
    command
}

fn output(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command().args(arguments).envs(variables.iter().copied()).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn it_says_what_it_is() {
    let (code, help, _) = output(&["--help"], &[]);
    assert_eq!(code, Some(0));
    assert!(help.contains("ARTIFACTSTORE_DATABASE_URL") && help.contains("Examples:"), "{help}");
    let (code, version, _) = output(&["--version"], &[]);
    let expected = concat!("artifactstore-control-plane ", env!("CARGO_PKG_VERSION"));
    assert_eq!((code, version.trim()), (Some(0), expected));
}

#[test]
fn it_refuses_what_it_cannot_work_with_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    let url = format!("sqlite://{}", folder.path().join("registry.db").display());
    let good = [
        ("ARTIFACTSTORE_DATABASE_URL", url.as_str()),
        ("ARTIFACTSTORE_KEY_FILE", key.to_str().unwrap()),
        ("ARTIFACTSTORE_GRPC_ADDR", "127.0.0.1:0"),
        ("ARTIFACTSTORE_HTTP_ADDR", "127.0.0.1:0"),
    ];
    for (name, value) in [
        ("ARTIFACTSTORE_CONTROL_PLANE_ID", "../x"),
        ("ARTIFACTSTORE_TICKET_SECONDS", "0"),
        ("ARTIFACTSTORE_SILENCE_SECONDS", "1"),
        ("ARTIFACTSTORE_MIGRATIONS", "perhaps"),
        ("ARTIFACTSTORE_GRPC_ADDR", "localhost"),
        ("ARTIFACTSTORE_JOIN_TOKENS", "a"),
    ] {
        let mut variables = good.to_vec();
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value));
        let (code, _, said) = output(&[], &variables);
        let word = name.trim_start_matches("ARTIFACTSTORE_").to_lowercase();
        assert_eq!(code, Some(2), "{name}={value}: {said}");
        assert!(said.contains("error[AS-CONTROL-0001]") && said.to_lowercase().contains(&word), "{name}: {said}");
    }
    assert_eq!(output(&["--verbose"], &good).0, Some(2));
    std::fs::write(&key, "not a key").unwrap();
    let (code, _, said) = output(&[], &good);
    assert!(code != Some(0) && said.contains("error[AS-DPL-001"), "{said}");
}

/// Ends the process where a test ends before it did.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Path) -> (Ended, String) {
    let child = command()
        .env("ARTIFACTSTORE_DATABASE_URL", format!("sqlite://{}", folder.join("registry.db").display()))
        .env("ARTIFACTSTORE_KEY_FILE", folder.join("keys/control-plane.pem"))
        .env("ARTIFACTSTORE_GRPC_ADDR", "127.0.0.1:0")
        .env("ARTIFACTSTORE_HTTP_ADDR", "127.0.0.1:0")
        // What commands read may stand in the same environment.
        .env("ARTIFACTSTORE_SERVER", "http://127.0.0.1:7070")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = Ended(child.unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line)
}

#[test]
fn it_makes_what_it_needs_serves_and_ends_well_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (mut child, line) = start(folder.path());
        assert!(line.starts_with("control-plane gRPC http://127.0.0.1:"), "{line}");
        let pid = rustix::process::Pid::from_child(&child.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let ended = child.0.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
    assert!(folder.path().join("keys/control-plane.pem").is_file());
}
