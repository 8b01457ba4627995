//! The directory as a store of objects: against the store in memory that `object_store` has, when the disk is full, when
//! the power is cut, and with keys nobody should make.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path as FsPath, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use artifactstore_engine::{DirectoryStore, Disk, LocalDisk};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, memory::InMemory, path::Path,
};
use proptest::prelude::*;

use crate::support::{
    eventually,
    forgetful_disk::{ForgetfulDisk, Ignored, Names},
};

fn key(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn incoming_files(root: &FsPath) -> usize {
    fs::read_dir(root.join(".incoming")).unwrap().count()
}

#[tokio::test]
async fn refuses_keys_that_lead_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(folder.path().join("root")).unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let good = key("good");
    store.put(&good, "bytes".into()).await.unwrap();
    let keys = [
        Path::from("../secret"),
        Path::from("a/../../secret"),
        key(".lock"),
        key(".incoming/0"),
        key("a/.hidden"),
        Path::default(),
        Path::from("a\\b"),
        Path::from("a\0b"),
        Path::from("a b"),
        Path::from("é"),
        Path::from("x".repeat(256)),
    ];
    for bad in keys {
        let refused = |answer: Result<(), Error>| assert!(matches!(answer, Err(Error::InvalidPath { .. })), "{bad}");
        refused(store.get(&bad).await.map(drop));
        refused(store.put(&bad, "bytes".into()).await.map(drop));
        refused(store.put_multipart(&bad).await.map(drop));
        refused(store.delete(&bad).await);
        refused(store.rename(&good, &bad).await);
        refused(store.copy(&bad, &good).await);
    }
    assert_eq!(store.get(&good).await.unwrap().bytes().await.unwrap(), "bytes");
    assert_eq!(fs::read_to_string(folder.path().join("secret")).unwrap(), "secret");
}

#[tokio::test]
async fn lets_one_process_in_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = DirectoryStore::open(folder.path()).unwrap();
    let refused = DirectoryStore::open(folder.path()).map(drop).map_err(|error| error.kind());
    assert_eq!(refused, Err(io::ErrorKind::ResourceBusy));
    drop(first);
    DirectoryStore::open(folder.path()).unwrap();
}

#[tokio::test]
async fn removes_what_a_crash_left_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    drop(DirectoryStore::open(folder.path()).unwrap());
    fs::write(folder.path().join(".incoming/0000000000000000"), "half").unwrap();
    let store = DirectoryStore::open(folder.path()).unwrap();
    assert_eq!(incoming_files(folder.path()), 0);
    store.put(&key("a"), "whole".into()).await.unwrap();
}

#[tokio::test]
async fn an_upload_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(folder.path()).unwrap();
    let mut upload = store.put_multipart(&key("a")).await.unwrap();
    upload.put_part("part".into()).await.unwrap();
    assert_eq!(incoming_files(folder.path()), 1);
    drop(upload);
    eventually(|| incoming_files(folder.path()) == 0).await;
    let mut upload = store.put_multipart(&key("a")).await.unwrap();
    upload.put_part("part".into()).await.unwrap();
    upload.abort().await.unwrap();
    assert_eq!(incoming_files(folder.path()), 0);
    assert!(matches!(store.head(&key("a")).await, Err(Error::NotFound { .. })));
    assert!(upload.complete().await.is_err());
}

#[tokio::test]
async fn says_nothing_of_files_when_the_directory_itself_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let store = DirectoryStore::open(&root).unwrap();
    store.put(&key("a/b"), "bytes".into()).await.unwrap();
    assert!(matches!(store.head(&key("a/c")).await, Err(Error::NotFound { .. })));
    fs::rename(&root, folder.path().join("away")).unwrap();
    for there in ["a/b", "a/c"] {
        assert!(matches!(store.head(&key(there)).await, Err(Error::Generic { .. })), "{there}");
        assert!(matches!(store.delete(&key(there)).await, Err(Error::Generic { .. })), "{there}");
    }
    assert!(store.list(None).try_collect::<Vec<_>>().await.is_err());
    assert!(store.put(&key("a/b"), "bytes".into()).await.is_err());
    assert!(!root.exists(), "a directory that is gone is not made anew");
}

/// A disk with room for so many bytes.
#[derive(Debug)]
struct SmallDisk(AtomicU64);

impl Disk for SmallDisk {
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let room = self.0.load(Ordering::Acquire);
        let taken = bytes.len().min(usize::try_from(room).unwrap());
        self.0.fetch_sub(taken as u64, Ordering::AcqRel);
        LocalDisk.write_all_at(file, &bytes[..taken], offset)?;
        if taken == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
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
async fn a_full_disk_leaves_no_half_object() {
    let folder = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open_on(folder.path(), Arc::new(SmallDisk(AtomicU64::new(100)))).unwrap();
    let payload = || Bytes::from(vec![1; 80]);
    store.put(&key("a"), payload().into()).await.unwrap();
    let full = |error: Error| {
        let Error::Generic { source, .. } = error else { panic!("{error:?}") };
        assert_eq!(source.downcast::<io::Error>().unwrap().kind(), io::ErrorKind::StorageFull);
    };
    full(store.put(&key("b"), payload().into()).await.unwrap_err());
    let mut upload = store.put_multipart(&key("b")).await.unwrap();
    full(upload.put_part(payload().into()).await.unwrap_err());
    drop(upload);
    eventually(|| incoming_files(folder.path()) == 0).await;
    let listed: Vec<_> = store.list(None).map_ok(|meta| meta.location).try_collect().await.unwrap();
    assert_eq!(listed, [key("a")]);
}

/// What is done to a store while its disk is pictured step by step.
async fn scenario(store: &DirectoryStore) {
    store.put(&key("a/one"), "one".into()).await.unwrap();
    store.put(&key("b/c/two"), "two".into()).await.unwrap();
    let mut upload = store.put_multipart(&key("staging/three")).await.unwrap();
    upload.put_part("thr".into()).await.unwrap();
    upload.put_part("ee".into()).await.unwrap();
    upload.complete().await.unwrap();
    store.rename(&key("staging/three"), &key("b/d/three")).await.unwrap();
    store.copy(&key("a/one"), &key("e/one")).await.unwrap();
    store.put(&key("a/one"), "uno".into()).await.unwrap();
    store.delete(&key("b/c/two")).await.unwrap();
}

async fn contents(root: &FsPath) -> Vec<(String, String)> {
    let store = DirectoryStore::open(root).unwrap();
    let mut contents = Vec::new();
    for meta in store.list(None).try_collect::<Vec<_>>().await.unwrap() {
        let bytes = store.get(&meta.location).await.unwrap().bytes().await.unwrap();
        contents.push((meta.location.to_string(), String::from_utf8(bytes.to_vec()).unwrap()));
    }
    contents
}

struct Pictured {
    disk: Arc<ForgetfulDisk>,
    root: PathBuf,
    images: PathBuf,
    _folder: tempfile::TempDir,
}

async fn pictured(ignored: Ignored) -> Pictured {
    let folder = tempfile::tempdir().unwrap();
    let (root, images) = (folder.path().join("root"), folder.path().join("images"));
    fs::create_dir(&root).unwrap();
    let disk = Arc::new(ForgetfulDisk::holding(&root, ignored));
    let store = DirectoryStore::open_on(&root, Arc::clone(&disk) as Arc<dyn Disk>).unwrap();
    disk.picture_every_step(&root, &images);
    scenario(&store).await;
    Pictured { disk, root, images, _folder: folder }
}

fn at_the_end() -> Vec<(String, String)> {
    let pair = |(key, text): (&str, &str)| (key.to_owned(), text.to_owned());
    [("a/one", "uno"), ("b/d/three", "three"), ("e/one", "one")].map(pair).to_vec()
}

#[tokio::test]
async fn whatever_returned_survives_a_power_cut() {
    let pictured = pictured(Ignored::Nothing).await;
    for names in [Names::Synced, Names::Current] {
        let image = pictured.images.join(format!("end-{names:?}"));
        pictured.disk.leave(&pictured.root, &image, names);
        assert_eq!(contents(&image).await, at_the_end(), "{names:?}");
    }
}

#[tokio::test]
async fn a_power_cut_at_any_step_leaves_whole_objects() {
    let pictured = pictured(Ignored::Nothing).await;
    assert!(pictured.disk.steps() > 20, "{}", pictured.disk.steps());
    for step in 0..pictured.disk.steps() {
        for names in [Names::Synced, Names::Current] {
            let image = ForgetfulDisk::image(&pictured.images, step, names);
            for (key, text) in contents(&image).await {
                let whole = match key.as_str() {
                    "a/one" => text == "one" || text == "uno",
                    "b/c/two" => text == "two",
                    "staging/three" | "b/d/three" => text == "three",
                    "e/one" => text == "one",
                    _ => false,
                };
                assert!(whole, "step {step}, names {names:?}: {key} is {text:?}");
            }
        }
    }
}

#[tokio::test]
async fn without_its_syncs_a_power_cut_would_be_noticed() {
    for (ignored, names) in [(Ignored::Files, Names::Current), (Ignored::Folders, Names::Synced)] {
        let pictured = pictured(ignored).await;
        let image = pictured.images.join("end");
        pictured.disk.leave(&pictured.root, &image, names);
        assert_ne!(contents(&image).await, at_the_end(), "{ignored:?}");
    }
}

/// Something asked of a store.
#[derive(Clone, Debug)]
enum Ask {
    Put(usize, Vec<u8>),
    Create(usize, Vec<u8>),
    Upload(usize, Vec<Vec<u8>>),
    Get(usize, Option<GetRange>),
    Delete(usize),
    Rename(usize, usize),
    Copy(usize, usize),
    List(Option<usize>, Option<usize>),
}

/// Keys whose order differs from that of their folders' names, and prefixes of each other.
const KEYS: [&str; 7] = ["a-b/c", "a/b", "a/b-c", "a.b", "a/c/d", "b", "a/c-d"];
const PREFIXES: [&str; 4] = ["a", "a/c", "a-b", "x"];

fn any_ask() -> impl Strategy<Value = Ask> {
    let key = || 0..KEYS.len();
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    let range = prop_oneof![
        (0..50_u64, 0..50_u64).prop_map(|(from, to)| GetRange::Bounded(from..to)),
        (0..50_u64).prop_map(GetRange::Offset),
        (1..50_u64).prop_map(GetRange::Suffix),
    ];
    prop_oneof![
        (key(), bytes()).prop_map(|(key, bytes)| Ask::Put(key, bytes)),
        (key(), bytes()).prop_map(|(key, bytes)| Ask::Create(key, bytes)),
        (key(), proptest::collection::vec(bytes(), 0..4)).prop_map(|(key, parts)| Ask::Upload(key, parts)),
        (key(), proptest::option::of(range)).prop_map(|(key, range)| Ask::Get(key, range)),
        key().prop_map(Ask::Delete),
        (key(), key()).prop_map(|(from, to)| Ask::Rename(from, to)),
        (key(), key()).prop_map(|(from, to)| Ask::Copy(from, to)),
        (proptest::option::of(0..PREFIXES.len()), proptest::option::of(key())).prop_map(|(p, o)| Ask::List(p, o)),
    ]
}

/// What a store answers, as far as all stores must agree.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Bytes(Bytes),
    Keys(BTreeSet<String>),
    Failed,
}

async fn ask(store: &dyn ObjectStore, ask: &Ask) -> Answer {
    let done = |answer: Result<(), Error>| answer.map_or(Answer::Failed, |()| Answer::Done);
    match ask {
        Ask::Put(at, bytes) => done(store.put(&key(KEYS[*at]), bytes.clone().into()).await.map(drop)),
        Ask::Create(at, bytes) => {
            let options = PutMode::Create.into();
            done(store.put_opts(&key(KEYS[*at]), bytes.clone().into(), options).await.map(drop))
        }
        Ask::Upload(at, parts) => {
            let mut upload = store.put_multipart(&key(KEYS[*at])).await.unwrap();
            for part in parts {
                upload.put_part(part.clone().into()).await.unwrap();
            }
            done(upload.complete().await.map(drop))
        }
        Ask::Get(at, range) => {
            let options = GetOptions { range: range.clone(), ..GetOptions::default() };
            match store.get_opts(&key(KEYS[*at]), options).await {
                Ok(found) => Answer::Bytes(found.bytes().await.unwrap()),
                Err(_) => Answer::Failed,
            }
        }
        // Whether deleting what is not there fails differs between stores; what is left does not.
        Ask::Delete(at) => {
            let _ = store.delete(&key(KEYS[*at])).await;
            Answer::Done
        }
        Ask::Rename(from, to) if from != to => done(store.rename(&key(KEYS[*from]), &key(KEYS[*to])).await),
        Ask::Copy(from, to) if from != to => done(store.copy(&key(KEYS[*from]), &key(KEYS[*to])).await),
        Ask::Rename(..) | Ask::Copy(..) => Answer::Done,
        Ask::List(prefix, offset) => {
            let prefix = prefix.map(|at| key(PREFIXES[at]));
            let listed = match offset {
                Some(at) => store.list_with_offset(prefix.as_ref(), &key(KEYS[*at])),
                None => store.list(prefix.as_ref()),
            };
            let keys: Vec<_> = listed.map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
            assert!(keys.is_sorted(), "{keys:?}");
            Answer::Keys(keys.into_iter().collect())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn answers_as_the_store_in_memory_does(asks in proptest::collection::vec(any_ask(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (directory, memory) = (DirectoryStore::open(folder.path()).unwrap(), InMemory::new());
        for asked in &asks {
            let (found, wanted) = runtime.block_on(async {
                (ask(&directory, asked).await, ask(&memory, asked).await)
            });
            prop_assert_eq!(found, wanted, "{:?}", asked);
        }
    }
}

#[tokio::test]
async fn reads_large_files_in_steps_that_make_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(folder.path()).unwrap();
    let whole = artifactstore_dataplane::conformance::Content::new(1, 5 * 1024 * 1024 + 17).bytes;
    store.put(&key("large"), whole.clone().into()).await.unwrap();
    let chunks: Vec<Bytes> = store.get(&key("large")).await.unwrap().into_stream().try_collect().await.unwrap();
    assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() >= 256 * 1024));
    assert_eq!(chunks.concat(), whole);
    let meta = store.head(&key("large")).await.unwrap();
    let changed = GetOptions { if_match: Some("another".to_owned()), ..GetOptions::default() };
    assert!(matches!(store.get_opts(&key("large"), changed).await, Err(Error::Precondition { .. })));
    let same = GetOptions { if_match: meta.e_tag, ..GetOptions::default() };
    let mut half_read = store.get_opts(&key("large"), same).await.unwrap().into_stream();
    half_read.next().await.unwrap().unwrap();
}
