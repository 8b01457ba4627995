//! Nodes: what one says of itself, what is heard of it, and what the registry shows.

use crate::{
    health::BackendHealth,
    name::{BackendId, BackendKind, Endpoint, NodeId, ProgramVersion, Zone},
    timestamp::Timestamp,
};

/// Where a node is in its life: `registered → active ⇄ suspect`, `→ draining → removed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeStatus {
    /// It announced itself and has not been heard working yet.
    Registered,
    /// It keeps itself alive.
    Active,
    /// Nothing was heard of it for a while, or it said that it stops.
    Suspect,
    /// It finishes what is in flight and takes nothing new.
    Draining,
    /// It is gone for good.
    Removed,
}

impl NodeStatus {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Registered, Self::Active, Self::Suspect, Self::Draining, Self::Removed];

    /// The name in columns, on the wire and in the CLI.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Active => "active",
            Self::Suspect => "suspect",
            Self::Draining => "draining",
            Self::Removed => "removed",
        }
    }

    /// The status of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether anything new may be sent to it.
    pub const fn takes_new_work(self) -> bool {
        matches!(self, Self::Active)
    }
}

/// A backend, as a node is configured with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeBackend {
    /// The backend. One id means one store over the whole site.
    pub backend_id: BackendId,
    /// What kind of store it is.
    pub kind: BackendKind,
    /// Whether other nodes reach the same bytes under the same id. One that is not shared is announced by one node only.
    pub shared: bool,
}

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeDescription {
    /// Its identity.
    pub node_id: NodeId,
    /// Its Ed25519 public key (RFC 8032 §5.1.5): what it signs proofs and receipts with.
    pub public_key: [u8; 32],
    /// Where it is reached.
    pub endpoint: Endpoint,
    /// Its backends, each once, the one for bytes without a wish first.
    pub backends: Vec<NodeBackend>,
    /// Where it stands, where that is known; compared and never interpreted.
    pub zone: Option<Zone>,
    /// How much work it is meant for in relation to the others. At 0 it gets none.
    pub weight: u32,
    /// The version of its program.
    pub version: ProgramVersion,
}

/// Why a node cannot be described so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeDescriptionRefused {
    /// None, or more than [`NodeDescription::MAX_BACKENDS`].
    #[error("a node has 1 to 32 backends")]
    BackendCount,
    /// The same backend twice.
    #[error("backend {0} is named twice")]
    BackendTwice(BackendId),
    /// More than [`NodeDescription::MAX_WEIGHT`].
    #[error("a weight is at most 1,000,000")]
    Weight,
}

impl NodeDescription {
    /// The most backends a node has.
    pub const MAX_BACKENDS: usize = 32;
    /// The greatest weight.
    pub const MAX_WEIGHT: u32 = 1_000_000;

    /// Checks bounds: how many backends, each once, and how great a weight.
    ///
    /// # Errors
    /// The first bound it breaks.
    pub fn check(&self) -> Result<(), NodeDescriptionRefused> {
        if !(1..=Self::MAX_BACKENDS).contains(&self.backends.len()) {
            return Err(NodeDescriptionRefused::BackendCount);
        }
        for (index, backend) in self.backends.iter().enumerate() {
            if self.backends[..index].iter().any(|earlier| earlier.backend_id == backend.backend_id) {
                return Err(NodeDescriptionRefused::BackendTwice(backend.backend_id.clone()));
            }
        }
        if self.weight > Self::MAX_WEIGHT { Err(NodeDescriptionRefused::Weight) } else { Ok(()) }
    }

    /// The backend of that id, if the node has it.
    pub fn find_backend(&self, backend_id: &BackendId) -> Option<&NodeBackend> {
        self.backends.iter().find(|backend| backend.backend_id == *backend_id)
    }
}

/// How much a node has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeLoad {
    /// How much of its capacity is in use, in percent: 0 to 100.
    pub load_percent: u8,
    /// Uploads under way.
    pub uploads: u32,
    /// Downloads under way.
    pub downloads: u32,
}

/// That a node lives, and how it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeHeartbeat {
    /// How much it has to do.
    pub load: NodeLoad,
    /// How its backends are, in configured order.
    pub backends: Vec<BackendHealth>,
    /// Whether it is about to stop: it takes nothing new from now on.
    pub stopping: bool,
}

/// What was heard of a node last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHeard {
    /// When.
    pub at: Timestamp,
    /// What it said.
    pub heartbeat: NodeHeartbeat,
}

/// A node, as the registry shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// What it said of itself last.
    pub description: NodeDescription,
    /// Where it is in its life.
    pub status: NodeStatus,
    /// When it announced itself first.
    pub registered_at: Timestamp,
    /// How many events it has had; a change is guarded by it.
    pub revision: u64,
    /// The sequence of the last of them.
    pub last_event_sequence: u64,
    /// What was heard of it last; not part of the log.
    pub heard: Option<NodeHeard>,
}

/// A public key of a control plane: what tickets and control tokens are verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlKey {
    /// The Ed25519 public key (RFC 8032 §5.1.5).
    pub public_key: [u8; 32],
    /// The first moment at which it is trusted.
    pub not_before: Timestamp,
    /// The first moment at which it is no longer; `None` means it is not known yet.
    pub not_after: Option<Timestamp>,
}
