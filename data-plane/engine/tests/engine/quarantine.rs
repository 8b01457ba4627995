//! Bytes that are not what they were are kept and reported, count as here no more, and are replaced by the next ingest;
//! nothing that is what it was is ever set aside.

use std::{
    fs,
    path::{Path as FsPath, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, DirectoryStore, Engine};
use artifactstore_types::{ByteRange, Category, ContentAddress, Fault, Location, Mismatch, Receipt, Retry};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::ObjectStore;

use crate::support::{
    backend_id,
    faulty_store::{Call, FaultyStore},
    open,
};

async fn open_directory(root: &FsPath) -> Engine {
    open(BackendOptions::directory(backend_id(), root).unwrap()).await
}

async fn ingest(engine: &Engine, content: &Content) -> Receipt {
    engine.ingest_stream(IngestHints::default(), content.stream(60_000)).await.unwrap()
}

async fn ingest_declared(engine: &Engine, content: &Content) -> Result<Receipt, Fault> {
    let hints = IngestHints { declared: Some(content.address()), ..IngestHints::default() };
    engine.ingest_stream(hints, content.stream(60_000)).await
}

async fn store_batch(engine: &Engine, contents: &[Content]) -> Vec<Location> {
    let blobs: Vec<_> = contents.iter().map(Content::blob).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    receipts.into_iter().map(|receipt| receipt.location).collect()
}

async fn serve(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

async fn mismatch(engine: &Engine, content: &Content, location: &Location) -> Option<Mismatch> {
    engine.verify_object(content.address(), location).await.unwrap().mismatch
}

async fn have(engine: &Engine, address: ContentAddress) -> Option<Location> {
    engine.have_objects(None, &[address]).await.unwrap().pop().unwrap()
}

/// Flips a bit in the middle of a blob where it lies.
fn flip(root: &FsPath, location: &Location) -> Vec<u8> {
    let path = root.join(&location.key);
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(location.offset + location.length / 2).unwrap()] ^= 1;
    fs::write(path, &bytes).unwrap();
    bytes
}

/// Every file below a folder.
fn files(folder: &FsPath) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(folder) else { return Vec::new() };
    let paths = listed.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_damaged_blob_is_kept_aside_and_said_to_be_damaged_until_it_is_stored_again() {
    let folder = tempfile::tempdir().unwrap();
    let aside = || files(&folder.path().join("damaged"));
    let mut engine = open_directory(folder.path()).await;
    let content = Content::new(1, 300_000);
    let location = ingest(&engine, &content).await.location;
    let damaged = flip(folder.path(), &location);
    for _ in 0..2 {
        assert_eq!(mismatch(&engine, &content, &location).await, Some(Mismatch::Digest));
        assert_eq!(serve(&engine, &content, &location).await.unwrap_err().category, Category::DataLoss);
        assert_eq!(have(&engine, content.address()).await, None);
        assert!(aside().iter().map(|path| fs::read(path).unwrap()).eq([damaged.as_slice()]), "it is kept as it is");
        assert!(engine.inventory(None, None, 10).await.unwrap().entries.is_empty());
        engine.close().await;
        drop(engine);
        engine = open_directory(folder.path()).await;
    }
    assert_eq!(ingest_declared(&engine, &content).await.unwrap().location, location);
    assert_eq!(mismatch(&engine, &content, &location).await, None);
    assert_eq!(serve(&engine, &content, &location).await.unwrap(), content.bytes);
    assert_eq!(aside().len(), 1, "what was damaged is kept for whoever looks into it");

    assert!(engine.delete_object(content.address(), &location).await.unwrap().deleted);
    assert_eq!(serve(&engine, &content, &location).await.unwrap_err().category, Category::NotFound);
    assert!(aside().is_empty(), "a deleted blob leaves no copies");
    assert!(!engine.delete_object(content.address(), &location).await.unwrap().deleted);
}

#[tokio::test]
async fn a_location_that_is_wrong_sets_nothing_aside() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let own = Content::new(1, 300_000);
    let location = ingest(&engine, &own).await.location;
    let wrong = Location { length: 299_999, ..location.clone() };
    assert_eq!(mismatch(&engine, &own, &wrong).await, Some(Mismatch::Size));
    assert_eq!(serve(&engine, &own, &wrong).await.unwrap_err().category, Category::DataLoss);
    assert_eq!(have(&engine, own.address()).await, Some(location));

    let packed: Vec<_> = (0..10).map(|seed| Content::new(seed, 500)).collect();
    let locations = store_batch(&engine, &packed).await;
    for (content, location) in packed.iter().zip(&locations) {
        let wrong = Location { offset: location.offset + 1, ..location.clone() };
        assert!(mismatch(&engine, content, &wrong).await.is_some());
        assert!(serve(&engine, content, &wrong).await.is_err());
        let neighbour = Location { offset: locations[0].offset, ..location.clone() };
        let _ = serve(&engine, content, &neighbour).await;
        assert_eq!(have(&engine, content.address()).await.as_ref(), Some(location));
    }
    assert!(files(&folder.path().join("damaged")).is_empty());
}

#[tokio::test]
async fn what_was_stored_anew_meanwhile_is_not_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let store = FaultyStore::new(Arc::new(DirectoryStore::open(&root).unwrap()));
    let engine = open(BackendOptions::store(backend_id(), Arc::new(store.clone()) as Arc<dyn ObjectStore>)).await;
    let content = Content::new(1, 300_000);
    let location = ingest(&engine, &content).await.location;
    flip(&root, &location);
    // The file is read twice, and looked at once more before it would be moved: then it is another one already.
    let (path, good, reads) = (root.join(&location.key), content.bytes.clone(), AtomicUsize::new(0));
    store.fail(move |call, key| {
        let blob = call == Call::Get && key.as_ref().starts_with("blake3");
        if blob && reads.fetch_add(1, Ordering::AcqRel) == 2 {
            let new = path.with_extension("new");
            fs::write(&new, &good).unwrap();
            fs::rename(new, &path).unwrap();
        }
        None
    });
    assert_eq!(mismatch(&engine, &content, &location).await, Some(Mismatch::Digest));
    store.recover();
    assert_eq!(have(&engine, content.address()).await, Some(location.clone()));
    assert_eq!(serve(&engine, &content, &location).await.unwrap(), content.bytes);
}

#[tokio::test]
async fn damage_in_a_pack_is_remembered_without_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let contents: Vec<_> = (0..10).map(|seed| Content::new(seed, 500)).collect();
    let locations = store_batch(&engine, &contents).await;
    flip(folder.path(), &locations[3]);
    assert_eq!(serve(&engine, &contents[3], &locations[3]).await.unwrap_err().category, Category::DataLoss);
    engine.close().await;
    drop(engine);
    fs::remove_file(folder.path().join(".index.redb")).unwrap();

    let engine = open_directory(folder.path()).await;
    for (nth, (content, location)) in contents.iter().zip(&locations).enumerate() {
        assert_eq!(have(&engine, content.address()).await, (nth != 3).then(|| location.clone()));
    }
    assert_eq!(engine.inventory(None, None, 100).await.unwrap().entries.len(), 9);
    assert_eq!(
        mismatch(&engine, &contents[3], &locations[3]).await,
        Some(Mismatch::Digest),
        "it is kept where it lies"
    );
    let again = store_batch(&engine, &contents).await;
    assert_eq!(serve(&engine, &contents[3], &again[3]).await.unwrap(), contents[3].bytes);
    assert_eq!(engine.inventory(None, None, 100).await.unwrap().entries.len(), 10);
}

#[tokio::test]
async fn damage_is_noted_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let content = Content::new(1, 500);
    let location = store_batch(&engine, std::slice::from_ref(&content)).await.remove(0);
    flip(folder.path(), &location);
    for _ in 0..3 {
        assert!(mismatch(&engine, &content, &location).await.is_some());
        assert!(serve(&engine, &content, &location).await.is_err());
    }
    assert_eq!(files(&folder.path().join("damaged")).len(), 1);
}

#[tokio::test]
async fn bytes_that_come_again_find_the_damage_that_nobody_has_seen() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let damages: [fn(&FsPath, &Location); 2] = [
        |root, location| drop(flip(root, location)),
        |root, location| fs::write(root.join(&location.key), "short").unwrap(),
    ];
    for (seed, damage) in (0..).zip(damages) {
        for size in [300_000, 3_000_000] {
            let content = Content::new(seed, size);
            let location = ingest(&engine, &content).await.location;
            damage(folder.path(), &location);
            // There is nothing to store them from any more: they have to come once more.
            let fault = ingest_declared(&engine, &content).await.unwrap_err();
            assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest));
            let receipt = ingest_declared(&engine, &content).await.unwrap();
            assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
        }
    }
}

#[tokio::test]
async fn a_small_blob_that_comes_again_is_not_acknowledged_where_it_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open_directory(folder.path()).await;
    let contents: Vec<_> = (0..300).map(|seed| Content::new(seed, 700)).collect();
    let locations = store_batch(&engine, &contents).await;
    for nth in [5, 17, 299] {
        flip(folder.path(), &locations[nth]);
    }
    let again = store_batch(&engine, &contents).await;
    for (nth, (content, location)) in contents.iter().zip(&again).enumerate() {
        assert_eq!(serve(&engine, content, location).await.unwrap(), content.bytes);
        assert_eq!(location == &locations[nth], ![5, 17, 299].contains(&nth), "{nth}");
    }
}
