//! One open backend: its objects, its packs, its index, and the tasks that serve them.

use std::{path::PathBuf, sync::Arc};

use artifactstore_types::{BackendId, Clock, ContentAddress, DualDigest, Ids, Location, NodeId, Receipt, Timestamp};
use tokio::{
    runtime::Handle,
    sync::{Mutex, RwLock},
    task::JoinSet,
};

use crate::{
    index::Index,
    keys,
    options::{BackendOptions, EngineOptions},
    pack::{
        packer::{Packer, Place, Sealing},
        packs::Packs,
    },
    remove::Remover,
    stop::Stopper,
    store::Store,
    sweep,
};

/// An open backend.
pub(crate) struct Backend {
    pub id: BackendId,
    pub node_id: NodeId,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub store: Store,
    /// The same store, asked for its health.
    pub prompt: Store,
    pub packs: Arc<Packs>,
    pub index: Arc<Index>,
    pub packer: Packer,
    pub remover: Remover,
    pub volume: Option<PathBuf>,
    pub part_bytes: usize,
    pub parts_grow: bool,
    pub pack_threshold_bytes: usize,
    /// Held while a pack is compacted or lost blobs: the two must not cross.
    pub rewriting: Arc<Mutex<()>>,
    /// Shared by whoever puts a blob of its own in its place; held alone while a damaged one is moved away from there.
    pub placing: RwLock<()>,
    pub runtime: Handle,
    stopper: Stopper,
    tasks: Mutex<JoinSet<()>>,
}

impl Backend {
    pub fn open(runtime: &Handle, engine: &EngineOptions, options: BackendOptions) -> Self {
        let prompt = options.prompt.unwrap_or_else(|| Arc::clone(&options.store));
        let prompt = Store::new(options.id.clone(), prompt, engine.call_deadline);
        let store = Store::new(options.id.clone(), options.store, engine.call_deadline);
        let (clock, ids) = (Arc::clone(&engine.clock), Arc::clone(&engine.ids));
        let packs = Arc::new(Packs::new(store.clone(), clock, ids, options.shared));
        let stopper = Stopper::new();
        let sealing = Sealing { target_bytes: engine.pack_target_bytes, delay: engine.seal_delay };
        let rewriting = Arc::new(Mutex::new(()));
        let (index, keep_loaded) = Index::new(options.index_path, options.shared, Arc::clone(&packs), stopper.stop());
        let (packer, pack) = Packer::new(Arc::clone(&packs), Arc::clone(&index), sealing, stopper.stop());
        let (remover, remove) =
            Remover::new(Arc::clone(&packs), Arc::clone(&index), Arc::clone(&rewriting), stopper.stop());
        let sweep = sweep::sweep(store.clone(), options.unfinished, Arc::clone(&engine.clock), stopper.stop());
        let mut tasks = JoinSet::new();
        tasks.spawn_on(keep_loaded, runtime);
        tasks.spawn_on(pack, runtime);
        tasks.spawn_on(remove, runtime);
        tasks.spawn_on(sweep, runtime);
        Self {
            id: options.id,
            node_id: engine.node_id.clone(),
            clock: Arc::clone(&engine.clock),
            ids: Arc::clone(&engine.ids),
            store,
            prompt,
            packs,
            index,
            packer,
            remover,
            volume: options.volume,
            part_bytes: options.part_bytes.max(1),
            parts_grow: options.parts_grow,
            pack_threshold_bytes: engine.pack_threshold_bytes,
            rewriting,
            placing: RwLock::default(),
            runtime: runtime.clone(),
            stopper,
            tasks: Mutex::new(tasks),
        }
    }

    /// Ends the tasks, with everything they took written.
    pub async fn close(&self) {
        self.stopper.say();
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
        self.index.close().await;
    }

    /// Where a packed blob lies, for others.
    pub fn location_of_packed(&self, place: Place) -> Location {
        let key = keys::pack(place.pack).to_string();
        Location { backend_id: self.id.clone(), key, offset: place.offset, length: place.length }
    }

    /// The receipt of a packed blob.
    pub fn receipt_of_packed(&self, digests: DualDigest, place: Place) -> Receipt {
        let location = self.location_of_packed(place);
        Receipt { digests, location, node_id: self.node_id.clone(), stored_at: place.sealed_at }
    }

    /// The receipt of a blob of its own.
    pub fn receipt_of_own(&self, digests: DualDigest, stored_at: Timestamp) -> Receipt {
        let address = ContentAddress::from_blake3(*digests.blake3.bytes());
        let key = keys::blob(address).to_string();
        let location = Location { backend_id: self.id.clone(), key, offset: 0, length: digests.size_bytes };
        Receipt { digests, location, node_id: self.node_id.clone(), stored_at }
    }
}
