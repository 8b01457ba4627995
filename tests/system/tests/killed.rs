//! A producer killed with SIGKILL at any moment of a push: nothing acknowledged is missing, nothing unacknowledged is
//! reported as done, the log has no hole, and the push can be run again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and says its seed"
)]

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use artifactstore_client::ManifestFormat;
use artifactstore_embedded::{Embedded, EmbeddedOptions, Registry};
use artifactstore_system::{FILES, bytes_of, path_of};
use artifactstore_types::{ByteRange, ContentAddress, PackageId, PackageStatus};
use futures::TryStreamExt as _;

const ROUNDS: u64 = 50;

/// What a producer was told, as far as it could still say so.
#[derive(Default)]
struct Acknowledged {
    package: Option<PackageId>,
    files: HashMap<String, ContentAddress>,
    finalized: Option<ContentAddress>,
    completed: bool,
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["created", id, _] => self.package = Some(id.parse().unwrap()),
            ["file", _, path, address] => {
                self.files.insert(path.to_owned(), address.parse().unwrap());
            }
            ["finalized", _, digest] => self.finalized = Some(digest.parse().unwrap()),
            ["opened"] => {}
            _ => panic!("the producer said {line:?}"),
        }
    }
}

fn start(directory: &Path, round: u64, database: Option<&str>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_artifactstore-producer"));
    command.arg(directory).arg(round.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
    match database {
        Some(url) => command.env("ARTIFACTSTORE_DATABASE_URL", url),
        None => command.env_remove("ARTIFACTSTORE_DATABASE_URL"),
    };
    command.spawn().unwrap()
}

/// Runs a producer, kills it once `after` has passed, and returns what it was told until then.
fn run(directory: &Path, round: u64, after: Duration, database: Option<&str>) -> Acknowledged {
    let mut child = start(directory, round, database);
    let out = child.stdout.take().unwrap();
    let (sender, lines) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let deadline = Instant::now() + after;
    let mut acknowledged = Acknowledged::default();
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => acknowledged.note(&line),
            Err(RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                // What had been said before the kill counts.
                while let Ok(line) = lines.recv() {
                    acknowledged.note(&line);
                }
                break;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    reader.join().unwrap();
    acknowledged.completed = child.wait().unwrap().success();
    acknowledged
}

async fn check(directory: &Path, round: u64, acknowledged: &Acknowledged, database: Option<&str>) {
    let embedded = Embedded::open(options(directory, database)).await.unwrap();
    let store = embedded.connection();
    if let Some(id) = acknowledged.package {
        let package = store.load_package(id).await.unwrap();
        for (path, address) in &acknowledged.files {
            let path = path.parse().unwrap();
            let download = store.download(id, &path, ByteRange::ALL).await.unwrap();
            assert_eq!(download.file.content_address, *address, "{path} of round {round}");
            let bytes: Vec<_> = download.bytes.try_collect().await.unwrap();
            assert_eq!(ContentAddress::of(&bytes.concat()), *address, "{path} of round {round}");
        }
        // Rows beyond what was acknowledged may exist, but each has its bytes.
        let verified: Vec<_> = store.verify_package(id).try_collect().await.unwrap();
        assert!(verified.iter().all(|file| file.mismatch.is_none()), "a row without its bytes in round {round}");
        assert_eq!(verified.len() as u64, package.file_count);
        for file in verified {
            let index = (0..FILES).find(|index| path_of(*index) == file.file.relative_path).unwrap();
            assert_eq!(file.file.content_address, ContentAddress::of(&bytes_of(round, index)));
        }
        if let Some(digest) = acknowledged.finalized {
            assert_eq!(package.manifest_digest, Some(digest));
        }
        if package.status == PackageStatus::Finalized {
            assert_eq!(package.file_count, FILES as u64, "finalized without every file in round {round}");
            let manifest = store.load_manifest(id, ManifestFormat::Cbor).await.unwrap();
            assert_eq!(Some(artifactstore_manifest::digest(&manifest)), package.manifest_digest);
        } else {
            assert!(acknowledged.finalized.is_none());
        }
    }
    drop(store);
    embedded.close().await;
}

fn options(directory: &Path, database: Option<&str>) -> EmbeddedOptions {
    let mut options = EmbeddedOptions::in_directory(directory);
    if let Some(url) = database {
        url.clone_into(&mut options.database_url);
    }
    options
}

async fn killed_again_and_again(database: Option<&str>, rounds: u64) {
    let directory = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let whole = run(directory.path(), 0, Duration::from_mins(2), database);
    let span = began.elapsed();
    assert!(whole.completed && whole.finalized.is_some() && whole.files.len() == FILES);
    check(directory.path(), 0, &whole, database).await;

    let seed = u64::from(std::process::id());
    eprintln!("seed {seed}, a push takes {span:?}");
    let mut state = seed | 1;
    let mut interrupted = 0;
    for round in 1..=rounds {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX);
        let acknowledged = run(directory.path(), round, span.mul_f64(share * 1.1), database);
        interrupted += u64::from(!acknowledged.completed);
        check(directory.path(), round, &acknowledged, database).await;
    }
    assert!(interrupted > rounds / 3, "the producer was killed in only {interrupted} of {rounds} rounds");

    let embedded = Embedded::open(options(directory.path(), database)).await.unwrap();
    let checked = embedded.registry().check(&|_, _| {}).await.unwrap();
    assert_eq!(checked.findings, []);
    embedded.close().await;
    let again = run(directory.path(), rounds + 1, Duration::from_mins(2), database);
    assert!(again.completed && again.finalized.is_some(), "the push could not be run again");
    check(directory.path(), rounds + 1, &again, database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loses_nothing_acknowledged_when_killed_fifty_times_on_sqlite() {
    killed_again_and_again(None, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loses_nothing_acknowledged_when_killed_on_postgres() {
    let database = artifactstore_testkit::postgres::TestDatabase::create().await;
    let options = EmbeddedOptions::at(database.url(), "unused");
    let registry = Registry::open(&options).await.unwrap();
    registry.migrate(false).await.unwrap();
    registry.close().await;
    killed_again_and_again(Some(database.url()), ROUNDS / 5).await;
}
