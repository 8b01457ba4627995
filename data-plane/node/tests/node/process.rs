//! The command itself: what it says of itself, what it refuses, and that a signal ends it well.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use artifactstore_wire::v1::{self, transfer_service_ingest_stream_request::Part};
use futures::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    resuming::{ID, PART, go_on, header, query},
    world::*,
};

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
        for arguments in [&["check"][..], &[]] {
            let (code, _, said) = output(arguments, &variables);
            assert_eq!(code, Some(2), "{name}={value}: {said}");
            assert!(said.contains("error[AS-NODE-00"), "{name}={value}: {said}");
        }
        let (_, _, said) = output(&[], &variables);
        assert!(said.contains("error[AS-NODE-00") && said.to_lowercase().contains(word), "{name}={value}: {said}");
    }
    let (code, told, said) = output(&["check"], &good);
    assert!(code == Some(0) && told.contains(root) && said.is_empty(), "{told}{said}");
    assert!(!folder.path().join("storage").exists(), "a check makes nothing");
    assert_eq!(output(&["--verbose"], &good).0, Some(2));
    std::fs::write(key, "not a key").unwrap();
    let (code, _, said) = output(&[], &good);
    assert!(code != Some(0) && said.contains("AS-DPL-001"), "{said}");
}

/// A node in a process of its own, ended where a test ends before it did.
struct Process {
    child: Child,
    /// What it said when it was up.
    line: String,
    http: SocketAddr,
}

impl Process {
    /// One that is known to `plane` and keeps everything in `folder`.
    async fn start(plane: &ControlPlane, folder: &Path) -> Self {
        let child = command()
            .env("ARTIFACTSTORE_NODE_ID", "node-a")
            .env("ARTIFACTSTORE_CONTROL_PLANES", plane.endpoint.to_string())
            .env("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", folder.join("storage"))
            .env("ARTIFACTSTORE_KEY_FILE", folder.join("keys/node.pem"))
            .env("ARTIFACTSTORE_GRPC_ADDR", "127.0.0.1:0")
            .env("ARTIFACTSTORE_HTTP_ADDR", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let mut line = String::new();
        let said = BufReader::new(child.stdout.take().unwrap());
        tokio::task::block_in_place(|| { said }.read_line(&mut line)).unwrap();
        let http = line.trim().rsplit_once("http://").unwrap().1.parse().unwrap();
        let process = Self { child, line, http };
        while get(process.http, "/health").await.0 != 200 {}
        process
    }

    fn at(&self) -> NodeAt {
        let (_, grpc) = self.line.split_once("gRPC http://").unwrap();
        NodeAt { grpc: grpc.split(' ').next().unwrap().parse().unwrap() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_makes_a_key_serves_and_ends_well_when_it_is_asked_to() {
    let plane = ControlPlane::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut keys = Vec::new();
    for _ in 0..2 {
        plane.known.clone().mark_unchanged();
        let mut process = Process::start(&plane, folder.path()).await;
        let (said, ..) = plane.knows().await;
        let mut beats = plane.beat.clone();
        beats.wait_for(|(count, beat)| *count > 0 && !beat.stopping).await.unwrap();
        let line = &process.line;
        assert!(line.starts_with(&format!("node-a gRPC {} HTTP http://127.0.0.1:", said.endpoint)), "{line}");
        keys.push(said.public_key);
        let pid = rustix::process::Pid::from_child(&process.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let ended = tokio::task::block_in_place(|| process.child.wait()).unwrap();
        let mut logged = String::new();
        process.child.stderr.take().unwrap().read_to_string(&mut logged).unwrap();
        assert!(ended.success(), "{ended}: {logged}");
        assert!(!logged.contains("ERROR") || logged.contains("not ready"), "{logged}");
    }
    assert_eq!(keys[0], keys[1], "the key outlives the process");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_during_an_upload_it_goes_on_from_bytes_that_are_on_disk() {
    let plane = ControlPlane::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    node_key().store(&folder.path().join("keys/node.pem")).unwrap();
    let (content, ticket) = (content(1, 7 * PART + 5), to_send("a"));

    let process = Process::start(&plane, folder.path()).await;
    let beginning = chunks(content.slice(..6 * PART)).into_iter().map(Part::Chunk);
    let parts = [Part::Header(header(0))].into_iter().chain(beginning);
    let messages = parts.map(|part| v1::TransferServiceIngestStreamRequest { part: Some(part) });
    // It never ends: there is nothing that could be answered.
    let request = shown(&ticket, stream::iter(messages.collect::<Vec<_>>()).chain(stream::pending()));
    let mut client = process.at().transfers().await;
    let call = tokio::spawn(async move { client.ingest_stream(request).await });
    let names = |folder: &Path| {
        let names = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        names.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.')).collect::<Vec<_>>()
    };
    let records = folder.path().join("storage/.records");
    while !names(&records).iter().any(|path| path.extension().is_some_and(|kind| kind == "upload")) {
        tokio::task::yield_now().await;
    }
    drop(process);
    call.await.unwrap().unwrap_err();

    let process = Process::start(&plane, folder.path()).await;
    let offset = query(&process.at(), &ticket, ID).await.unwrap();
    let stored = usize::try_from(offset).unwrap();
    assert!(stored >= 4 * PART && stored.is_multiple_of(PART), "{offset}");
    let file = names(&folder.path().join("storage/.uploads")).pop().unwrap();
    assert!(std::fs::read(file).unwrap()[..stored] == content[..stored], "what counts is not on disk");
    go_on(&process.at(), &ticket, &content, offset).await.unwrap();
}
