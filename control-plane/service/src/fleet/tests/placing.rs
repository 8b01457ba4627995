//! Which node takes what, and who is asked for it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use artifactstore_dataplane::{
    Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, Served, Verification,
};
use artifactstore_testkit::word;
use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, Category, ContentAddress, Fault, Location, NodeId, Receipt,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};

use super::{Node, Site};

fn bytes(text: &str) -> ByteStream {
    stream::iter([Ok(Bytes::copy_from_slice(text.as_bytes()))]).boxed()
}

async fn ingest(site: &Site, text: &str) -> Result<Receipt, Fault> {
    site.fleet.ingest_stream(IngestHints::default(), bytes(text)).await
}

#[tokio::test]
async fn new_bytes_go_to_the_nodes_that_are_active_and_heard() {
    let site = Site::new();
    let nodes = ["node-a", "node-b", "node-c"].map(|name| Node::new(name, &[&name.replace("node", "local")]));
    let mut sessions = Vec::new();
    for node in &nodes {
        site.plane(node);
        sessions.push(site.active(node).await);
    }
    let mut used = BTreeSet::new();
    for n in 0..60 {
        used.insert(ingest(&site, &n.to_string()).await.unwrap().node_id.to_string());
    }
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["node-a", "node-b", "node-c"]);

    drop(sessions.remove(0));
    sessions[0].hear(super::NodeHeartbeat { stopping: true, ..nodes[1].heartbeat(0) }).await.unwrap();
    site.fleet.refresh().await.unwrap();
    for n in 60..80 {
        assert_eq!(ingest(&site, &n.to_string()).await.unwrap().node_id, nodes[2].id());
    }
}

#[tokio::test]
async fn a_backend_that_a_node_cannot_reach_gets_nothing_through_it() {
    let site = Site::new();
    let node = Node::new("node-a", &["rgw", "local-a"]);
    site.plane(&node);
    let session = site.active(&node).await;
    let mut heartbeat = node.heartbeat(0);
    heartbeat.backends[0].reachable = false;
    session.hear(heartbeat).await.unwrap();
    site.fleet.refresh().await.unwrap();
    let receipt = ingest(&site, "bytes").await.unwrap();
    assert_eq!(receipt.location.backend_id, word("local-a"));
    let hints = IngestHints { backend_id: Some(word("rgw")), ..IngestHints::default() };
    let refused = site.fleet.ingest_stream(hints, bytes("more")).await.unwrap_err();
    assert_eq!(&*refused.code, "AS-PLC-0001");
    let health = site.fleet.backend_health().await;
    let told: Vec<_> = health.iter().map(|backend| (backend.backend_id.as_str(), backend.reachable)).collect();
    assert_eq!(told, [("local-a", true), ("rgw", false)]);
}

/// A node that is out of reach: it fails before it has taken a byte, or after.
struct OutOfReach {
    takes_first: bool,
    asked: AtomicUsize,
}

impl OutOfReach {
    fn new(takes_first: bool) -> Arc<Self> {
        Arc::new(Self { takes_first, asked: AtomicUsize::new(0) })
    }

    fn fault(&self) -> Fault {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Fault::new("AS-TEST-0001", Category::Unavailable, "out of reach")
    }
}

#[async_trait]
impl DataPlane for OutOfReach {
    fn node_id(&self) -> NodeId {
        word("out-of-reach")
    }

    async fn ingest_stream(&self, _: IngestHints, mut bytes: ByteStream) -> Result<Receipt, Fault> {
        if self.takes_first {
            bytes.next().await;
        }
        Err(self.fault())
    }

    fn ingest_batch(
        &self,
        _: Option<BackendId>,
        _: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        stream::iter([Err(self.fault())]).boxed()
    }

    fn batch_blob_limit(&self) -> usize {
        65_536
    }

    async fn serve_object(&self, _: ContentAddress, _: &Location, _: ByteRange) -> Result<Served, Fault> {
        Err(self.fault())
    }

    async fn verify_object(&self, _: ContentAddress, _: &Location) -> Result<Verification, Fault> {
        Err(self.fault())
    }

    async fn delete_object(&self, _: ContentAddress, _: &Location) -> Result<Deletion, Fault> {
        Err(self.fault())
    }

    async fn backend_health(&self) -> Vec<BackendHealth> {
        Vec::new()
    }

    async fn have_objects(&self, _: Option<BackendId>, _: &[ContentAddress]) -> Result<Vec<Option<Location>>, Fault> {
        Err(self.fault())
    }

    async fn inventory(&self, _: Option<BackendId>, _: Option<String>, _: usize) -> Result<Inventory, Fault> {
        Err(self.fault())
    }

    async fn compact(&self, _: Option<BackendId>, _: &str) -> Result<Compaction, Fault> {
        Err(self.fault())
    }
}

#[tokio::test]
async fn another_node_takes_the_upload_while_none_of_its_bytes_are_gone() {
    let site = Site::new();
    let (dead, alive) = (Node::new("node-a", &["rgw"]), Node::new("node-b", &["rgw"]));
    let unreached = OutOfReach::new(false);
    site.reach(&dead, unreached.clone());
    site.plane(&alive);
    let _sessions = (site.active(&dead).await, site.active(&alive).await);
    for n in 0..40 {
        assert_eq!(ingest(&site, &n.to_string()).await.unwrap().node_id, alive.id());
    }
    assert!(unreached.asked.load(Ordering::SeqCst) > 0, "the dead node was tried");

    let breaks_off = OutOfReach::new(true);
    let third = Node::new("node-c", &["local-c"]);
    site.reach(&third, breaks_off);
    let _session = site.active(&third).await;
    let hints = IngestHints { backend_id: Some(word("local-c")), ..IngestHints::default() };
    let fault = site.fleet.ingest_stream(hints, bytes("gone")).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-TEST-0001", "only the sender can begin again");
}

#[tokio::test]
async fn what_lies_on_a_shared_backend_is_read_through_whoever_can_be_reached() {
    let site = Site::new();
    let (dead, alive) = (Node::new("node-a", &["rgw"]), Node::new("node-b", &["rgw"]));
    site.reach(&dead, OutOfReach::new(false));
    let plane = site.plane(&alive);
    let _sessions = (site.active(&dead).await, site.active(&alive).await);
    for n in 0..20 {
        let text = n.to_string();
        let receipt = plane.ingest_stream(IngestHints::default(), bytes(&text)).await.unwrap();
        let (address, location) = (receipt.address(), &receipt.location);
        let served = site.fleet.serve_object(address, location, ByteRange::ALL).await.unwrap();
        assert_eq!(served.bytes.try_collect::<Vec<_>>().await.unwrap().concat(), text.as_bytes());
        assert_eq!(site.fleet.verify_object(address, location).await.unwrap().mismatch, None);
        let here = site.fleet.have_objects(Some(word("rgw")), &[address]).await.unwrap();
        assert_eq!(here, [Some(location.clone())]);
        assert!(site.fleet.delete_object(address, location).await.unwrap().deleted);
    }
}

#[tokio::test]
async fn a_backend_nobody_has_is_not_found_but_not_before_the_registry_has_answered() {
    let site = Site::new();
    let location = Location { backend_id: word("rgw"), key: "k".into(), offset: 0, length: 1 };
    let verify = || site.fleet.verify_object(ContentAddress::of(b"x"), &location);
    assert_eq!(verify().await.unwrap_err().category, Category::Unavailable);
    site.fleet.refresh().await.unwrap();
    assert_eq!(verify().await.unwrap_err().category, Category::NotFound);
}
