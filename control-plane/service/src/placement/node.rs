//! What is known of a node where it matters for placement.

use artifactstore_types::{BackendId, NodeId, NodeStatus, Zone};

/// A node, as placement sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its identity.
    pub node_id: NodeId,
    /// Where it is in its life.
    pub status: NodeStatus,
    /// The backends it can write to now, the one for bytes without a wish first.
    pub backend_ids: Vec<BackendId>,
    /// Where it stands, where that is known; compared and never interpreted.
    pub zone: Option<Zone>,
    /// How much work it is meant for in relation to the others, by its capacity. At 0 it gets none.
    pub weight: u32,
    /// How much of its capacity is in use, in percent; more than 100 is as 100. A node in full use is the last to get
    /// more, and still gets it before the upload is refused.
    pub load_percent: u8,
}

impl Node {
    /// Its odds: the capacity that is left.
    pub(super) fn odds(&self) -> u64 {
        let left = 100 - u64::from(self.load_percent.min(99));
        u64::from(self.weight) * left
    }
}
