//! A decided command about a node, as the answer to whoever asked.

use artifactstore_registry::node::{NodeDecided, NodeRequest};
use artifactstore_types::{EventRecord, Fault, NodeHeard, NodeId, NodeRecord};

use crate::faults;

/// What became of a command about a node that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeChanged {
    /// The node as it is now.
    pub node: NodeRecord,
    /// The events appended for it, in order. Empty where there was nothing left to do.
    pub events: Vec<EventRecord>,
}

impl NodeChanged {
    /// The answer, once what was decided on these `nodes` is durable.
    pub(crate) fn of(
        operation: &str,
        node_id: &NodeId,
        nodes: Vec<NodeRecord>,
        decided: NodeDecided,
    ) -> Result<Self, Fault> {
        let NodeDecided { events, views } = decided;
        let mut node = nodes.into_iter().find(|node| node.description.node_id == *node_id);
        // What was heard is no part of the view.
        let heard: Option<NodeHeard> = node.as_mut().and_then(|node| node.heard.take());
        for row in views.nodes {
            node = row.apply(node);
        }
        let node = node.ok_or_else(|| faults::node_vanished(operation, node_id))?;
        Ok(Self { node: NodeRecord { heard, ..node }, events })
    }
}

/// What a request is called in faults.
pub(crate) const fn operation(request: &NodeRequest) -> &'static str {
    match request {
        NodeRequest::Announce(_) => "announce node",
        NodeRequest::Activate => "activate node",
        NodeRequest::Suspect { .. } => "suspect node",
        NodeRequest::Drain => "drain node",
        NodeRequest::Resume => "resume node",
        NodeRequest::Remove => "remove node",
    }
}
