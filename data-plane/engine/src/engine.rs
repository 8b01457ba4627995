//! The engine: the data plane over stores of objects. It finds the backend a call is about and leaves the rest to the
//! module of that call.

use std::{collections::HashSet, sync::Arc};

use artifactstore_dataplane::{
    Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, Served, Verification,
};
use artifactstore_types::{BackendHealth, BackendId, ByteRange, ContentAddress, Fault, Location, NodeId, Receipt};
use async_trait::async_trait;
use futures::{StreamExt as _, future::join_all, stream::BoxStream};
use tokio::runtime::Handle;

use crate::{
    backend::Backend,
    batch, compact, faults, health, ingest, inventory,
    options::EngineOptions,
    remove,
    resume::{self, UploadKey},
    serve, verify,
};

/// A data plane over stores of objects. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    node_id: NodeId,
    backends: Arc<[Arc<Backend>]>,
    batch_blob_limit: usize,
}

impl Engine {
    /// Opens the backends. What they hold is looked at in the background: this takes no longer where they hold much.
    /// Must be called within a tokio runtime, which the engine's own tasks run on.
    ///
    /// # Errors
    /// No backend, or two of one name.
    #[expect(clippy::unused_async, reason = "callers need not change when opening comes to wait for something")]
    pub async fn open(options: EngineOptions) -> Result<Self, Fault> {
        let mut names = HashSet::new();
        if options.backends.is_empty() {
            return Err(faults::no_backends());
        }
        if let Some(twice) = options.backends.iter().find(|backend| !names.insert(&backend.id)) {
            return Err(faults::repeated_backend(&twice.id));
        }
        let runtime = Handle::current();
        let open = |backend| Arc::new(Backend::open(&runtime, &options, backend));
        let backends = options.backends.clone().into_iter().map(open).collect();
        Ok(Self { node_id: options.node_id, backends, batch_blob_limit: options.pack_threshold_bytes })
    }

    /// Ends the engine's tasks; whatever they took is durable when this returns. Small blobs and deletions that come
    /// later are refused, in every clone. A directory is free for another engine when the last clone is dropped.
    pub async fn close(&self) {
        join_all(self.backends.iter().map(|backend| backend.close())).await;
    }

    /// Stores the bytes of a stream that begins at `offset` of the whole, where an upload can be gone on with: what comes of
    /// a stream that stops is kept for a day, and [`Engine::find_upload`] says how much that is.
    ///
    /// # Errors
    /// Those of [`DataPlane::ingest_stream`]; an upload that does not exist or stands elsewhere; a newer stream that goes on
    /// with it.
    pub async fn ingest_upload(
        &self,
        key: UploadKey,
        hints: IngestHints,
        offset: u64,
        bytes: ByteStream,
    ) -> Result<Receipt, Fault> {
        resume::ingest(self.backend(hints.backend_id.as_ref())?, key, hints, offset, bytes).await
    }

    /// How many bytes of an upload need not be sent again; `None` where there is none. A stream that is still writing it is
    /// ended first, so that the answer stays true.
    ///
    /// # Errors
    /// An unknown backend, or records that cannot be read.
    pub async fn find_upload(&self, backend_id: Option<&BackendId>, key: UploadKey) -> Result<Option<u64>, Fault> {
        resume::find(self.backend(backend_id)?, key).await
    }

    /// The backend of that name, or the first.
    fn backend(&self, id: Option<&BackendId>) -> Result<&Arc<Backend>, Fault> {
        match id {
            None => self.backends.first().ok_or_else(faults::no_backends),
            Some(id) => {
                self.backends.iter().find(|backend| backend.id == *id).ok_or_else(|| faults::unknown_backend(id))
            }
        }
    }
}

#[async_trait]
impl DataPlane for Engine {
    fn node_id(&self) -> NodeId {
        self.node_id.clone()
    }

    async fn ingest_stream(&self, hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault> {
        ingest::ingest(self.backend(hints.backend_id.as_ref())?, hints, bytes).await
    }

    fn ingest_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        match self.backend(backend_id.as_ref()) {
            Ok(backend) => batch::ingest(Arc::clone(backend), blobs),
            Err(fault) => blobs.map(move |_| Err(fault.clone())).boxed(),
        }
    }

    fn batch_blob_limit(&self) -> usize {
        self.batch_blob_limit
    }

    async fn serve_object(
        &self,
        address: ContentAddress,
        location: &Location,
        range: ByteRange,
    ) -> Result<Served, Fault> {
        serve::serve(self.backend(Some(&location.backend_id))?, address, location, range).await
    }

    async fn verify_object(&self, address: ContentAddress, location: &Location) -> Result<Verification, Fault> {
        verify::verify(self.backend(Some(&location.backend_id))?, address, location).await
    }

    async fn delete_object(&self, address: ContentAddress, location: &Location) -> Result<Deletion, Fault> {
        let backend = self.backend(Some(&location.backend_id))?;
        remove::delete(backend, address, location).await.map(|deleted| Deletion { deleted })
    }

    async fn backend_health(&self) -> Vec<BackendHealth> {
        join_all(self.backends.iter().map(|backend| health::look(backend))).await
    }

    async fn have_objects(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault> {
        inventory::have(self.backend(backend_id.as_ref())?, addresses).await
    }

    async fn inventory(
        &self,
        backend_id: Option<BackendId>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Inventory, Fault> {
        inventory::page(self.backend(backend_id.as_ref())?, cursor, limit).await
    }

    async fn compact(&self, backend_id: Option<BackendId>, key: &str) -> Result<Compaction, Fault> {
        compact::compact(self.backend(backend_id.as_ref())?, key).await
    }
}
