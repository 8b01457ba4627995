//! What is decided about a node, and by which rules.

use artifactstore_types::{NodeDescription, NodeId, NodeRecord, NodeStatus};

use super::{NodeCommand, NodeEvent, NodeRefusal, NodeRequest, NodeSuspected};

/// How many nodes a site has at most: what is read whole wherever nodes are chosen from, and sent in one message.
pub(super) const MAX_NODES: usize = 1_000;

/// Decides a command, given every node that was ever known: the facts, in order; none where there is nothing left to do.
pub(super) fn decide(nodes: &[NodeRecord], command: &NodeCommand) -> Result<Vec<NodeEvent>, NodeRefusal> {
    let state = nodes.iter().find(|node| node.description.node_id == command.node_id);
    if let NodeRequest::Announce(description) = &command.request {
        return announce(nodes, state, description);
    }
    let state = state.ok_or(NodeRefusal::NotFound)?;
    let status = state.status;
    let event = match (&command.request, status) {
        (NodeRequest::Remove, NodeStatus::Removed) => None,
        (_, NodeStatus::Removed) => return Err(NodeRefusal::Removed),
        (NodeRequest::Activate, NodeStatus::Registered | NodeStatus::Suspect)
        | (NodeRequest::Resume, NodeStatus::Draining) => Some(NodeEvent::Activated),
        (NodeRequest::Suspect { last_heard_at }, NodeStatus::Registered | NodeStatus::Active) => {
            Some(NodeEvent::Suspected(NodeSuspected { last_heard_at: *last_heard_at }))
        }
        (NodeRequest::Drain, NodeStatus::Registered | NodeStatus::Active | NodeStatus::Suspect) => {
            Some(NodeEvent::Draining)
        }
        (NodeRequest::Remove, NodeStatus::Active) => return Err(NodeRefusal::TakesWork(status)),
        (NodeRequest::Remove, _) => Some(NodeEvent::Removed),
        _ => None,
    };
    Ok(event.into_iter().collect())
}

fn announce(
    nodes: &[NodeRecord],
    state: Option<&NodeRecord>,
    description: &NodeDescription,
) -> Result<Vec<NodeEvent>, NodeRefusal> {
    description.check()?;
    match state {
        Some(known) if known.status == NodeStatus::Removed => return Err(NodeRefusal::Removed),
        Some(known) if known.description.public_key != description.public_key => return Err(NodeRefusal::OtherKey),
        None if present(nodes).count() >= MAX_NODES => return Err(NodeRefusal::TooManyNodes),
        _ => {}
    }
    for other in present(nodes).filter(|other| other.description.node_id != description.node_id) {
        if other.description.public_key == description.public_key {
            return Err(NodeRefusal::KeyTaken { other: other.description.node_id.clone() });
        }
        check_backends(description, &other.description, &other.description.node_id)?;
    }
    let registered = NodeEvent::Registered(description.into());
    Ok(match state {
        Some(known) if known.description == *description => Vec::new(),
        Some(known) if known.status == NodeStatus::Draining => vec![registered, NodeEvent::Draining],
        _ => vec![registered],
    })
}

/// The nodes that were not removed.
fn present(nodes: &[NodeRecord]) -> impl Iterator<Item = &NodeRecord> {
    nodes.iter().filter(|node| node.status != NodeStatus::Removed)
}

/// One name of a backend means one store over the whole site.
fn check_backends(node: &NodeDescription, other: &NodeDescription, other_id: &NodeId) -> Result<(), NodeRefusal> {
    for backend in &node.backends {
        let backend_id = || backend.backend_id.clone();
        match other.find_backend(&backend.backend_id) {
            None => {}
            Some(theirs) if theirs.kind != backend.kind => {
                return Err(NodeRefusal::BackendDiffers { backend_id: backend_id(), other: other_id.clone() });
            }
            Some(theirs) if theirs.shared && backend.shared => {}
            Some(_) => return Err(NodeRefusal::BackendTaken { backend_id: backend_id(), other: other_id.clone() }),
        }
    }
    Ok(())
}
