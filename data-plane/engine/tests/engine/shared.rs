//! Several engines, each a process of its own, with one store: what one has done the others must not contradict.

use std::{io, sync::Arc};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine};
use artifactstore_testkit::SequentialIds;
use artifactstore_types::{ByteRange, Category, Fault, Location, Receipt};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, memory::InMemory, path::Path};

use crate::support::{
    backend_id,
    bucket::Bucket,
    faulty_store::{Call, Failure, FaultyStore},
    open, options,
};

/// Two engines that have one store in memory open.
async fn two_in_memory() -> (Engine, Engine, Arc<dyn ObjectStore>) {
    two_on(Arc::new(InMemory::new())).await
}

async fn two_on(store: Arc<dyn ObjectStore>) -> (Engine, Engine, Arc<dyn ObjectStore>) {
    let backend = || BackendOptions { shared: true, ..BackendOptions::store(backend_id(), Arc::clone(&store)) };
    let (one, other) = (open(backend()).await, open(backend()).await);
    // Both have read in what is there: nothing.
    for engine in [&one, &other] {
        assert_eq!(have(engine, &Content::new(0, 1)).await, None);
    }
    (one, other, store)
}

async fn have(engine: &Engine, content: &Content) -> Option<Location> {
    engine.have_objects(None, &[content.address()]).await.unwrap().pop().unwrap()
}

async fn ingest(engine: &Engine, content: &Content) -> Receipt {
    engine.ingest_stream(IngestHints::default(), content.stream(60_000)).await.unwrap()
}

async fn ingest_together(engine: &Engine, contents: &[Content]) -> Vec<Receipt> {
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap()
}

async fn serve(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

fn contents(seeds: std::ops::Range<u64>) -> Vec<Content> {
    seeds.map(|seed| Content::new(seed, 100)).collect()
}

async fn what_one_stores_the_other_has(one: Engine, other: Engine) {
    for (content, size) in [(Content::new(1, 100), 100), (Content::new(2, 300_000), 300_000)] {
        let location = ingest(&one, &content).await.location;
        assert_eq!(have(&other, &content).await, Some(location.clone()), "{size}");
        assert_eq!(serve(&other, &content, &location).await.unwrap(), content.bytes);
    }
    let listed = other.inventory(None, None, 10).await.unwrap().entries;
    assert_eq!(listed.len(), 2, "{listed:?}");
}

#[tokio::test]
async fn what_one_stores_the_other_has_in_memory() {
    let (one, other, _) = two_in_memory().await;
    what_one_stores_the_other_has(one, other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_stores_the_other_has_on_a_bucket() {
    let Some(bucket) = Bucket::find().await else { return };
    what_one_stores_the_other_has(open(bucket.backend()).await, open(bucket.backend()).await).await;
}

#[tokio::test]
async fn what_one_deletes_the_other_neither_serves_nor_calls_here() {
    let (one, other, _) = two_in_memory().await;
    let contents = contents(1..4);
    let receipts = ingest_together(&one, &contents).await;
    // It has seen them, so its index has them.
    for (content, receipt) in contents.iter().zip(&receipts) {
        assert_eq!(have(&other, content).await.as_ref(), Some(&receipt.location));
    }
    assert!(one.delete_object(contents[0].address(), &receipts[0].location).await.unwrap().deleted);
    assert_eq!(have(&other, &contents[0]).await, None);
    assert_eq!(serve(&other, &contents[0], &receipts[0].location).await.unwrap_err().category, Category::NotFound);
    assert!(!other.delete_object(contents[0].address(), &receipts[0].location).await.unwrap().deleted);
    // Its bytes come again, and are stored again.
    let again = ingest(&other, &contents[0]).await.location;
    assert_ne!(again, receipts[0].location);
    assert_eq!(serve(&one, &contents[0], &again).await.unwrap(), contents[0].bytes);
    // Its neighbours are where they were.
    assert_eq!(serve(&other, &contents[1], &receipts[1].location).await.unwrap(), contents[1].bytes);
}

#[tokio::test]
async fn a_pack_of_which_each_deletes_a_half_is_removed() {
    let (one, other, store) = two_in_memory().await;
    let contents = contents(1..3);
    let receipts = ingest_together(&one, &contents).await;
    for (engine, (content, receipt)) in [&one, &other].into_iter().zip(contents.iter().zip(&receipts)) {
        assert!(engine.delete_object(content.address(), &receipt.location).await.unwrap().deleted);
    }
    let left: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    assert!(one.inventory(None, None, 10).await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn compaction_leaves_out_what_another_has_deleted() {
    let (one, other, _) = two_in_memory().await;
    let contents = contents(1..4);
    let receipts = ingest_together(&one, &contents).await;
    assert!(one.delete_object(contents[0].address(), &receipts[0].location).await.unwrap().deleted);
    let compaction = other.compact(None, &receipts[0].location.key).await.unwrap();
    let moved: Vec<_> = compaction.moved.iter().map(Receipt::address).collect();
    assert_eq!(moved, [contents[1].address(), contents[2].address()]);
}

#[tokio::test]
async fn a_pack_that_another_removed_is_not_called_here() {
    let (one, other, store) = two_in_memory().await;
    let content = Content::new(1, 100);
    let location = ingest(&one, &content).await.location;
    assert_eq!(have(&other, &content).await, Some(location.clone()));
    store.delete(&Path::from(location.key.as_str())).await.unwrap();
    assert_eq!(have(&other, &content).await, None);
    let again = ingest(&other, &content).await.location;
    assert_eq!(serve(&one, &content, &again).await.unwrap(), content.bytes);
}

#[tokio::test]
async fn a_pack_that_another_may_rely_on_is_not_taken_back() {
    let store = FaultyStore::new(Arc::new(InMemory::new()));
    let (one, other, _) = two_on(Arc::new(store.clone())).await;
    let content = Content::new(1, 100);
    store.fail(|call, _| (call == Call::Put).then_some(Failure::After(io::ErrorKind::TimedOut)));
    one.ingest_stream(IngestHints::default(), content.stream(100)).await.unwrap_err();
    store.recover();
    // It lies there, and whoever is told so relies on it.
    let location = ingest(&other, &content).await.location;
    let found = have(&other, &content).await.unwrap();
    for location in [location, found] {
        assert_eq!(serve(&one, &content, &location).await.unwrap(), content.bytes);
    }
}

#[tokio::test]
async fn what_another_stored_is_found_however_much_was_stored_here_since() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let clock_of = |millis: u64| Arc::new(SequentialIds::starting_at(millis));
    let open_at = |ids: Arc<SequentialIds>| {
        let backend = BackendOptions { shared: true, ..BackendOptions::store(backend_id(), Arc::clone(&store)) };
        let mut options = options(backend);
        options.ids = ids;
        async move { Engine::open(options).await.unwrap() }
    };
    let one = open_at(clock_of(0)).await;
    // An hour later by its ids, which are times.
    let other = open_at(clock_of(3_600_000)).await;
    for engine in [&one, &other] {
        assert_eq!(have(engine, &Content::new(0, 1)).await, None);
    }
    let content = Content::new(1, 100);
    let location = ingest(&one, &content).await.location;
    for seed in 2..5 {
        ingest(&other, &Content::new(seed, 100)).await;
    }
    assert_eq!(have(&other, &content).await, Some(location));
}
