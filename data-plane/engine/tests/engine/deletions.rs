//! What is deleted stays deleted, and what lives survives compaction, whatever happens to the index and to packs
//! meanwhile.

use std::{fs, path::Path as FsPath, sync::Arc, time::Duration};

use artifactstore_dataplane::{DataPlane, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine};
use artifactstore_types::{ByteRange, Category, Fault, Location, Receipt, Retry};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, memory::InMemory, path::Path};

use crate::support::{
    backend_id,
    faulty_store::{Call, Failure, FaultyStore},
    open,
};

async fn open_directory(root: &FsPath) -> Engine {
    open(BackendOptions::directory(backend_id(), root).unwrap()).await
}

async fn store(engine: &Engine, contents: &[Content]) -> Vec<Location> {
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    receipts.into_iter().map(|receipt| receipt.location).collect()
}

fn contents(seeds: std::ops::Range<u64>) -> Vec<Content> {
    seeds.map(|seed| Content::new(seed, 300)).collect()
}

async fn serve(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_from_a_pack_while_no_index_can_take_note() {
    let folder = tempfile::tempdir().unwrap();
    let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let without_index = BackendOptions {
        index_path: Some(folder.path().join("no such folder/index.redb")),
        ..BackendOptions::store(backend_id(), Arc::clone(&memory))
    };
    let engine = open(without_index).await;
    let (contents, tombstones) = (contents(0..3), Path::from("tombstones"));
    let locations = store(&engine, &contents).await;
    let fault = engine.delete_object(contents[0].address(), &locations[0]).await.unwrap_err();
    assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest));
    let noted: Vec<_> = memory.list(Some(&tombstones)).try_collect().await.unwrap();
    assert!(noted.is_empty(), "an index that is opened later would not learn of it");
    assert_eq!(serve(&engine, &contents[0], &locations[0]).await.unwrap(), contents[0].bytes);
}

#[tokio::test]
async fn what_is_deleted_stays_so_when_its_pack_was_away() {
    for finder in ["have", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let engine = open_directory(folder.path()).await;
        let contents = contents(0..5);
        let locations = store(&engine, &contents).await;
        assert!(engine.delete_object(contents[0].address(), &locations[0]).await.unwrap().deleted);
        let pack = folder.path().join(&locations[0].key);
        fs::rename(&pack, folder.path().join("away")).unwrap();
        if finder == "have" {
            assert_eq!(engine.have_objects(None, &[contents[1].address()]).await.unwrap(), [None]);
        } else {
            assert!(!engine.delete_object(contents[1].address(), &locations[1]).await.unwrap().deleted);
        }
        fs::rename(folder.path().join("away"), &pack).unwrap();
        let deleted = serve(&engine, &contents[0], &locations[0]).await;
        assert_eq!(deleted.unwrap_err().category, Category::NotFound, "{finder}");
        let (address, again) = (contents[1].address(), Some(locations[1].clone()));
        assert_eq!(engine.have_objects(None, &[address]).await.unwrap(), [again], "what was away is here again");
        assert_eq!(engine.inventory(None, None, 100).await.unwrap().entries.len(), 4);
        assert_eq!(serve(&engine, &contents[2], &locations[2]).await.unwrap(), contents[2].bytes);
    }
}

#[tokio::test]
async fn compaction_counts_no_copy_that_it_has_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let contents = contents(0..6);
    let old = store(&engine, &contents).await;
    let first = engine.compact(None, &old[0].key).await.unwrap();
    let copy = first.moved.iter().find(|receipt| receipt.address() == contents[2].address()).unwrap();
    let path = folder.path().join(&copy.location.key);
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(copy.location.offset).unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();

    let again = engine.compact(None, &old[0].key).await.unwrap();
    assert_eq!(again.moved.len(), 6);
    for (content, old) in contents.iter().zip(&old) {
        let moved = again.moved.iter().find(|receipt| receipt.address() == content.address()).unwrap();
        assert_eq!(serve(&engine, content, &moved.location).await.unwrap(), content.bytes);
        let before = first.moved.iter().find(|receipt| receipt.address() == content.address()).unwrap();
        assert_eq!(moved.location == before.location, content.address() != contents[2].address());
        engine.delete_object(content.address(), old).await.unwrap();
    }
    let address = contents[2].address();
    let moved = again.moved.iter().find(|receipt| receipt.address() == address).unwrap();
    assert_eq!(engine.have_objects(None, &[address]).await.unwrap(), [Some(moved.location.clone())]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_compacted_while_it_is_not_known_what_was_moved() {
    let store = FaultyStore::new(Arc::new(InMemory::new()));
    let options = || BackendOptions::store(backend_id(), Arc::new(store.clone()) as Arc<dyn ObjectStore>);
    let engine = open(options()).await;
    let contents = contents(0..3);
    let locations = self::store(&engine, &contents).await;
    let moved = engine.compact(None, &locations[0].key).await.unwrap().moved;
    engine.close().await;
    store.fail(|call, key| {
        let packs = call == Call::List && key.as_ref() == "packs";
        packs.then_some(Failure::Before(std::io::ErrorKind::ConnectionReset))
    });
    let engine = open(options()).await;
    let fault = engine.compact(None, &locations[0].key).await.unwrap_err();
    assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest));
    store.recover();
    let again = loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Ok(compaction) = engine.compact(None, &locations[0].key).await {
            break compaction.moved;
        }
    };
    let places = |moved: &[Receipt]| moved.iter().map(|receipt| receipt.location.clone()).collect::<Vec<_>>();
    assert_eq!(places(&again), places(&moved));
}

#[tokio::test]
async fn a_damaged_blob_can_be_deleted_and_goes_with_its_pack() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let contents = contents(0..3);
    let locations = store(&engine, &contents).await;
    let path = folder.path().join(&locations[1].key);
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(locations[1].offset).unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(engine.verify_object(contents[1].address(), &locations[1]).await.unwrap().mismatch.is_some());
    for nth in [0, 2] {
        assert!(engine.delete_object(contents[nth].address(), &locations[nth]).await.unwrap().deleted);
    }
    assert!(path.exists(), "what is damaged is no garbage");
    assert!(engine.delete_object(contents[1].address(), &locations[1]).await.unwrap().deleted);
    assert!(!path.exists());
    for kind in ["tombstones", "damaged/packs"] {
        let left = walk(&folder.path().join(kind));
        assert_eq!(left, 0, "{kind}");
    }
}

fn walk(folder: &FsPath) -> usize {
    let Ok(listed) = fs::read_dir(folder) else { return 0 };
    listed.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}
