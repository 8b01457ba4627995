//! Nodes, as operators see and change them.

use artifactstore_registry::node::{NodeCommand, NodeRequest};
use artifactstore_types::{Actor, Fault, NodeId, NodeRecord, NodeStatus};

use crate::{Service, faults};

impl Service {
    pub(crate) async fn list_nodes(
        &self,
        status: Option<NodeStatus>,
        with_removed: bool,
    ) -> Result<Vec<NodeRecord>, Fault> {
        let mut nodes = self.store().list_nodes().await?;
        nodes.retain(|node| match status {
            Some(status) => node.status == status,
            None => with_removed || node.status != NodeStatus::Removed,
        });
        Ok(nodes)
    }

    pub(crate) async fn load_node(&self, node_id: &NodeId) -> Result<NodeRecord, Fault> {
        let nodes = self.store().list_nodes().await?;
        let node = nodes.into_iter().find(|node| node.description.node_id == *node_id);
        node.ok_or_else(|| faults::node_not_found(node_id))
    }

    pub(crate) async fn change_node(
        &self,
        actor: &Actor,
        node_id: &NodeId,
        request: NodeRequest,
    ) -> Result<NodeRecord, Fault> {
        let command = NodeCommand { node_id: node_id.clone(), actor: actor.clone(), at: self.clock().now(), request };
        Ok(self.store().change_node(command).await?.node)
    }
}
