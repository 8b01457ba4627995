//! The command itself: what it says of itself, what it refuses, and that a signal ends it well.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Command, Output, Stdio},
};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::world::*;

/// What a path of an HTTP door answers: the status, and the body as JSON.
pub async fn get(door: SocketAddr, path: &str) -> (u16, serde_json::Value) {
    let mut socket = tokio::net::TcpStream::connect(door).await.unwrap();
    socket.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_artifactstore-data-plane"));
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
    assert!(help.contains("ARTIFACTSTORE_NODE_ID"), "{help}");
    let (code, version, _) = output(&["--version"], &[]);
    assert_eq!((code, version.trim()), (Some(0), concat!("artifactstore-data-plane ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn it_refuses_what_it_cannot_work_with_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("storage");
    let root = root.to_str().unwrap();
    let key = folder.path().join("node.pem");
    let key = key.to_str().unwrap();
    let good = [
        ("ARTIFACTSTORE_NODE_ID", "node-a"),
        ("ARTIFACTSTORE_CONTROL_PLANES", "http://127.0.0.1:1"),
        ("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", root),
        ("ARTIFACTSTORE_KEY_FILE", key),
        ("ARTIFACTSTORE_GRPC_ADDR", "127.0.0.1:0"),
    ];
    for (name, value, word) in [
        ("ARTIFACTSTORE_NODE_ID", "", "node_id"),
        ("ARTIFACTSTORE_NODE_ID", "../x", "node_id"),
        ("ARTIFACTSTORE_CONTROL_PLANES", "", "control_planes"),
        ("ARTIFACTSTORE_CONTROL_PLANES", "localhost", "control_planes"),
        ("ARTIFACTSTORE_ENDPOINT", "ftp://x:1", "endpoint"),
        ("ARTIFACTSTORE_GRPC_ADDR", "0.0.0.0:0", "endpoint"),
        ("ARTIFACTSTORE_ZONE", "A zone", "zone"),
        ("ARTIFACTSTORE_WEIGHT", "1000001", "weight"),
        ("ARTIFACTSTORE_NODE", "a", "node"),
    ] {
        let mut variables = good.to_vec();
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value));
        let (code, _, said) = output(&[], &variables);
        assert_eq!(code, Some(2), "{name}={value}: {said}");
        assert!(said.contains("error[AS-NODE-00") && said.to_lowercase().contains(word), "{name}={value}: {said}");
    }
    assert_eq!(output(&["--verbose"], &good).0, Some(2));
    std::fs::write(key, "not a key").unwrap();
    let (code, _, said) = output(&[], &good);
    assert!(code != Some(0) && said.contains("AS-DPL-001"), "{said}");
}

/// Ends the process where a test ends before it did.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_makes_a_key_serves_and_ends_well_when_it_is_asked_to() {
    let plane = ControlPlane::start().await;
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let child = command()
            .env("ARTIFACTSTORE_NODE_ID", "node-a")
            .env("ARTIFACTSTORE_CONTROL_PLANES", plane.endpoint.to_string())
            .env("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", folder.path().join("storage"))
            .env("ARTIFACTSTORE_KEY_FILE", folder.path().join("keys/node.pem"))
            .env("ARTIFACTSTORE_GRPC_ADDR", "127.0.0.1:0")
            .env("ARTIFACTSTORE_HTTP_ADDR", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = Ended(child.unwrap());
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (child, line)
    };
    let mut keys = Vec::new();
    for _ in 0..2 {
        plane.known.clone().mark_unchanged();
        let (mut child, line) = tokio::task::block_in_place(start);
        let (said, ..) = plane.knows().await;
        let mut beats = plane.beat.clone();
        beats.wait_for(|(count, beat)| *count > 0 && !beat.stopping).await.unwrap();
        assert!(line.starts_with(&format!("node-a gRPC {} HTTP http://127.0.0.1:", said.endpoint)), "{line}");
        keys.push(said.public_key);
        let door = line.trim().rsplit_once("http://").unwrap().1.parse().unwrap();
        while get(door, "/health").await.0 != 200 {}
        let pid = rustix::process::Pid::from_child(&child.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::task::block_in_place(|| child.0.wait()).unwrap();
        let mut logged = String::new();
        child.0.stderr.take().unwrap().read_to_string(&mut logged).unwrap();
        assert!(ended.success(), "{ended}: {logged}");
        assert!(!logged.contains("ERROR") || logged.contains("not ready"), "{logged}");
    }
    assert_eq!(keys[0], keys[1], "the key outlives the process");
}
