//! The index of packed blobs is a cache: lost, old or damaged, it is made anew, and never says what is not so.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path as FsPath, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine};
use artifactstore_types::{ByteRange, Category, Fault, Location, Mismatch};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, memory::InMemory};

use crate::support::{
    backend_id,
    faulty_store::{Call, FaultyStore},
    open,
};

struct Stored {
    contents: Vec<Content>,
    locations: Vec<Location>,
}

async fn open_directory(root: &FsPath) -> Engine {
    open(BackendOptions::directory(backend_id(), root).unwrap()).await
}

async fn store(engine: &Engine, contents: Vec<Content>) -> Stored {
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    Stored { contents, locations: receipts.into_iter().map(|receipt| receipt.location).collect() }
}

fn contents(seeds: std::ops::Range<u64>) -> Vec<Content> {
    seeds.map(|seed| Content::new(seed, 300)).collect()
}

async fn serve(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

async fn listed(engine: &Engine) -> usize {
    let (mut count, mut cursor) = (0, None);
    loop {
        let page = engine.inventory(None, cursor, 1000).await.unwrap();
        count += page.entries.len();
        cursor = page.next;
        if cursor.is_none() {
            return count;
        }
    }
}

fn index_of(root: &FsPath) -> PathBuf {
    root.join(".index.redb")
}

#[tokio::test]
async fn is_made_anew_from_the_directory_alone_with_every_deletion() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let stored = store(&engine, contents(0..200)).await;
    for nth in (0..200).step_by(2) {
        engine.delete_object(stored.contents[nth].address(), &stored.locations[nth]).await.unwrap();
    }
    engine.close().await;
    drop(engine);
    fs::remove_file(index_of(folder.path())).unwrap();
    let engine = open_directory(folder.path()).await;
    assert_eq!(listed(&engine).await, 100);
    for (nth, (content, location)) in stored.contents.iter().zip(&stored.locations).enumerate() {
        let served = serve(&engine, content, location).await.map_err(|fault| fault.category);
        let wanted = if nth % 2 == 0 { Err(Category::NotFound) } else { Ok(content.bytes.clone()) };
        assert_eq!(served, wanted);
    }
    let again = store(&engine, stored.contents.clone()).await;
    for nth in (1..200).step_by(2) {
        assert_eq!(again.locations[nth], stored.locations[nth], "what is here is not stored again");
    }
}

#[tokio::test]
async fn deletions_are_honoured_before_it_is_read_in() {
    let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let engine = open(BackendOptions::store(backend_id(), Arc::clone(&memory))).await;
    let stored = store(&engine, contents(0..20)).await;
    engine.delete_object(stored.contents[0].address(), &stored.locations[0]).await.unwrap();
    engine.close().await;
    // A listing that never ends: the index is never read in.
    let slow = FaultyStore::new(memory);
    slow.fail(|call, path| {
        let endless = call == Call::List && path.as_ref() == "tombstones";
        endless.then_some(crate::support::faulty_store::Failure::HangsAfter)
    });
    let engine = open(BackendOptions::store(backend_id(), Arc::new(slow))).await;
    let deleted = serve(&engine, &stored.contents[0], &stored.locations[0]).await;
    assert_eq!(deleted.unwrap_err().category, Category::NotFound);
    assert_eq!(serve(&engine, &stored.contents[1], &stored.locations[1]).await.unwrap(), stored.contents[1].bytes);
    assert!(!engine.delete_object(stored.contents[0].address(), &stored.locations[0]).await.unwrap().deleted);
    assert!(engine.delete_object(stored.contents[2].address(), &stored.locations[2]).await.unwrap().deleted);
    let deleted = serve(&engine, &stored.contents[2], &stored.locations[2]).await;
    assert_eq!(deleted.unwrap_err().category, Category::NotFound);
}

#[tokio::test]
async fn opening_reads_no_pack_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let memory = FaultyStore::new(Arc::new(InMemory::new()));
    let options = || BackendOptions {
        index_path: Some(folder.path().join("index.redb")),
        ..BackendOptions::store(backend_id(), Arc::new(memory.clone()) as Arc<dyn ObjectStore>)
    };
    let engine = open(options()).await;
    for seed in 0..20 {
        store(&engine, contents(seed * 10..seed * 10 + 10)).await;
    }
    assert_eq!(listed(&engine).await, 200);
    engine.close().await;
    drop(engine);
    let reads = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&reads);
    memory.fail(move |call, _| {
        counting.fetch_add(usize::from(call == Call::Get), Ordering::AcqRel);
        None
    });
    let engine = open(options()).await;
    // Listing waits until the index is read in, and looks once for each pack.
    assert_eq!(listed(&engine).await, 200);
    assert!(reads.load(Ordering::Acquire) <= 20, "{reads:?}");
}

#[tokio::test]
async fn a_file_that_is_still_open_elsewhere_is_waited_for_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let stored = store(&engine, contents(0..20)).await;
    engine.close().await;
    drop(engine);
    let inode = fs::metadata(index_of(folder.path())).unwrap().ino();
    let elsewhere = redb::Database::open(index_of(folder.path())).unwrap();
    let engine = open_directory(folder.path()).await;
    let content = &stored.contents[0];
    assert_eq!(serve(&engine, content, &stored.locations[0]).await.unwrap(), content.bytes);
    drop(elsewhere);
    assert_eq!(listed(&engine).await, 20);
    assert_eq!(fs::metadata(index_of(folder.path())).unwrap().ino(), inode);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_waits_for_what_reads_it_in() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    store(&engine, contents(0..20)).await;
    engine.close().await;
    drop(engine);
    for _ in 0..50 {
        let engine = open_directory(folder.path()).await;
        tokio::task::yield_now().await;
        engine.close().await;
        drop(engine);
        redb::Database::open(index_of(folder.path())).expect("it was let go");
    }
}

#[tokio::test]
async fn a_damaged_file_never_makes_it_say_what_is_not_so() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let engine = open_directory(&root).await;
    let stored = store(&engine, contents(0..300)).await;
    engine.delete_object(stored.contents[0].address(), &stored.locations[0]).await.unwrap();
    engine.close().await;
    drop(engine);
    let index = fs::read(index_of(&root)).unwrap();
    let addresses: Vec<_> = stored.contents.iter().map(Content::address).collect();
    for damage in 0..40 {
        fs::write(index_of(&root), damage_file(&index, damage)).unwrap();
        let engine = open_directory(&root).await;
        for _ in 0..2 {
            let found = engine.have_objects(None, &addresses).await.unwrap();
            for (nth, found) in found.iter().enumerate() {
                assert!(found.is_none() || found.as_ref() == Some(&stored.locations[nth]), "{found:?}");
            }
        }
        for nth in 1..300 {
            let content = &stored.contents[nth];
            assert_eq!(serve(&engine, content, &stored.locations[nth]).await.unwrap(), content.bytes);
        }
        engine.close().await;
        drop(engine);
    }
    fs::remove_file(index_of(&root)).unwrap();
    let engine = open_directory(&root).await;
    assert_eq!(
        engine.have_objects(None, &addresses).await.unwrap()[1..],
        stored.locations[1..].iter().cloned().map(Some).collect::<Vec<_>>()
    );
}

/// The same file with another damage for every number: cut, with flipped bits, or with a page of something else.
fn damage_file(file: &[u8], number: usize) -> Vec<u8> {
    let mut damaged = file.to_vec();
    let used: Vec<_> = (0..file.len()).filter(|at| file[*at] != 0).collect();
    let somewhere = |nth: usize| used[(number * 7919 + nth * 104_729) % used.len()];
    match number % 4 {
        0 => damaged.truncate(file.len() / 16 * (number / 4 % 16)),
        1 => damaged[somewhere(0) / 4096 * 4096..][..4096].fill(0),
        2 => {
            let other = somewhere(1) / 4096 * 4096;
            damaged.copy_within(other..other + 4096, somewhere(0) / 4096 * 4096);
        }
        _ => (0..=number % 50).for_each(|nth| damaged[somewhere(nth)] ^= 1 << (nth % 8)),
    }
    damaged
}

#[tokio::test]
async fn a_damaged_pack_is_reported_and_never_garbage() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let engine = open_directory(&root).await;
    let stored = store(&engine, contents(0..10)).await;
    engine.close().await;
    drop(engine);
    fs::remove_file(index_of(&root)).unwrap();
    let pack = root.join(&stored.locations[0].key);
    let mut bytes = fs::read(&pack).unwrap();
    let footer = bytes.len() - 100;
    bytes[footer] ^= 1;
    fs::write(&pack, &bytes).unwrap();

    let engine = open_directory(&root).await;
    assert_eq!(listed(&engine).await, 0, "what a damaged footer says is not believed");
    for (content, location) in stored.contents.iter().zip(&stored.locations) {
        assert_eq!(serve(&engine, content, location).await.unwrap(), content.bytes);
        assert_eq!(engine.verify_object(content.address(), location).await.unwrap().mismatch, None);
        let fault = engine.delete_object(content.address(), location).await.unwrap_err();
        assert_eq!(fault.category, Category::DataLoss);
    }
    assert_eq!(engine.compact(None, &stored.locations[0].key).await.unwrap_err().category, Category::DataLoss);
    let again = store(&engine, stored.contents.clone()).await;
    assert_ne!(again.locations[0].key, stored.locations[0].key);
    assert!(pack.exists());
}

#[tokio::test]
async fn compaction_leaves_damaged_blobs_where_they_can_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let stored = store(&engine, contents(0..10)).await;
    let (pack, at) = (folder.path().join(&stored.locations[3].key), stored.locations[3].offset);
    let mut bytes = fs::read(&pack).unwrap();
    bytes[usize::try_from(at).unwrap()] ^= 1;
    fs::write(&pack, &bytes).unwrap();
    let compaction = engine.compact(None, &stored.locations[3].key).await.unwrap();
    assert_eq!(compaction.moved.len(), 9);
    let damaged = stored.contents[3].address();
    assert!(compaction.moved.iter().all(|receipt| receipt.address() != damaged));
    let found = engine.verify_object(damaged, &stored.locations[3]).await.unwrap();
    assert_eq!(found.mismatch, Some(Mismatch::Digest));
    for nth in (0..10).filter(|nth| *nth != 3) {
        let deletion = engine.delete_object(stored.contents[nth].address(), &stored.locations[nth]).await.unwrap();
        assert!(deletion.deleted);
    }
    assert!(pack.exists(), "a pack that still holds something is kept");
}

#[tokio::test]
async fn more_than_ten_thousand_blobs_are_listed_and_deleted() {
    let engine = open(BackendOptions::store(backend_id(), Arc::new(InMemory::new()))).await;
    let stored = store(&engine, (0..10_500).map(|seed| Content::new(seed, 20)).collect()).await;
    for seed in 0..1_100 {
        let large = Content::new(seed, 65_537);
        engine.ingest_stream(IngestHints::default(), large.stream(65_537)).await.unwrap();
    }
    assert_eq!(listed(&engine).await, 11_600);
    let deletions = stream::iter(stored.contents.iter().zip(&stored.locations)).map(|(content, location)| {
        let engine = engine.clone();
        async move { engine.delete_object(content.address(), location).await.map(|deletion| deletion.deleted) }
    });
    let deleted: Vec<_> = deletions.buffered(64).try_collect().await.unwrap();
    assert!(deleted.into_iter().all(|deleted| deleted));
    assert_eq!(listed(&engine).await, 1_100);
}
