//! What may be asked about a node: imperative and complete, with the time already chosen by the caller.

use artifactstore_types::{Actor, NodeDescription, NodeId, Timestamp};

/// A change asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCommand {
    /// The node it is about.
    pub node_id: NodeId,
    /// Who asks.
    pub actor: Actor,
    /// When it was asked.
    pub at: Timestamp,
    /// What is asked.
    pub request: NodeRequest,
}

/// What is asked of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeRequest {
    /// Know it as it describes itself. That it has the key it names was proven.
    Announce(NodeDescription),
    /// Count on it: it was heard.
    Activate,
    /// Count on it no more: nothing was heard since then, or never.
    Suspect {
        /// When it was heard last.
        last_heard_at: Option<Timestamp>,
    },
    /// Send it nothing new.
    Drain,
    /// Let a node that is draining take work again.
    Resume,
    /// Forget it, for ever.
    Remove,
}
