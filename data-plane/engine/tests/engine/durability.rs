//! Nobody is told of bytes that a power cut could still take, whoever put them there; and what was given up does not
//! appear later.

use std::{
    fs::{self, File},
    io,
    path::{Path as FsPath, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, DirectoryStore, Disk, LocalDisk};
use artifactstore_types::ByteRange;
use futures::TryStreamExt as _;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, path::Path};

use crate::support::{
    backend_id, eventually,
    forgetful_disk::Names,
    open,
    watched_disk::{Fate, Sync, WatchedDisk},
};

struct Place {
    disk: Arc<WatchedDisk>,
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        Self { disk: WatchedDisk::holding(&root), root, folder }
    }

    fn open(&self) -> DirectoryStore {
        DirectoryStore::open_on(&self.root, Arc::clone(&self.disk) as Arc<dyn Disk>).unwrap()
    }

    /// What a power cut now would leave.
    fn left(&self) -> PathBuf {
        let image = self.folder.path().join("image");
        self.disk.durable.leave(&self.root, &image, Names::Synced);
        image
    }

    fn incoming(&self) -> usize {
        fs::read_dir(self.root.join(".incoming")).unwrap().count()
    }
}

fn key(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_not_synced_yet_is_told_to_nobody() {
    let place = Place::new();
    let store = place.open();
    store.put(&key("a/other"), "other".into()).await.unwrap();
    let (reached, go_on) = place.disk.stop(Sync::Folder, &place.root.join("a"));
    let writer = tokio::spawn({
        let store = store.clone();
        async move { store.put(&key("a/b"), "bytes".into()).await }
    });
    reached.await.unwrap();
    assert!(place.root.join("a/b").exists(), "it is renamed already");
    assert_eq!(store.head(&key("a/b")).await.unwrap().size, 5);
    assert_eq!(fs::read_to_string(place.left().join("a/b")).unwrap(), "bytes");
    go_on.send(()).unwrap();
    writer.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_from_two_at_once_are_acknowledged_when_they_are_durable() {
    let place = Place::new();
    let backend = BackendOptions::directory_on(backend_id(), &place.root, Arc::clone(&place.disk) as Arc<dyn Disk>);
    let engine = open(backend.unwrap()).await;
    let content = Content::new(1, 200_000);
    let declared = IngestHints { declared: Some(content.address()), ..IngestHints::default() };
    let hex = content.address().hex();
    let shard = place.root.join("blake3").join(&hex[..2]).join(&hex[2..4]);
    let (reached, go_on) = place.disk.stop(Sync::Folder, &shard);
    let first = tokio::spawn({
        let (engine, declared, bytes) = (engine.clone(), declared.clone(), content.stream(60_000));
        async move { engine.ingest_stream(declared, bytes).await }
    });
    reached.await.unwrap();
    let receipt = engine.ingest_stream(declared, content.stream(60_000)).await.unwrap();
    let image = place.left();
    go_on.send(()).unwrap();
    first.await.unwrap().unwrap();
    engine.close().await;

    let after = open(BackendOptions::directory(backend_id(), image).unwrap()).await;
    let served = after.serve_object(content.address(), &receipt.location, ByteRange::ALL).await.unwrap();
    assert_eq!(served.bytes.try_collect::<Vec<_>>().await.unwrap().concat(), content.bytes);
}

#[tokio::test]
async fn a_name_whose_sync_failed_is_synced_before_it_is_told() {
    let place = Place::new();
    let store = place.open();
    let folder = place.root.join("a");
    place.disk.plan(move |what, path| if what == Sync::Folder && path == folder { Fate::Failed } else { Fate::Done });
    store.put(&key("a/b"), "bytes".into()).await.unwrap_err();
    assert!(store.head(&key("a/b")).await.is_err(), "it is there, but may not stay");
    place.disk.plan(|_, _| Fate::Done);
    store.head(&key("a/b")).await.unwrap();
    assert!(place.left().join("a/b").exists());
}

#[tokio::test]
async fn a_deletion_that_is_not_synced_yet_is_told_to_nobody() {
    let place = Place::new();
    let store = place.open();
    store.put(&key("a/b"), "bytes".into()).await.unwrap();
    let folder = place.root.join("a");
    place.disk.plan(move |what, path| if what == Sync::Folder && path == folder { Fate::Failed } else { Fate::Done });
    store.delete(&key("a/b")).await.unwrap_err();
    assert!(matches!(store.head(&key("a/b")).await, Err(Error::Generic { .. })), "it may come back");
    place.disk.plan(|_, _| Fate::Done);
    assert!(matches!(store.head(&key("a/b")).await, Err(Error::NotFound { .. })));
    assert!(!place.left().join("a/b").exists());
}

#[tokio::test]
async fn what_a_killed_process_left_unsynced_is_durable_once_the_directory_is_open() {
    let place = Place::new();
    drop(place.open());
    assert_eq!(place.disk.everything.load(Ordering::Acquire), 0, "there was nothing yet");
    drop(place.open());
    assert_eq!(place.disk.everything.load(Ordering::Acquire), 0, "the last one left in order");
    // What a process leaves that was killed between a rename and the sync of its folder.
    fs::write(place.root.join(".lock"), "x").unwrap();
    fs::create_dir(place.root.join("a")).unwrap();
    fs::write(place.root.join("a/b"), "bytes").unwrap();
    assert!(!place.left().join("a/b").exists());

    let store = place.open();
    store.head(&key("a/b")).await.unwrap();
    assert_eq!(fs::read_to_string(place.left().join("a/b")).unwrap(), "bytes");
}

#[tokio::test]
async fn a_directory_is_left_in_order_only_when_everything_is_durable() {
    let place = Place::new();
    let store = place.open();
    place.disk.plan(|what, path| if what == Sync::Folder && path.ends_with("a") { Fate::Failed } else { Fate::Done });
    store.put(&key("a/b"), "bytes".into()).await.unwrap_err();
    drop(store);
    place.disk.plan(|_, _| Fate::Done);
    drop(place.open());
    assert_eq!(place.disk.everything.load(Ordering::Acquire), 1);
    // One that came from elsewhere, without the lock that tells, is synced too.
    fs::remove_file(place.root.join(".lock")).unwrap();
    drop(place.open());
    assert_eq!(place.disk.everything.load(Ordering::Acquire), 2);
}

#[tokio::test]
async fn every_folder_made_above_the_directory_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let above = folder.path().canonicalize().unwrap().join("above");
    fs::create_dir(&above).unwrap();
    let disk = WatchedDisk::holding(&above);
    let root = above.join("one/two/three");
    let store = DirectoryStore::open_on(&root, Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
    store.put(&key("a/b"), "bytes".into()).await.unwrap();
    let image = folder.path().join("image");
    disk.durable.leave(&above, &image, Names::Synced);
    assert_eq!(fs::read_to_string(image.join("one/two/three/a/b")).unwrap(), "bytes");
}

#[tokio::test]
async fn a_folder_made_by_one_who_was_interrupted_is_made_durable_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let above = folder.path().canonicalize().unwrap().join("above");
    fs::create_dir(&above).unwrap();
    let disk = WatchedDisk::holding(&above);
    fs::create_dir(above.join("one")).unwrap();
    let root = above.join("one/two");
    DirectoryStore::open_on(&root, Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
    let image = folder.path().join("image");
    disk.durable.leave(&above, &image, Names::Synced);
    assert!(image.join("one/two").is_dir());
}

/// Something that makes a name appear.
#[derive(Clone, Copy, Debug)]
enum Making {
    Put,
    Create,
    Upload,
    Rename,
    Copy,
}

async fn make(store: &DirectoryStore, making: Making) -> Result<(), Error> {
    let new = key("new/name");
    match making {
        Making::Put => store.put(&new, "bytes".into()).await.map(drop),
        Making::Create => store.put_opts(&new, "bytes".into(), PutMode::Create.into()).await.map(drop),
        Making::Upload => {
            let mut upload = store.put_multipart(&new).await?;
            upload.put_part("bytes".into()).await?;
            upload.complete().await.map(drop)
        }
        Making::Rename => store.rename(&key("old"), &new).await,
        Making::Copy => store.copy(&key("old"), &new).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_up_does_not_appear_later() {
    for making in [Making::Put, Making::Create, Making::Upload, Making::Rename, Making::Copy] {
        let place = Place::new();
        let store = place.open();
        store.put(&key("old"), "bytes".into()).await.unwrap();
        // A rename has no file to sync: it is stopped while the folder it goes to is made.
        let (what, path) = match making {
            Making::Rename => (Sync::Folder, place.root.clone()),
            _ => (Sync::File, place.root.join(".incoming")),
        };
        let (reached, go_on) = place.disk.stop(what, &path);
        {
            let mut made = Box::pin(make(&store, making));
            let reached = async { reached.await.unwrap() };
            tokio::select! {
                done = &mut made => panic!("{making:?} did not wait: {done:?}"),
                () = reached => {}
            }
        }
        go_on.send(()).unwrap();
        drop(store);
        // The directory can be opened again when nothing works on it any more.
        let opened = || DirectoryStore::open_on(&place.root, Arc::clone(&place.disk) as Arc<dyn Disk>);
        let mut again = None;
        eventually(|| {
            again = opened().ok();
            again.is_some()
        })
        .await;
        let found = again.unwrap().head(&key("new/name")).await;
        assert!(matches!(found, Err(Error::NotFound { .. })), "{making:?}: {found:?}");
        assert_eq!(place.incoming(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ingest_that_was_given_up_is_not_here_later() {
    for size in [200_000, 3_000_000] {
        let place = Place::new();
        let backend = BackendOptions::directory_on(backend_id(), &place.root, Arc::clone(&place.disk) as Arc<dyn Disk>);
        let engine = open(backend.unwrap()).await;
        let content = Content::new(1, size);
        let (reached, go_on) = place.disk.stop(Sync::File, &place.root.join(".incoming"));
        {
            let mut ingest = Box::pin(engine.ingest_stream(IngestHints::default(), content.stream(60_000)));
            tokio::select! {
                _ = &mut ingest => panic!("it did not wait"),
                reached = reached => reached.unwrap(),
            }
        }
        go_on.send(()).unwrap();
        eventually(|| place.incoming() == 0).await;
        assert_eq!(engine.have_objects(None, &[content.address()]).await.unwrap(), [None]);
    }
}

#[tokio::test]
async fn a_folder_that_somebody_removed_is_made_again() {
    let place = Place::new();
    let store = place.open();
    store.put(&key("a/b/one"), "one".into()).await.unwrap();
    fs::remove_dir_all(place.root.join("a")).unwrap();
    store.put(&key("a/b/two"), "two".into()).await.unwrap();
    assert_eq!(fs::read_to_string(place.left().join("a/b/two")).unwrap(), "two");
    let listed: Vec<_> = store.list(None).map_ok(|meta| meta.location).try_collect().await.unwrap();
    assert_eq!(listed, [key("a/b/two")]);
}

/// A disk that takes nothing past the page cache, though the file could be opened for it.
#[derive(Debug)]
struct OnlyCached;

impl Disk for OnlyCached {
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if rustix::fs::fcntl_getfl(file)?.contains(rustix::fs::OFlags::DIRECT) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        LocalDisk.write_all_at(file, bytes, offset)
    }

    fn sync_file(&self, file: &File, path: &FsPath) -> io::Result<()> {
        LocalDisk.sync_file(file, path)
    }

    fn sync_folder(&self, folder: &FsPath) -> io::Result<()> {
        LocalDisk.sync_folder(folder)
    }

    fn sync_everything(&self, root: &FsPath) -> io::Result<()> {
        LocalDisk.sync_everything(root)
    }
}

#[tokio::test]
async fn parts_of_any_size_make_the_whole_past_the_cache_or_through_it() {
    let disks: [Arc<dyn Disk>; 2] = [Arc::new(LocalDisk), Arc::new(OnlyCached)];
    for disk in disks {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open_on(folder.path(), disk).unwrap();
        for lengths in
            [vec![4096, 8192, 4096, 1], vec![8192, 100, 3996, 4096, 7], vec![4096], vec![0, 4096, 0], vec![5]]
        {
            let whole = Content::new(1, lengths.iter().sum()).bytes;
            let mut upload = store.put_multipart(&key("a")).await.unwrap();
            let mut rest = whole.clone();
            for length in lengths {
                let part = rest.split_to(length);
                // A part that comes in pieces, as from a network.
                let pieces: object_store::PutPayload = part.chunks(1000).map(bytes::Bytes::copy_from_slice).collect();
                upload.put_part(pieces).await.unwrap();
            }
            upload.complete().await.unwrap();
            assert_eq!(store.get(&key("a")).await.unwrap().bytes().await.unwrap(), whole);
        }
    }
}
