//! When packs are sealed, who shares one, and that nothing depends on chance: neither the ids drawn nor a limit that was
//! another one before.

use std::{
    collections::BTreeSet,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine, EngineOptions};
use artifactstore_types::{ByteRange, Clock, DualHasher, Fault, Ids, Location, Receipt, SystemClock, Timestamp};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::join_all, stream};
use object_store::{ObjectStore, ObjectStoreExt as _, memory::InMemory, path::Path};
use uuid::Uuid;

use crate::support::{
    backend_id, eventually,
    faulty_store::{Call, Failure, FaultyStore},
    open, options,
};

fn in_memory(store: &Arc<InMemory>) -> BackendOptions {
    BackendOptions::store(backend_id(), Arc::clone(store) as Arc<dyn ObjectStore>)
}

fn patient(backend: BackendOptions) -> EngineOptions {
    EngineOptions { seal_delay: Duration::from_hours(1), ..options(backend) }
}

async fn ingest(engine: &Engine, content: &Content) -> Receipt {
    engine.ingest_stream(IngestHints::default(), content.stream(100_000)).await.unwrap()
}

async fn served(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

#[tokio::test]
async fn a_lone_blob_waits_for_nobody() {
    let engine = Engine::open(patient(in_memory(&Arc::default()))).await.unwrap();
    ingest(&engine, &Content::new(1, 10)).await;
    let batch = engine.ingest_batch(None, stream::iter([Content::new(2, 10).blob()]).boxed());
    assert_eq!(batch.count().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_blob_that_nothing_follows_waits_no_longer_than_the_delay() {
    let engine = Engine::open(patient(in_memory(&Arc::default()))).await.unwrap();
    let unending = stream::iter([Content::new(1, 10).blob()]).chain(stream::pending()).boxed();
    let start = tokio::time::Instant::now();
    engine.ingest_batch(None, unending).next().await.unwrap().unwrap();
    assert_eq!(start.elapsed().as_secs(), 3600);
}

#[tokio::test(start_paused = true)]
async fn blobs_that_trickle_in_do_not_keep_a_pack_open_for_ever() {
    let engine = Engine::open(patient(in_memory(&Arc::default()))).await.unwrap();
    let trickle = stream::unfold(0, |seed| async move {
        tokio::time::sleep(Duration::from_mins(50)).await;
        Some((Content::new(seed, 10).blob(), seed + 1))
    });
    let start = tokio::time::Instant::now();
    engine.ingest_batch(None, trickle.boxed()).next().await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_hours(12), "{:?}", start.elapsed());
}

#[tokio::test]
async fn many_callers_at_once_share_packs() {
    let store = FaultyStore::new(Arc::new(InMemory::new()));
    let backend = BackendOptions::store(backend_id(), Arc::new(store.clone()));
    let engine = Engine::open(patient(backend)).await.unwrap();
    let puts = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&puts);
    store.fail(move |call, _| {
        counting.fetch_add(usize::from(call == Call::Put), Ordering::AcqRel);
        None
    });
    let contents: Vec<_> = (0..200).map(|seed| Content::new(seed, 500)).collect();
    join_all(contents.iter().map(|content| ingest(&engine, content))).await;
    assert!(puts.load(Ordering::Acquire) < 100, "{puts:?}");

    let blobs: Vec<_> = (1000..3000).map(|seed| Content::new(seed, 500).blob()).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    let packs: BTreeSet<_> = receipts.iter().map(|receipt| &receipt.location.key).collect();
    assert!(packs.len() <= 2, "{packs:?}");
}

#[tokio::test]
async fn full_packs_are_sealed_and_the_next_is_begun() {
    let store = Arc::new(InMemory::new());
    let small_packs = EngineOptions { pack_target_bytes: 10_000, ..options(in_memory(&store)) };
    let engine = Engine::open(small_packs).await.unwrap();
    let contents: Vec<_> = (0..100).map(|seed| Content::new(seed, 1_000)).collect();
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    let packs: BTreeSet<_> = receipts.iter().map(|receipt| receipt.location.key.clone()).collect();
    assert_eq!(packs.len(), 10);
    assert!(receipts.is_sorted_by_key(|receipt| &receipt.location.key), "newer packs sort behind older ones");
    for (content, receipt) in contents.iter().zip(&receipts) {
        assert_eq!(served(&engine, content, &receipt.location).await.unwrap(), content.bytes);
    }
}

/// Ids that begin anew in every life.
struct RepeatingIds(AtomicU64);

impl Ids for RepeatingIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::AcqRel)))
    }
}

#[tokio::test]
async fn ids_that_repeat_cost_no_pack_and_no_deletion() {
    let store = Arc::new(InMemory::new());
    let life = || async {
        let ids = Arc::new(RepeatingIds(AtomicU64::new(0)));
        Engine::open(EngineOptions { ids, ..options(in_memory(&store)) }).await.unwrap()
    };
    let mut kept = Vec::new();
    let mut deleted = Vec::new();
    for round in 0..5 {
        let engine = life().await;
        let contents: Vec<_> = (round * 10..round * 10 + 10).map(|seed| Content::new(seed, 100)).collect();
        let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
        let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
        let mut stored = contents.into_iter().zip(receipts);
        let (gone, receipt) = stored.next().unwrap();
        assert!(engine.delete_object(gone.address(), &receipt.location).await.unwrap().deleted);
        deleted.push((gone, receipt.location));
        kept.extend(stored);
        // One more from the first pack, whose tombstone has an id from another life.
        let (gone, receipt): (Content, Receipt) = kept.remove(0);
        assert!(engine.delete_object(gone.address(), &receipt.location).await.unwrap().deleted);
        deleted.push((gone, receipt.location));
        engine.close().await;
    }
    let engine = life().await;
    for (content, receipt) in &kept {
        assert_eq!(served(&engine, content, &receipt.location).await.unwrap(), content.bytes);
    }
    for (content, location) in &deleted {
        assert!(served(&engine, content, location).await.is_err());
    }
    assert_eq!(engine.inventory(None, None, 1000).await.unwrap().entries.len(), kept.len());
}

#[tokio::test]
async fn a_pack_that_could_not_be_written_takes_none_of_the_same_id_with_it() {
    let store = FaultyStore::new(Arc::new(InMemory::new()));
    let life = || async {
        let ids = Arc::new(RepeatingIds(AtomicU64::new(0)));
        let backend = BackendOptions::store(backend_id(), Arc::new(store.clone()));
        Engine::open(EngineOptions { ids, ..options(backend) }).await.unwrap()
    };
    let (old, new) = (Content::new(1, 100), Content::new(2, 100));
    let engine = life().await;
    let location = ingest(&engine, &old).await.location;
    engine.close().await;
    // Nothing is known of the packs there are, and none can be written.
    let refused = Some(Failure::Before(io::ErrorKind::ConnectionReset));
    store.fail(move |call, _| refused.filter(|_| matches!(call, Call::List | Call::Put)));
    let engine = life().await;
    engine.ingest_stream(IngestHints::default(), new.stream(100)).await.unwrap_err();
    store.recover();
    assert_eq!(served(&engine, &old, &location).await.unwrap(), old.bytes);
}

#[tokio::test]
async fn a_blob_stored_under_another_threshold_is_one_blob() {
    let store = Arc::new(InMemory::new());
    let content = Content::new(1, 1_000);
    for pack_threshold_bytes in [0, 64 * 1024, 0] {
        let engine = Engine::open(EngineOptions { pack_threshold_bytes, ..options(in_memory(&store)) }).await.unwrap();
        let receipt = ingest(&engine, &content).await;
        assert_eq!(served(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
        assert_eq!(engine.inventory(None, None, 10).await.unwrap().entries.len(), 1);
        engine.close().await;
    }
}

#[tokio::test]
async fn a_blob_of_more_than_256_mib_gets_both_digests_right() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(BackendOptions::directory(backend_id(), folder.path()).unwrap()).await;
    let piece = Content::new(1, 1024 * 1024 - 3).bytes;
    let pieces = move || std::iter::repeat_n(piece.clone(), 270);
    let mut hasher = DualHasher::default();
    pieces().for_each(|piece| hasher.update(&piece));
    let digests = hasher.finish();
    let receipt = engine.ingest_stream(IngestHints::default(), stream::iter(pieces().map(Ok)).boxed()).await.unwrap();
    assert_eq!(receipt.digests, digests);
    assert_eq!(engine.verify_object(receipt.address(), &receipt.location).await.unwrap().actual, Some(digests));
}

#[tokio::test]
async fn a_directory_tells_how_full_its_device_is() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(BackendOptions::directory(backend_id(), folder.path()).unwrap()).await;
    let health = engine.backend_health().await;
    assert!(health[0].reachable && health[0].reason.is_none());
    assert!(health[0].used_bytes.unwrap() > 0 && health[0].free_bytes.is_some());
    let listed: Vec<_> = engine.inventory(None, None, 10).await.unwrap().entries;
    assert!(listed.is_empty(), "what probes the backend is no blob");
}

/// A clock that is ahead of the machine's.
struct AheadClock(u64);

impl Clock for AheadClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0)
    }
}

#[tokio::test]
async fn what_crashes_left_under_staging_is_removed_after_a_day() {
    let store = Arc::new(InMemory::new());
    let left = Path::from(format!("staging/{}", Uuid::from_u128(7).simple()));
    store.put(&left, "whole, but nobody's".into()).await.unwrap();
    let keys = || async { store.list(None).map_ok(|meta| meta.location).try_collect::<Vec<_>>().await.unwrap() };
    let engine = Engine::open(EngineOptions { clock: Arc::new(AheadClock(3_600)), ..options(in_memory(&store)) });
    let engine = engine.await.unwrap();
    // The index is read in by then, and the sweep, which began with it, is done or stopped.
    engine.inventory(None, None, 10).await.unwrap();
    engine.close().await;
    assert_eq!(keys().await, [left]);
    let later = EngineOptions { clock: Arc::new(AheadClock(25 * 3_600)), ..options(in_memory(&store)) };
    let _engine = Engine::open(later).await.unwrap();
    eventually(|| keys().now_or_never().is_some_and(|keys| keys.is_empty())).await;
}
