//! The store as a library: no server, no set-up, several at once in one process.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use artifactstore_client::{Connection, TailRequest};
use artifactstore_embedded::{Embedded, EmbeddedOptions, Registry};
use artifactstore_types::{
    Actor, ByteRange, Category, FileHeader, MediaType, Metadata, Namespace, NewPackage, PackageId, Provenance,
    SmallFile, Upload,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

async fn open(directory: &Path) -> Embedded {
    Embedded::open(EmbeddedOptions::in_directory(directory)).await.unwrap()
}

fn actor() -> Actor {
    "tester".parse().unwrap()
}

async fn package(store: &Arc<dyn Connection>, name: &str) -> PackageId {
    let package = NewPackage {
        namespace: Namespace::default(),
        name: name.parse().unwrap(),
        producer: "tests".parse().unwrap(),
        subject: "embedding".parse().unwrap(),
        kind: None,
        class: "release-evidence".parse().unwrap(),
        metadata: Metadata::new(),
        provenance: Provenance::default(),
    };
    store.create_package(&actor(), package).await.unwrap().package_id
}

fn header(path: &str) -> FileHeader {
    FileHeader {
        relative_path: path.parse().unwrap(),
        media_type: MediaType::default(),
        executable: false,
        declared: None,
    }
}

async fn fill(store: &Arc<dyn Connection>, id: PackageId) {
    let upload = Upload { package_id: id, actor: actor(), replace: false };
    let small = (0..100).map(|n| SmallFile { header: header(&format!("{n}")), bytes: Bytes::from(vec![1; n]) });
    let added: Vec<_> = store.ingest_files(&upload, stream::iter(small).boxed()).try_collect().await.unwrap();
    assert_eq!(added.len(), 100);
    let large = stream::iter((0..50).map(|n| Ok(Bytes::from(vec![n; 30_000])))).boxed();
    store.ingest_file(&upload, header("large"), large).await.unwrap();
}

#[tokio::test]
async fn two_stores_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (open(one.path()).await, open(two.path()).await);
    let id = package(&first.connection(), "only-in-the-first").await;
    fill(&first.connection(), id).await;
    assert_eq!(second.connection().load_package(id).await.unwrap_err().category, Category::NotFound);
    assert_eq!(second.connection().health().await.unwrap().head, Some(0));
}

#[tokio::test]
async fn what_was_finalized_is_there_when_the_store_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    let store = embedded.connection();
    let id = package(&store, "kept").await;
    fill(&store, id).await;
    let finalized = store.finalize_package(&actor(), id).await.unwrap();
    drop(store);
    embedded.close().await;

    let embedded = open(directory.path()).await;
    let store = embedded.connection();
    assert_eq!(store.load_package(id).await.unwrap(), finalized);
    let verified: Vec<_> = store.verify_package(id).try_collect().await.unwrap();
    assert_eq!(verified.len(), 101);
    assert!(verified.iter().all(|file| file.mismatch.is_none()));
    let download = store.download(id, &"large".parse().unwrap(), ByteRange::ALL).await.unwrap();
    assert!(download.verified);
    let bytes: Vec<_> = download.bytes.try_collect().await.unwrap();
    assert_eq!(bytes.concat().len(), 1_500_000);
    let events: Vec<_> = store.tail(TailRequest::default()).try_collect().await.unwrap();
    assert_eq!(events.len(), 2 + 101 + 2);
}

#[tokio::test]
async fn a_replay_gives_the_same_views_and_the_same_answers() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    let store = embedded.connection();
    let id = package(&store, "replayed").await;
    fill(&store, id).await;
    let before = store.finalize_package(&actor(), id).await.unwrap();
    assert_eq!(embedded.registry().check(&|_, _| {}).await.unwrap().findings, []);
    assert_eq!(embedded.registry().replay(&|_, _| {}).await.unwrap().head, before.last_event_sequence);
    assert_eq!(embedded.registry().check(&|_, _| {}).await.unwrap().findings, []);
    assert_eq!(store.load_package(id).await.unwrap(), before);
}

#[tokio::test]
async fn a_directory_is_open_once_at_a_time_and_the_second_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path()).await;
    let refused = Embedded::open(EmbeddedOptions::in_directory(directory.path())).await.err().unwrap();
    assert_eq!(refused.category, Category::FailedPrecondition, "{refused}");
    first.close().await;
    open(directory.path()).await;
}

#[tokio::test]
async fn a_store_whose_database_is_gone_is_not_taken_for_an_empty_one() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = open(directory.path()).await;
    let id = package(&embedded.connection(), "kept").await;
    fill(&embedded.connection(), id).await;
    embedded.close().await;
    let database = directory.path().join("artifactstore.db");
    let saved = std::fs::read(&database).unwrap();

    for damage in [std::fs::remove_file, |path: &Path| std::fs::write(path, "")] {
        damage(&database).unwrap();
        let refused = Embedded::open(EmbeddedOptions::in_directory(directory.path())).await.err().unwrap();
        assert_eq!((&*refused.code, refused.category), ("AS-EMBEDDED-0002", Category::FailedPrecondition));
        assert!(refused.message.contains("restore") && refused.message.contains("artifactstore migrate"), "{refused}");
        assert!(std::fs::metadata(&database).map_or(true, |file| file.len() == 0), "one was made all the same");
    }

    std::fs::write(&database, saved).unwrap();
    let embedded = open(directory.path()).await;
    assert_eq!(embedded.connection().load_package(id).await.unwrap().file_count, 101);
    embedded.close().await;

    std::fs::remove_file(&database).unwrap();
    let registry = Registry::open(&EmbeddedOptions::in_directory(directory.path())).await.unwrap();
    registry.migrate(false).await.unwrap();
    registry.close().await;
    let embedded = open(directory.path()).await;
    assert_eq!(embedded.connection().load_package(id).await.unwrap_err().category, Category::NotFound);
}

#[tokio::test]
async fn a_directory_in_which_nothing_was_stored_yet_opens_without_any_set_up() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).await.close().await;
    std::fs::remove_file(directory.path().join("artifactstore.db")).unwrap();
    let embedded = open(directory.path()).await;
    package(&embedded.connection(), "first").await;
}

#[tokio::test]
async fn upkeep_of_a_database_that_was_never_migrated_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::open(&EmbeddedOptions::in_directory(directory.path())).await.unwrap();
    let replay = registry.replay(&|_, _| {}).await.unwrap_err();
    let check = registry.check(&|_, _| {}).await.unwrap_err();
    assert_eq!((&*replay.code, &*check.code), ("AS-STORE-0007", "AS-STORE-0007"));
}
