//! The obligations of a data plane, on a directory, on a bucket of a real S3 store, and on `object_store`'s store in memory.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::FileExt as _,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use artifactstore_dataplane::{
    DataPlane,
    conformance::{Damage, Offered, Subject, a_receipt_survives_a_crash},
    data_plane_conformance,
};
use artifactstore_engine::{BackendOptions, Disk as _, Engine, S3Options};
use artifactstore_types::{BackendId, Location};
use async_trait::async_trait;
use object_store::{ObjectStore, ObjectStoreExt as _, memory::InMemory, path::Path};

use crate::support::{
    backend_id,
    bucket::Bucket,
    faulty_store::{Failure, FaultyStore},
    forgetful_disk::{ForgetfulDisk, Ignored, Names},
    open,
    proxy::Trouble,
};

const MIB: usize = 1024 * 1024;

mod on_a_directory {
    super::data_plane_conformance!(super::OnADirectory::new(super::Ignored::Nothing).await);
}

mod on_a_bucket {
    super::data_plane_conformance!(match super::OnABucket::find().await {
        Some(subject) => subject,
        None => return Ok(()),
    });
}

mod in_memory {
    super::data_plane_conformance!(super::InMemoryStore::new().await);
}

#[tokio::test]
async fn notices_when_files_are_not_synced() {
    let kept = a_receipt_survives_a_crash(&mut OnADirectory::new(Ignored::Files).await).await;
    assert_eq!(kept.map_err(|violation| violation.obligation), Err(1));
}

#[tokio::test]
async fn notices_when_folders_are_not_synced() {
    let kept = a_receipt_survives_a_crash(&mut OnADirectory::new(Ignored::Folders).await).await;
    assert_eq!(kept.map_err(|violation| violation.obligation), Err(1));
}

/// An engine on a directory whose disk forgets what was not synced.
pub struct OnADirectory {
    engine: Option<Engine>,
    disk: Arc<ForgetfulDisk>,
    root: PathBuf,
    folder: tempfile::TempDir,
    crashes: u32,
    ignored: Ignored,
}

impl OnADirectory {
    pub async fn new(ignored: Ignored) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("life-0");
        let mut subject = Self { engine: None, disk: Arc::default(), root, folder, crashes: 0, ignored };
        subject.open().await;
        subject
    }

    async fn open(&mut self) {
        fs::create_dir_all(&self.root).unwrap();
        self.disk = Arc::new(ForgetfulDisk::holding(&self.root, self.ignored));
        let backend = BackendOptions::directory_on(backend_id(), &self.root, Arc::clone(&self.disk) as Arc<_>);
        self.engine = Some(open(backend.unwrap()).await);
    }

    fn away(&self) -> PathBuf {
        self.root.with_extension("away")
    }
}

#[async_trait]
impl Subject for OnADirectory {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(self.engine.clone().unwrap())
    }

    fn backend_id(&self) -> BackendId {
        backend_id()
    }

    fn boundaries(&self) -> Vec<usize> {
        vec![64 * 1024, 256 * 1024, MIB, 2 * MIB, 4 * MIB]
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        Some(16 * MIB as u64)
    }

    async fn crash(&mut self) -> Offered {
        self.engine = None;
        self.crashes += 1;
        let image = self.folder.path().join(format!("life-{}", self.crashes));
        self.disk.leave(&self.root, &image, Names::Synced);
        self.root = image;
        self.open().await;
        Offered::Yes
    }

    async fn damage(&mut self, location: &Location, damage: Damage) -> Offered {
        let path = self.root.join(&location.key);
        let middle = location.offset + location.length / 2;
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            // A neighbour in the same pack was damaged before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Offered::Yes,
            Err(error) => panic!("{error}"),
        };
        match damage {
            Damage::FlippedBit => {
                let mut byte = [0];
                file.read_exact_at(&mut byte, middle).unwrap();
                file.write_all_at(&[byte[0] ^ 0x10], middle).unwrap();
            }
            Damage::Cut => file.set_len(middle).unwrap(),
            Damage::Gone => fs::remove_file(&path).unwrap(),
        }
        // It is damage that a crash does not undo.
        self.disk.sync_file(&file, &path).unwrap();
        self.disk.sync_folder(path.parent().unwrap()).unwrap();
        Offered::Yes
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        let (from, to) = if reachable { (self.away(), self.root.clone()) } else { (self.root.clone(), self.away()) };
        fs::rename(from, to).unwrap();
        Offered::Yes
    }
}

/// An engine on a store in memory.
struct InMemoryStore {
    engine: Engine,
    store: FaultyStore,
}

impl InMemoryStore {
    async fn new() -> Self {
        let store = FaultyStore::new(Arc::new(InMemory::new()));
        Self { engine: Self::open(&store).await, store }
    }

    async fn open(store: &FaultyStore) -> Engine {
        let options = BackendOptions::store(backend_id(), Arc::new(store.clone()) as Arc<dyn ObjectStore>);
        open(options).await
    }
}

#[async_trait]
impl Subject for InMemoryStore {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(self.engine.clone())
    }

    fn backend_id(&self) -> BackendId {
        backend_id()
    }

    fn boundaries(&self) -> Vec<usize> {
        vec![64 * 1024, MIB, 8 * MIB]
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        // This store holds every part until the upload ends.
        None
    }

    async fn crash(&mut self) -> Offered {
        self.engine = Self::open(&self.store).await;
        Offered::Yes
    }

    async fn damage(&mut self, location: &Location, how: Damage) -> Offered {
        damage(&self.store, location, how).await
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        if reachable {
            self.store.recover();
        } else {
            self.store.fail(|_, _| Some(Failure::Before(io::ErrorKind::ConnectionRefused)));
        }
        Offered::Yes
    }
}

/// Damages what lies at a location of a store.
async fn damage(store: &dyn ObjectStore, location: &Location, damage: Damage) -> Offered {
    let key = Path::from(location.key.as_str());
    let mut bytes = match store.get(&key).await {
        Ok(found) => found.bytes().await.unwrap().to_vec(),
        // A neighbour in the same pack was damaged before.
        Err(object_store::Error::NotFound { .. }) => return Offered::Yes,
        Err(error) => panic!("{error}"),
    };
    let middle = usize::try_from(location.offset + location.length / 2).unwrap();
    match damage {
        Damage::FlippedBit => bytes[middle] ^= 0x10,
        Damage::Cut => bytes.truncate(middle),
        Damage::Gone => return store.delete(&key).await.map(|()| Offered::Yes).unwrap(),
    }
    store.put(&key, bytes.into()).await.unwrap();
    Offered::Yes
}

/// An engine on a part of a bucket, behind a proxy that can cut it off.
struct OnABucket {
    engine: Engine,
    bucket: Bucket,
}

impl OnABucket {
    async fn find() -> Option<Self> {
        let bucket = Bucket::find().await?;
        Some(Self { engine: Self::open(&bucket).await, bucket })
    }

    async fn open(bucket: &Bucket) -> Engine {
        // A store that is cut off is given up soon.
        let retry_for = Duration::from_millis(200);
        let options = S3Options { retry_for, part_bytes: 5 * MIB, ..bucket.options() };
        open(BackendOptions::s3(backend_id(), &options).unwrap()).await
    }
}

#[async_trait]
impl Subject for OnABucket {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(self.engine.clone())
    }

    fn backend_id(&self) -> BackendId {
        backend_id()
    }

    fn boundaries(&self) -> Vec<usize> {
        vec![64 * 1024, 4 * MIB, 5 * MIB]
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        Some(32 * MIB as u64)
    }

    async fn crash(&mut self) -> Offered {
        self.engine = Self::open(&self.bucket).await;
        Offered::Yes
    }

    async fn damage(&mut self, location: &Location, how: Damage) -> Offered {
        damage(&*self.bucket.objects(), location, how).await
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        if reachable {
            self.bucket.proxy.leave_alone();
        } else {
            self.bucket.proxy.trouble(|_| Some(Trouble::Cut));
        }
        Offered::Yes
    }
}
