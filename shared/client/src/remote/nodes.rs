//! Nodes, as operators see and change them.

use artifactstore_types::{Actor, Fault, NodeId, NodeRecord, NodeStatus};
use artifactstore_wire::{opening::answer, unreadable, v1};

use super::{Remote, read};

impl Remote {
    pub(super) async fn nodes(&self, status: Option<NodeStatus>, with_removed: bool) -> Result<Vec<NodeRecord>, Fault> {
        let status = status.map_or(v1::NodeStatus::Unspecified, v1::NodeStatus::from).into();
        let request = self.within_deadline(v1::ListNodesRequest { status, with_removed });
        answer(self.nodes.clone().list_nodes(request)).await?.try_into().map_err(unreadable)
    }

    pub(super) async fn node(&self, node: &NodeId) -> Result<NodeRecord, Fault> {
        let request = self.within_deadline(v1::GetNodeRequest { node_id: node.to_string() });
        read("node", answer(self.nodes.clone().get_node(request)).await?.node)
    }

    pub(super) async fn drain(&self, actor: &Actor, node: &NodeId, resume: bool) -> Result<NodeRecord, Fault> {
        let request = v1::DrainNodeRequest { actor: actor.to_string(), node_id: node.to_string(), resume };
        read("node", answer(self.nodes.clone().drain_node(self.within_deadline(request))).await?.node)
    }

    pub(super) async fn remove(&self, actor: &Actor, node: &NodeId) -> Result<NodeRecord, Fault> {
        let request = v1::RemoveNodeRequest { actor: actor.to_string(), node_id: node.to_string() };
        read("node", answer(self.nodes.clone().remove_node(self.within_deadline(request))).await?.node)
    }
}
