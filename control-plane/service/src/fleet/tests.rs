//! A fleet over nodes in memory: who may join, who gets what, and what happens when nodes fall silent.

mod conformance;
mod joining;
mod placing;
mod watching;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use artifactstore_dataplane::{
    DataPlane, MemoryPlane,
    signing::{Announcement, JoinToken, SigningKey},
};
use artifactstore_store::{MemoryStore, Nodes as _};
use artifactstore_testkit::{ManualClock, word};
use artifactstore_types::{
    BackendHealth, Fault, NodeBackend, NodeDescription, NodeHeartbeat, NodeId, NodeLoad, NodeRecord, NodeStatus,
    SystemIds,
};

use super::{Dial, Fleet, FleetOptions, FleetParts, JoinProof, Session};

/// Ways to nodes that are in this process.
#[derive(Clone, Default)]
struct Ways(Arc<Mutex<BTreeMap<NodeId, Arc<dyn DataPlane>>>>);

impl Dial for Ways {
    fn dial(&self, node: &NodeDescription) -> Result<Arc<dyn DataPlane>, Fault> {
        Ok(Arc::clone(&self.0.lock().unwrap()[&node.node_id]))
    }
}

/// One control plane, or one of several on one store.
pub struct Site {
    pub fleet: Fleet,
    pub store: Arc<MemoryStore>,
    pub clock: ManualClock,
    ways: Ways,
}

impl Site {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut FleetOptions)) -> Self {
        let store = Arc::new(MemoryStore::new(Arc::new(SystemIds)));
        Self::on(store, ManualClock::default(), Ways::default(), change)
    }

    fn on(store: Arc<MemoryStore>, clock: ManualClock, ways: Ways, change: impl FnOnce(&mut FleetOptions)) -> Self {
        let parts = FleetParts {
            store: store.clone(),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SystemIds),
            dial: Arc::new(ways.clone()),
            signing_key: SigningKey::from_secret(&[9; 32]),
        };
        let mut options = FleetOptions::new(word("control-a"), word("control-a"));
        change(&mut options);
        Self { fleet: Fleet::new(parts, options), store, clock, ways }
    }

    /// Another control plane on the same store.
    pub fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.store), self.clock.clone(), self.ways.clone(), |_| {})
    }

    /// A node in memory with these backends, which others can reach where they are called `rgw`.
    pub fn plane(&self, node: &Node) -> MemoryPlane {
        let backends = node.description.backends.iter().map(|backend| backend.backend_id.clone());
        let plane = MemoryPlane::new(node.id(), backends, Arc::new(self.clock.clone()));
        self.reach(node, Arc::new(plane.clone()));
        plane
    }

    fn reach(&self, node: &Node, plane: Arc<dyn DataPlane>) {
        self.ways.0.lock().unwrap().insert(node.id(), plane);
    }

    async fn join(&self, node: &Node) -> Result<Session, Fault> {
        let nonce = self.fleet.challenge();
        self.fleet.join(node.description.clone(), nonce, &node.proof(nonce, None)).await
    }

    /// A node that joined and was heard.
    pub async fn active(&self, node: &Node) -> Session {
        let session = self.join(node).await.unwrap();
        session.hear(node.heartbeat(0)).await.unwrap();
        self.fleet.refresh().await.unwrap();
        session
    }

    async fn record(&self, node: &Node) -> NodeRecord {
        let nodes = self.store.list_nodes().await.unwrap();
        nodes.into_iter().find(|record| record.description.node_id == node.id()).unwrap()
    }

    async fn status(&self, node: &Node) -> NodeStatus {
        self.record(node).await.status
    }
}

/// A node that wants to join.
#[derive(Clone)]
pub struct Node {
    pub description: NodeDescription,
    pub key: SigningKey,
}

impl Node {
    pub fn new(name: &str, backends: &[&str]) -> Self {
        let key = SigningKey::from_secret(blake3::hash(name.as_bytes()).as_bytes());
        let backend =
            |id: &&str| NodeBackend { backend_id: word(id), kind: word("memory"), shared: id.starts_with("rgw") };
        let description = NodeDescription {
            node_id: word(name),
            public_key: *key.public_key().bytes(),
            endpoint: word("http://127.0.0.1:7080"),
            backends: backends.iter().map(backend).collect(),
            zone: None,
            weight: 100,
            version: word("0.1.0"),
        };
        Self { description, key }
    }

    pub fn id(&self) -> NodeId {
        self.description.node_id.clone()
    }

    fn proof(&self, nonce: [u8; 32], token: Option<&JoinToken>) -> JoinProof {
        let announced = Announcement::new(&self.description, nonce).unwrap();
        JoinProof { signature: announced.sign(&self.key), join_proof: token.map(|token| announced.join_proof(token)) }
    }

    fn heartbeat(&self, load_percent: u8) -> NodeHeartbeat {
        let backend = |backend: &NodeBackend| BackendHealth {
            backend_id: backend.backend_id.clone(),
            reachable: true,
            reason: None,
            used_bytes: Some(1),
            free_bytes: Some(2),
        };
        NodeHeartbeat {
            load: NodeLoad { load_percent, uploads: 0, downloads: 0 },
            backends: self.description.backends.iter().map(backend).collect(),
            stopping: false,
        }
    }
}
