//! What is known of a node where it matters for placement.

use artifactstore_types::{BackendId, NodeId};

/// Where a node is in its life: `registered → active ⇄ suspect`, `→ draining → removed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeState {
    /// It announced itself and has not been heard working yet.
    Registered,
    /// It keeps itself alive.
    Active,
    /// Nothing was heard of it for a while.
    Suspect,
    /// It finishes what is in flight and takes nothing new.
    Draining,
    /// It is gone for good.
    Removed,
}

impl NodeState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Registered, Self::Active, Self::Suspect, Self::Draining, Self::Removed];

    /// The name in events, columns and the CLI.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Active => "active",
            Self::Suspect => "suspect",
            Self::Draining => "draining",
            Self::Removed => "removed",
        }
    }

    /// The state of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether tickets may be issued for it.
    pub const fn takes_new_work(self) -> bool {
        matches!(self, Self::Active)
    }
}

/// A node, as placement sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its identity.
    pub node_id: NodeId,
    /// Where it is in its life.
    pub state: NodeState,
    /// The backends it writes to.
    pub backend_ids: Vec<BackendId>,
    /// Where it stands, where that is known; compared and never interpreted.
    pub zone: Option<String>,
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
