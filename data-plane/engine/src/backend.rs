//! One open backend: its objects, its packs, its index, and the tasks that serve them.

use std::{path::PathBuf, sync::Arc};

use artifactstore_types::{BackendId, Clock, DualDigest, Ids, Location, NodeId, Receipt, Timestamp};
use tokio::{runtime::Handle, sync::Mutex};

use crate::{
    index::Index,
    keys,
    options::{BackendOptions, EngineOptions},
    pack::{
        packer::{Packer, Place, Sealing},
        packs::Packs,
    },
    remove::Remover,
    store::Store,
};

/// An open backend.
pub(crate) struct Backend {
    pub id: BackendId,
    pub node_id: NodeId,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub store: Store,
    pub packs: Arc<Packs>,
    pub index: Arc<Index>,
    pub packer: Packer,
    pub remover: Remover,
    pub volume: Option<PathBuf>,
    pub part_bytes: usize,
    pub pack_threshold_bytes: usize,
    /// Held while a pack is compacted or lost blobs: the two must not cross.
    pub rewriting: Arc<Mutex<()>>,
    pub runtime: Handle,
}

impl Backend {
    pub fn open(runtime: &Handle, engine: &EngineOptions, options: BackendOptions) -> Self {
        let store = Store::new(options.id.clone(), options.store, engine.call_deadline);
        let packs = Arc::new(Packs::new(store.clone(), Arc::clone(&engine.clock), Arc::clone(&engine.ids)));
        let index = Index::open(runtime, options.index_path, Arc::clone(&packs));
        let sealing = Sealing { target_bytes: engine.pack_target_bytes, delay: engine.seal_delay };
        let rewriting = Arc::new(Mutex::new(()));
        Self {
            id: options.id,
            node_id: engine.node_id.clone(),
            clock: Arc::clone(&engine.clock),
            ids: Arc::clone(&engine.ids),
            packer: Packer::start(runtime, Arc::clone(&packs), Arc::clone(&index), sealing),
            remover: Remover::start(runtime, Arc::clone(&packs), Arc::clone(&index), Arc::clone(&rewriting)),
            store,
            packs,
            index,
            volume: options.volume,
            part_bytes: options.part_bytes,
            pack_threshold_bytes: engine.pack_threshold_bytes,
            rewriting,
            runtime: runtime.clone(),
        }
    }

    /// The receipt of a packed blob.
    pub fn receipt_of_packed(&self, digests: DualDigest, place: Place) -> Receipt {
        let key = keys::pack(place.pack).to_string();
        let location = Location { backend_id: self.id.clone(), key, offset: place.offset, length: place.length };
        Receipt { digests, location, node_id: self.node_id.clone(), stored_at: place.sealed_at }
    }

    /// The receipt of a blob of its own.
    pub fn receipt_of_own(&self, digests: DualDigest, stored_at: Timestamp) -> Receipt {
        let address = artifactstore_types::ContentAddress::from_blake3(*digests.blake3.bytes());
        let key = keys::blob(address).to_string();
        let location = Location { backend_id: self.id.clone(), key, offset: 0, length: digests.size_bytes };
        Receipt { digests, location, node_id: self.node_id.clone(), stored_at }
    }
}
