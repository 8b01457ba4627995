//! The choice: who may take it at all, and of those, who drew the best lot.

use std::collections::BTreeSet;

use artifactstore_types::{BackendId, NodeId, NodeStatus, Zone};

use super::{
    lot::{Lot, PlacementKey},
    node::Node,
    refused::PlacementRefused,
};

/// Where the node must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneRule<'a> {
    /// Anywhere.
    Any,
    /// In this zone if one there will take it, else anywhere.
    Prefer(&'a Zone),
    /// In this zone.
    Only(&'a Zone),
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What is placed.
    pub key: PlacementKey,
    /// The backend it goes to; `None` means whichever is the first of its node.
    pub backend_id: Option<&'a BackendId>,
    /// Where the node must stand.
    pub zone: ZoneRule<'a>,
    /// The nodes that failed this upload already.
    pub failed: &'a BTreeSet<NodeId>,
}

/// The node that takes it. The order of `nodes` does not matter.
///
/// # Errors
/// No node that may take it; which condition left none is in the refusal.
pub fn place<'a>(nodes: &'a [Node], wanted: &Wanted<'_>) -> Result<&'a Node, PlacementRefused> {
    let backend_id = || wanted.backend_id.cloned();
    let mut candidates: Vec<&Node> = nodes.iter().filter(|node| serves(node, wanted.backend_id)).collect();
    if candidates.is_empty() {
        return Err(PlacementRefused::NoNode { backend_id: backend_id() });
    }
    candidates.retain(|node| node.status.takes_new_work() && node.weight > 0);
    if candidates.is_empty() {
        return Err(PlacementRefused::NoneActive { backend_id: backend_id() });
    }
    if let ZoneRule::Only(zone) = wanted.zone {
        candidates.retain(|node| stands_in(node, zone));
        if candidates.is_empty() {
            return Err(PlacementRefused::NoneInZone { backend_id: backend_id(), zone: zone.clone() });
        }
    }
    candidates.retain(|node| !wanted.failed.contains(&node.node_id));
    if let ZoneRule::Prefer(zone) = wanted.zone
        && candidates.iter().any(|node| stands_in(node, zone))
    {
        candidates.retain(|node| stands_in(node, zone));
    }
    let lots = candidates.into_iter().map(|node| Lot::draw(&wanted.key, node));
    let best = lots.max_by(Lot::compare).ok_or_else(|| PlacementRefused::AllFailed { backend_id: backend_id() })?;
    Ok(best.node())
}

fn serves(node: &Node, backend_id: Option<&BackendId>) -> bool {
    let has_it = match backend_id {
        Some(backend_id) => node.backend_ids.contains(backend_id),
        None => !node.backend_ids.is_empty(),
    };
    node.status != NodeStatus::Removed && has_it
}

fn stands_in(node: &Node, zone: &Zone) -> bool {
    node.zone.as_ref() == Some(zone)
}
