//! What happens when stores fail in the middle of things: nothing is acknowledged that is not there, nothing is left
//! behind, and doing it again repairs it.

use std::{fs, io, sync::Arc, time::Duration};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, CODES, Engine};
use artifactstore_types::{ByteRange, Category, ContentAddress, Fault, Location, Mismatch, Outcome, Receipt, Retry};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, memory::InMemory, path::Path};

use crate::support::{
    backend_id, eventually,
    faulty_store::{Call, Failure, FaultyStore},
    open, options,
};

/// Sizes that go to a store in different ways: in a pack, in one piece, in parts.
const SIZES: [usize; 3] = [1_000, 500_000, 9_000_000];

fn in_memory() -> FaultyStore {
    FaultyStore::new(Arc::new(InMemory::new()))
}

fn backend(store: &FaultyStore) -> BackendOptions {
    BackendOptions::store(backend_id(), Arc::new(store.clone()) as Arc<dyn ObjectStore>)
}

async fn ingest(engine: &Engine, content: &Content) -> Result<Receipt, Fault> {
    engine.ingest_stream(IngestHints::default(), content.stream(60_000)).await
}

async fn serve(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

async fn have(engine: &Engine, address: ContentAddress) -> Option<Location> {
    engine.have_objects(None, &[address]).await.unwrap().pop().unwrap()
}

async fn keys(store: &FaultyStore) -> Vec<Path> {
    store.list(None).map_ok(|meta| meta.location).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_store_that_fails_after_it_has_the_bytes_gets_no_receipt_and_a_later_push_repairs() {
    for (seed, size) in (0..).zip(SIZES) {
        for failing in [Call::Put, Call::Complete, Call::Rename] {
            let store = in_memory();
            let engine = open(backend(&store)).await;
            let content = Content::new(seed, size);
            store.fail(move |call, _| (call == failing).then_some(Failure::After(io::ErrorKind::ConnectionReset)));
            let calls_it =
                matches!((size, failing), (9_000_000, Call::Complete | Call::Rename) | (1_000 | 500_000, Call::Put));
            match ingest(&engine, &content).await {
                Ok(_) => assert!(!calls_it, "{size} {failing:?}"),
                Err(fault) => {
                    assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest));
                    assert_eq!(fault.outcome, Outcome::Unknown, "{size} {failing:?}");
                }
            }
            store.recover();
            let receipt = ingest(&engine, &content).await.unwrap();
            assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
            assert_eq!(have(&engine, content.address()).await, Some(receipt.location));
        }
    }
}

#[tokio::test]
async fn a_pack_that_nobody_was_told_of_is_taken_back() {
    let store = in_memory();
    let engine = open(backend(&store)).await;
    store.fail(|call, _| (call == Call::Put).then_some(Failure::After(io::ErrorKind::ConnectionReset)));
    ingest(&engine, &Content::new(1, 100)).await.unwrap_err();
    assert_eq!(keys(&store).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_after_it_has_the_bytes_is_given_up() {
    for (seed, size) in (0..).zip([SIZES[0], SIZES[1]]) {
        let store = in_memory();
        let engine = open(backend(&store)).await;
        let content = Content::new(seed, size);
        store.fail(|call, _| (call == Call::Put).then_some(Failure::HangsAfter));
        let fault = ingest(&engine, &content).await.unwrap_err();
        assert_eq!(fault.category, Category::DeadlineExceeded);
        assert_eq!((fault.retry, fault.outcome), (Retry::SameRequest, Outcome::Unknown));
        store.recover();
        let receipt = ingest(&engine, &content).await.unwrap();
        assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_hangs_is_unwell_and_does_not_hang_whoever_asks() {
    let store = in_memory();
    let engine = open(backend(&store)).await;
    assert!(engine.backend_health().await[0].reachable);
    store.fail(|_, _| Some(Failure::HangsAfter));
    let health = tokio::time::timeout(Duration::from_mins(1), engine.backend_health()).await.unwrap();
    assert!(!health[0].reachable && health[0].reason.is_some(), "{health:?}");
}

#[tokio::test]
async fn a_full_store_is_exhausted_and_keeps_nothing() {
    for failing in [Call::Put, Call::Part, Call::Complete, Call::Rename] {
        let store = in_memory();
        let engine = open(backend(&store)).await;
        for (seed, size) in (0..).zip(SIZES) {
            store.fail(move |call, _| (call == failing).then_some(Failure::Before(io::ErrorKind::StorageFull)));
            let content = Content::new(seed, size);
            let Err(fault) = ingest(&engine, &content).await else { continue };
            assert_eq!((fault.category, fault.retry), (Category::Exhausted, Retry::Never), "{failing:?}");
            assert_eq!(have(&engine, content.address()).await, None);
            store.recover();
            let cleaned = async {
                while !keys(&store).await.iter().all(engine_keeps) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_mins(1), cleaned).await.expect("something is left under staging");
            let receipt = ingest(&engine, &content).await.unwrap();
            assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
        }
    }
}

fn engine_keeps(key: &Path) -> bool {
    !key.as_ref().starts_with("staging")
}

#[tokio::test]
async fn a_cancelled_ingest_takes_back_what_it_wrote_and_ends_its_threads() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(BackendOptions::directory(backend_id(), folder.path()).unwrap()).await;
    let unending = Content::new(1, 5_000_000).stream(60_000).chain(stream::pending()).boxed();
    let incoming = || fs::read_dir(folder.path().join(".incoming")).unwrap().count();
    {
        let mut ingest = engine.ingest_stream(IngestHints::default(), unending).boxed();
        let started = eventually(|| {
            assert!((&mut ingest).now_or_never().is_none(), "a stream that has not ended was answered");
            incoming() > 0
        });
        started.await;
        assert!(digesting_threads() > 0);
    }
    eventually(|| incoming() == 0 && digesting_threads() == 0).await;
    assert!(engine.inventory(None, None, 10).await.unwrap().entries.is_empty());
}

fn digesting_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.trim() == "sha256").count()
}

#[tokio::test]
async fn a_batch_that_is_dropped_keeps_nothing_that_was_not_answered() {
    let store = in_memory();
    let mut options = options(backend(&store));
    options.seal_delay = Duration::from_hours(1);
    let engine = Engine::open(options).await.unwrap();
    let content = Content::new(1, 100);
    let blobs = stream::iter([content.blob()]).chain(stream::pending()).boxed();
    let mut batch = engine.ingest_batch(None, blobs);
    // Long enough for the blob to be in a pack that waits for more.
    for _ in 0..1000 {
        assert!(batch.next().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(batch);
    engine.close().await;
    assert_eq!(keys(&store).await, []);
}

#[tokio::test]
async fn a_deletion_that_failed_is_finished_by_the_next() {
    let store = in_memory();
    let engine = open(backend(&store)).await;
    let contents: Vec<_> = (0..3).map(|seed| Content::new(seed, 100)).collect();
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    let delete = async |nth: usize| engine.delete_object(contents[nth].address(), &receipts[nth].location).await;
    for (nth, failing) in [Call::Put, Call::Put, Call::Delete].into_iter().enumerate() {
        store.fail(move |call, _| (call == failing).then_some(Failure::Before(io::ErrorKind::ConnectionReset)));
        let fault = delete(nth).await.unwrap_err();
        assert_eq!((fault.category, fault.outcome), (Category::Unavailable, Outcome::Unknown));
        let gone = serve(&engine, &contents[nth], &receipts[nth].location).await.unwrap_err();
        assert_eq!(gone.category, Category::NotFound, "what may be deleted is not served");
        assert_eq!(have(&engine, contents[nth].address()).await, None);
        store.recover();
        if nth < 2 {
            assert!(delete(nth).await.unwrap().deleted);
            assert!(!delete(nth).await.unwrap().deleted);
        }
    }
    let compaction = engine.compact(None, &receipts[2].location.key).await.unwrap();
    assert_eq!((compaction.moved.len(), compaction.after_bytes), (0, 0));
    assert_eq!(keys(&store).await, []);
    assert!(!delete(2).await.unwrap().deleted);
}

#[tokio::test]
async fn a_pack_that_vanished_is_found_missing_and_pushed_anew() {
    let store = in_memory();
    let engine = open(backend(&store)).await;
    for (seed, size) in (0..).zip(SIZES) {
        let content = Content::new(seed, size);
        let location = ingest(&engine, &content).await.unwrap().location;
        store.delete(&Path::from(location.key.as_str())).await.unwrap();
        let found = engine.verify_object(content.address(), &location).await.unwrap();
        assert_eq!(found.mismatch, Some(Mismatch::Missing));
        assert_eq!(serve(&engine, &content, &location).await.unwrap_err().category, Category::NotFound);
        let again = IngestHints { declared: Some(content.address()), ..IngestHints::default() };
        let receipt = engine.ingest_stream(again, content.stream(60_000)).await.unwrap();
        assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
    }
}

#[tokio::test]
async fn a_store_that_refuses_the_node_is_not_asked_for_ever() {
    let store = in_memory();
    let engine = open(backend(&store)).await;
    store.fail(|_, _| Some(Failure::Before(io::ErrorKind::PermissionDenied)));
    for (seed, size) in (0..).zip(SIZES) {
        let fault = ingest(&engine, &Content::new(seed, size)).await.unwrap_err();
        assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::Never));
    }
    let health = engine.backend_health().await;
    assert!(!health[0].reachable && health[0].reason.is_some(), "{health:?}");
}

#[tokio::test]
async fn a_backend_that_cannot_work_is_refused_at_once_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let refused = BackendOptions::directory(backend_id(), &file).unwrap_err();
    assert_eq!((refused.category, refused.retry), (Category::FailedPrecondition, Retry::Never));

    let directory = BackendOptions::directory(backend_id(), folder.path().join("root")).unwrap();
    let second = BackendOptions::directory(backend_id(), folder.path().join("root")).unwrap_err();
    assert_eq!(second.category, Category::FailedPrecondition);
    let mut twice = options(directory.clone());
    twice.backends.push(directory);
    assert_eq!(Engine::open(twice).await.map(drop).unwrap_err().category, Category::Invalid);
    let mut none = options(backend(&in_memory()));
    none.backends.clear();
    assert_eq!(Engine::open(none).await.map(drop).unwrap_err().category, Category::Invalid);
}

#[tokio::test]
async fn keys_that_no_node_makes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let engine = open(BackendOptions::directory(backend_id(), folder.path().join("root")).unwrap()).await;
    let (content, other) = (Content::new(1, 70_000), Content::new(2, 70_000));
    let location = ingest(&engine, &content).await.unwrap().location;
    for key in ["../secret", "/etc/passwd", "", ".lock", "staging/x", "blake3", "packs/../../secret", "a\0b"] {
        let bad = Location { key: key.to_owned(), ..location.clone() };
        for fault in [
            serve(&engine, &content, &bad).await.unwrap_err(),
            engine.verify_object(content.address(), &bad).await.unwrap_err(),
            engine.delete_object(content.address(), &bad).await.unwrap_err(),
            engine.compact(None, key).await.unwrap_err(),
        ] {
            assert_eq!(fault.category, Category::Invalid, "{key:?}");
        }
    }
    // A good key of another blob, or a place in a pack that holds another blob, gives nothing away.
    assert_eq!(serve(&engine, &other, &location).await.unwrap_err().category, Category::NotFound);
    assert!(!engine.delete_object(other.address(), &location).await.unwrap().deleted);
    let small = Content::new(3, 100);
    let packed = ingest(&engine, &small).await.unwrap().location;
    for bad in [
        Location { offset: packed.offset + 1, ..packed.clone() },
        Location { offset: u64::MAX, ..packed.clone() },
        Location { length: u64::MAX, offset: 0, ..packed.clone() },
        Location { length: 99, ..packed.clone() },
    ] {
        assert_eq!(serve(&engine, &small, &bad).await.unwrap_err().category, Category::NotFound, "{bad:?}");
    }
    assert_eq!(serve(&engine, &Content::new(4, 100), &packed).await.unwrap_err().category, Category::NotFound);
}

#[test]
fn every_code_is_listed_once_with_its_meaning() {
    assert!(CODES.is_sorted_by(|(code, _), (next, _)| code < next));
    for (code, meaning) in CODES {
        let number = code.strip_prefix("AS-DATA-").unwrap();
        assert!(number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
        assert!(!meaning.is_empty() && !meaning.ends_with('.'));
    }
}
