//! Nodes in memory.

use artifactstore_registry::node::{NodeCommand, NodeDecided};
use artifactstore_types::{ControlKey, Fault, NodeHeard, NodeId, NodeRecord, Timestamp};
use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::{Lease, Leases, NodeChanged, Nodes, node_changed};

#[async_trait]
impl Nodes for MemoryStore {
    async fn change_node(&self, command: NodeCommand) -> Result<NodeChanged, Fault> {
        let operation = node_changed::operation(&command.request);
        let mut state = self.lock();
        let nodes = state.nodes();
        let decided = NodeDecided::decide(state.head(), &nodes, &command, &*self.ids)
            .map_err(|refusal| refusal.into_fault(operation, &command.node_id))?;
        state.log.extend(decided.events.iter().cloned());
        state.tables.apply(decided.views.clone());
        self.head.send_replace(state.head());
        NodeChanged::of(operation, &command.node_id, nodes, decided)
    }

    async fn list_nodes(&self) -> Result<Vec<NodeRecord>, Fault> {
        Ok(self.lock().nodes())
    }

    async fn record_heartbeats(&self, heard: &[(NodeId, NodeHeard)]) -> Result<(), Fault> {
        let mut state = self.lock();
        for (node_id, heard) in heard {
            if state.heartbeats.get(node_id).is_none_or(|known| known.at <= heard.at) {
                state.heartbeats.insert(node_id.clone(), heard.clone());
            }
        }
        Ok(())
    }

    async fn list_control_keys(&self, now: Timestamp) -> Result<Vec<ControlKey>, Fault> {
        let trusted = |key: &&ControlKey| key.not_after.is_none_or(|end| end > now);
        Ok(self.lock().control_keys.values().filter(trusted).copied().collect())
    }

    async fn trust_control_key(&self, key: &ControlKey) -> Result<(), Fault> {
        let mut state = self.lock();
        let end = |key: &ControlKey| key.not_after.unwrap_or(Timestamp::LATEST);
        let known = state.control_keys.entry(key.public_key).or_insert(*key);
        known.not_after = Some(end(known).max(end(key)));
        Ok(())
    }

    async fn forget_before(&self, then: Timestamp) -> Result<(), Fault> {
        let mut state = self.lock();
        state.answered.retain(|_, (_, at)| *at >= then);
        state.control_keys.retain(|_, key| key.not_after.is_none_or(|end| end >= then));
        Ok(())
    }
}

#[async_trait]
impl Leases for MemoryStore {
    async fn try_lease(&self, name: &'static str) -> Result<Option<Lease>, Fault> {
        self.leases.try_lease(name).await
    }
}

impl State {
    fn nodes(&self) -> Vec<NodeRecord> {
        let heard = |node: &NodeRecord| self.heartbeats.get(&node.description.node_id).cloned();
        self.tables.nodes.values().map(|node| NodeRecord { heard: heard(node), ..node.clone() }).collect()
    }
}
