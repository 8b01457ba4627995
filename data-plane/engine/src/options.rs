//! What an engine is opened with. Nothing here is read from the environment; clock and ids are handed in.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use artifactstore_types::{BackendId, Clock, Fault, Ids, NodeId};
use object_store::{ObjectStore, memory::InMemory};

use crate::{
    directory::{DirectoryStore, Disk, LocalDisk},
    faults,
    s3::{S3Options, S3Store, UnfinishedUploads},
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// One store of bytes.
#[derive(Clone)]
pub struct BackendOptions {
    /// Its name in locations.
    pub id: BackendId,
    /// Where objects lie.
    pub store: Arc<dyn ObjectStore>,
    /// The file that caches where packed blobs lie. It can be lost at any time. `None` keeps it in memory, which grows
    /// with the number of packed blobs.
    pub index_path: Option<PathBuf>,
    /// A path on the device whose space [`backend_health`](artifactstore_dataplane::DataPlane::backend_health) reports.
    pub volume: Option<PathBuf>,
    /// How many bytes of a large blob are handed to the store at once.
    pub part_bytes: usize,
    /// Whether parts grow with their number, for a store that takes so many and no more. What an ingest holds in memory
    /// grows with them.
    pub parts_grow: bool,
    /// Whether engines of other processes have the same store open.
    pub shared: bool,
    /// The store as it is asked for its health: without the patience that everything else takes. `None`: like all else.
    pub prompt: Option<Arc<dyn ObjectStore>>,
    /// The store's uploads that nobody ends, where it keeps such.
    pub unfinished: Option<UnfinishedUploads>,
}

impl BackendOptions {
    /// A directory of this machine, made where it does not exist.
    ///
    /// # Errors
    /// The directory cannot be made or written to, or another process has it open.
    pub fn directory(id: BackendId, path: impl Into<PathBuf>) -> Result<Self, Fault> {
        Self::directory_on(id, path, Arc::new(LocalDisk))
    }

    /// The same on another disk.
    ///
    /// # Errors
    /// As for [`BackendOptions::directory`].
    pub fn directory_on(id: BackendId, path: impl Into<PathBuf>, disk: Arc<dyn Disk>) -> Result<Self, Fault> {
        let opened: io::Result<DirectoryStore> = DirectoryStore::open_on(path, disk);
        let store = opened.map_err(|error| faults::directory_unusable(&id, &error))?;
        let root = store.path().to_owned();
        Ok(Self {
            id,
            store: Arc::new(store),
            index_path: Some(root.join(".index.redb")),
            volume: Some(root),
            part_bytes: 2 * MIB,
            parts_grow: false,
            shared: false,
            prompt: None,
            unfinished: None,
        })
    }

    /// A bucket. It is not asked anything yet: [`backend_health`] says whether it can be used.
    ///
    /// [`backend_health`]: artifactstore_dataplane::DataPlane::backend_health
    ///
    /// # Errors
    /// The options contradict each other or name a file that cannot be read.
    pub fn s3(id: BackendId, options: &S3Options) -> Result<Self, Fault> {
        let store = S3Store::new(options).map_err(|error| faults::bucket_unusable(&id, &error))?;
        Ok(Self {
            id,
            store: store.objects(),
            index_path: options.index_path.clone(),
            volume: None,
            part_bytes: options.part_bytes,
            parts_grow: true,
            shared: options.shared,
            prompt: Some(store.promptly()),
            unfinished: Some(store.unfinished()),
        })
    }

    /// Bytes in this process's memory, gone with it.
    pub fn memory(id: BackendId) -> Self {
        Self::store(id, Arc::new(InMemory::new()))
    }

    /// Any other store, with its index in memory and parts of a size that every store takes.
    pub fn store(id: BackendId, store: Arc<dyn ObjectStore>) -> Self {
        Self {
            id,
            store,
            index_path: None,
            volume: None,
            part_bytes: 8 * MIB,
            parts_grow: true,
            shared: false,
            prompt: None,
            unfinished: None,
        }
    }
}

impl fmt::Debug for BackendOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendOptions").field("id", &self.id).field("store", &self.store).finish_non_exhaustive()
    }
}

/// What an engine is opened with.
#[derive(Clone)]
pub struct EngineOptions {
    /// The identity that receipts carry.
    pub node_id: NodeId,
    /// Where bytes are stored; the first is used where none is named. One engine at a time uses a backend.
    pub backends: Vec<BackendOptions>,
    /// Where times come from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
    /// Blobs of at most this many bytes are packed, and batches take no larger ones.
    pub pack_threshold_bytes: usize,
    /// A pack is sealed when its blobs have this many bytes.
    pub pack_target_bytes: usize,
    /// A pack is sealed when nothing more came for this long.
    pub seal_delay: Duration,
    /// How long one call of a store may take, and a little longer for many bytes.
    pub call_deadline: Duration,
}

impl EngineOptions {
    /// Options with the usual sizes and delays.
    pub fn new(node_id: NodeId, backends: Vec<BackendOptions>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self {
            node_id,
            backends,
            clock,
            ids,
            pack_threshold_bytes: 64 * KIB,
            pack_target_bytes: 8 * MIB,
            seal_delay: Duration::from_millis(2),
            call_deadline: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("node_id", &self.node_id)
            .field("backends", &self.backends)
            .finish_non_exhaustive()
    }
}
