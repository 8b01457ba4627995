//! The fleet as one data plane. New bytes are placed by the roster; what lies somewhere is asked of the nodes that have its
//! backend, one after the other. Nodes keep the obligations; what is added here is which node, and another one where the
//! first cannot be reached.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use artifactstore_client::{Reading, resumed};
use artifactstore_dataplane::{
    Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, Served, ServedBlob, Verification,
};
use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, Category, ContentAddress, Fault, Location, NodeDescription, NodeId, Receipt,
};
use async_trait::async_trait;
use futures::{StreamExt as _, stream, stream::BoxStream};

use super::Fleet;
use crate::{
    download::source,
    faults,
    placement::{PlacementKey, Wanted, ZoneRule, place},
};

/// The largest blob every node takes in a batch.
const BATCH_BLOB_LIMIT: usize = 64 * 1024;

/// Where something new goes.
pub(crate) struct Placed {
    pub node: NodeDescription,
    pub backend_id: BackendId,
    pub plane: Arc<dyn DataPlane>,
}

impl Fleet {
    /// The node that takes something new, of those that have not failed it.
    pub(crate) fn place(
        &self,
        key: PlacementKey,
        backend_id: Option<&BackendId>,
        failed: &BTreeSet<NodeId>,
    ) -> Result<Placed, Fault> {
        let roster = self.roster();
        let nodes = roster.placeable(self.parts().clock.now(), self.options().silence);
        let backend_id = backend_id.or(self.options().backend_id.as_ref());
        let zone = self.options().zone.as_ref().map_or(ZoneRule::Any, ZoneRule::Prefer);
        let node = place(&nodes, &Wanted { key, backend_id, zone, failed })?;
        let backend_id = backend_id.or(node.backend_ids.first()).cloned();
        let member = roster.find(&node.node_id);
        // What was placed came from this roster.
        let (member, backend_id) = member.zip(backend_id).ok_or_else(|| self.nobody(None))?;
        Ok(Placed { node: member.node.description.clone(), backend_id, plane: Arc::clone(&member.plane) })
    }

    /// The ways to the nodes that have a backend, the best first.
    fn ways(&self, backend_id: Option<&BackendId>, key: &PlacementKey) -> Vec<Arc<dyn DataPlane>> {
        let backend_id = backend_id.or(self.options().backend_id.as_ref());
        let roster = self.roster();
        let readers = roster.readers(backend_id, key, self.parts().clock.now(), self.options().silence);
        readers.into_iter().map(|member| Arc::clone(&member.plane)).collect()
    }

    /// The nodes from which a blob on a backend can be read now, the best first: those that are heard.
    pub(crate) fn speakers(&self, backend_id: &BackendId, address: &ContentAddress) -> Vec<NodeDescription> {
        let (now, silence) = (self.parts().clock.now(), self.options().silence);
        let roster = self.roster();
        let readers = roster.readers(Some(backend_id), &PlacementKey::of_blob(address), now, silence);
        let speakers = readers.into_iter().filter(|member| member.is_heard(now, silence));
        speakers.map(|member| member.node.description.clone()).collect()
    }

    /// Asks the nodes that have a backend, one after the other, until one can be reached.
    async fn ask<T, A>(
        &self,
        backend_id: Option<&BackendId>,
        key: &PlacementKey,
        ask: impl Fn(Arc<dyn DataPlane>) -> A + Send,
    ) -> Result<T, Fault>
    where
        A: Future<Output = Result<T, Fault>> + Send,
    {
        let mut last = self.nobody(backend_id);
        for plane in self.ways(backend_id, key) {
            match ask(plane).await {
                Err(fault) if is_out_of_reach(&fault) => last = of_a_node(fault),
                answer => return answer,
            }
        }
        Err(last)
    }

    /// The fault of a backend that no node has, as far as it is known.
    fn nobody(&self, backend_id: Option<&BackendId>) -> Fault {
        let category = if self.roster().is_known { Category::NotFound } else { Category::Unavailable };
        faults::no_node(category, backend_id)
    }

    /// A key for what is not known yet.
    pub(crate) fn fresh_key(&self) -> PlacementKey {
        PlacementKey::of_blob(&ContentAddress::of(self.parts().ids.next().as_bytes()))
    }
}

/// The fault of a node as those see it who asked this control plane. That a node does not take its token is no matter of
/// theirs, and passes: a node is told of new keys within a moment.
fn of_a_node(fault: Fault) -> Fault {
    if fault.category == Category::Unauthenticated { faults::not_taken_yet(&fault) } else { fault }
}

/// Whether another node may do better.
pub(crate) fn is_out_of_reach(fault: &Fault) -> bool {
    matches!(fault.category, Category::Unavailable | Category::DeadlineExceeded | Category::Unauthenticated)
}

#[async_trait]
impl DataPlane for Fleet {
    fn node_id(&self) -> NodeId {
        self.options().name.clone()
    }

    async fn ingest_stream(&self, hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault> {
        let key = hints.declared.as_ref().map_or_else(|| self.fresh_key(), PlacementKey::of_blob);
        let bytes = Untouched::new(bytes);
        let mut failed = BTreeSet::new();
        loop {
            let Placed { node, backend_id, plane } = self.place(key, hints.backend_id.as_ref(), &failed)?;
            let hints = IngestHints { backend_id: Some(backend_id), ..hints.clone() };
            match plane.ingest_stream(hints, bytes.stream()).await {
                // Once some of the bytes are gone, only their sender can begin again.
                Err(fault) if is_out_of_reach(&fault) && bytes.is_whole() => {
                    tracing::warn!(node = %node.node_id, %fault, "a node cannot be reached; another takes the upload");
                    failed.insert(node.node_id);
                }
                answer => return answer.map_err(of_a_node),
            }
        }
    }

    fn ingest_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        match self.place(self.fresh_key(), backend_id.as_ref(), &BTreeSet::new()) {
            Ok(Placed { backend_id, plane, .. }) => {
                plane.ingest_batch(Some(backend_id), blobs).map(|answer| answer.map_err(of_a_node)).boxed()
            }
            // Each blob is answered, so that whoever sends them learns it of each.
            Err(fault) => blobs.map(move |_| Err(fault.clone())).boxed(),
        }
    }

    fn batch_blob_limit(&self) -> usize {
        BATCH_BLOB_LIMIT
    }

    async fn serve_object(
        &self,
        address: ContentAddress,
        location: &Location,
        range: ByteRange,
    ) -> Result<Served, Fault> {
        let backend_id = &location.backend_id;
        let ways = self.ways(Some(backend_id), &PlacementKey::of_blob(&address));
        let sources = ways.into_iter().map(|plane| source(plane, address, location.clone()));
        let Reading { size_bytes, range, verified, bytes } =
            resumed(address, range, sources, self.nobody(Some(backend_id))).await.map_err(of_a_node)?;
        Ok(Served { blob: ServedBlob { size_bytes, range, verified }, bytes })
    }

    async fn verify_object(&self, address: ContentAddress, location: &Location) -> Result<Verification, Fault> {
        let key = PlacementKey::of_blob(&address);
        self.ask(Some(&location.backend_id), &key, |plane| {
            let location = location.clone();
            async move { plane.verify_object(address, &location).await }
        })
        .await
    }

    async fn delete_object(&self, address: ContentAddress, location: &Location) -> Result<Deletion, Fault> {
        let key = PlacementKey::of_blob(&address);
        self.ask(Some(&location.backend_id), &key, |plane| {
            let location = location.clone();
            async move { plane.delete_object(address, &location).await }
        })
        .await
    }

    async fn backend_health(&self) -> Vec<BackendHealth> {
        self.roster().backend_health(self.parts().clock.now(), self.options().silence)
    }

    async fn have_objects(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault> {
        // The same question twice goes to the same node; questions about other blobs spread.
        let key = addresses.first().map_or_else(|| self.fresh_key(), PlacementKey::of_blob);
        self.ask(backend_id.as_ref(), &key, |plane| {
            let backend_id = backend_id.clone();
            async move { plane.have_objects(backend_id, addresses).await }
        })
        .await
    }

    async fn inventory(
        &self,
        backend_id: Option<BackendId>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Inventory, Fault> {
        let key = PlacementKey::of_blob(&ContentAddress::of(b"inventory"));
        self.ask(backend_id.as_ref(), &key, |plane| {
            let (backend_id, cursor) = (backend_id.clone(), cursor.clone());
            async move { plane.inventory(backend_id, cursor, limit).await }
        })
        .await
    }

    async fn compact(&self, backend_id: Option<BackendId>, pack: &str) -> Result<Compaction, Fault> {
        let key = PlacementKey::of_blob(&ContentAddress::of(pack.as_bytes()));
        self.ask(backend_id.as_ref(), &key, |plane| {
            let backend_id = backend_id.clone();
            async move { plane.compact(backend_id, pack).await }
        })
        .await
    }
}

/// Bytes that can be handed out again until somebody has taken the first of them.
struct Untouched(Arc<Mutex<Option<ByteStream>>>);

impl Untouched {
    fn new(bytes: ByteStream) -> Self {
        Self(Arc::new(Mutex::new(Some(bytes))))
    }

    fn is_whole(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The bytes: they are taken when the first is asked for.
    fn stream(&self) -> ByteStream {
        let whole = Arc::clone(&self.0);
        stream::once(async move {
            let taken = whole.lock().unwrap_or_else(PoisonError::into_inner).take();
            taken.unwrap_or_else(|| stream::empty().boxed())
        })
        .flatten()
        .boxed()
    }
}
