//! The obligations of a data plane, on a fleet of one node: what is in between changes nothing.

use std::sync::Arc;

use artifactstore_dataplane::{
    DataPlane, MemoryPlane,
    conformance::{Damage, Offered, Subject},
};
use artifactstore_testkit::word;
use artifactstore_types::{BackendId, Location};
use async_trait::async_trait;

use super::{Node, Session, Site};

struct OneNode {
    site: Site,
    plane: MemoryPlane,
    _session: Session,
}

async fn one_node() -> OneNode {
    let site = Site::with(|options| options.name = word("node-a"));
    let node = Node::new("node-a", &["memory"]);
    let plane = site.plane(&node);
    let session = site.active(&node).await;
    OneNode { site, plane, _session: session }
}

#[async_trait]
impl Subject for OneNode {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(self.site.fleet.clone())
    }

    fn backend_id(&self) -> BackendId {
        word("memory")
    }

    fn boundaries(&self) -> Vec<usize> {
        vec![65_536]
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        None
    }

    async fn crash(&mut self) -> Offered {
        Offered::No
    }

    async fn damage(&mut self, location: &Location, damage: Damage) -> Offered {
        let there = self.plane.tamper(location, |mut bytes| match damage {
            Damage::FlippedBit => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                Some(bytes)
            }
            Damage::Cut => {
                bytes.truncate(bytes.len() / 2);
                Some(bytes)
            }
            Damage::Gone => None,
        });
        assert!(there);
        Offered::Yes
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        self.plane.set_reachable(&self.backend_id(), reachable);
        Offered::No
    }
}

artifactstore_dataplane::data_plane_conformance!(one_node().await);
