//! Why something asked about a node is refused.

use artifactstore_types::{BackendId, Category, Fault, NodeDescriptionRefused, NodeId, NodeStatus};

use crate::EventRefused;

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-REG-0031", "no node has this id"),
    ("AS-REG-0032", "the node was removed"),
    ("AS-REG-0033", "the node is known under another public key"),
    ("AS-REG-0034", "what the node says of itself is out of bounds"),
    ("AS-REG-0035", "the backend is another node's, and is not shared"),
    ("AS-REG-0036", "the backend is of another kind at another node"),
    ("AS-REG-0037", "the site has too many nodes"),
    ("AS-REG-0038", "the node still takes work"),
    ("AS-REG-0039", "the public key is another node's"),
];

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeRefusal {
    /// No node has this id.
    #[error("no node has this id")]
    NotFound,
    /// The node was removed.
    #[error("the node was removed, and its id is not taken again")]
    Removed,
    /// The node is known under another key.
    #[error("the node is known under another public key; a machine that lost its key takes another node id")]
    OtherKey,
    /// What the node says of itself is out of bounds.
    #[error(transparent)]
    Description(#[from] NodeDescriptionRefused),
    /// Two nodes have a backend that is not shared.
    #[error("backend {backend_id} is announced by node {other} too, and is not shared by both")]
    BackendTaken {
        /// The backend.
        backend_id: BackendId,
        /// The node that has it.
        other: NodeId,
    },
    /// Two nodes call stores of different kinds by one name.
    #[error("backend {backend_id} is of another kind at node {other}")]
    BackendDiffers {
        /// The backend.
        backend_id: BackendId,
        /// The node that has it.
        other: NodeId,
    },
    /// The site is full.
    #[error("a site has at most {} nodes", super::decide::MAX_NODES)]
    TooManyNodes,
    /// The node still takes work.
    #[error("the node is {}; drain it first", .0.name())]
    TakesWork(NodeStatus),
    /// Two nodes have one key.
    #[error("node {other} has this public key; every node makes one of its own")]
    KeyTaken {
        /// The node that has it.
        other: NodeId,
    },
    /// A payload has no canonical form.
    #[error(transparent)]
    Event(#[from] EventRefused),
}

impl NodeRefusal {
    /// The fault it is outside the registry.
    pub fn into_fault(self, operation: &'static str, node_id: &NodeId) -> Fault {
        let (code, category) = match &self {
            Self::NotFound => ("AS-REG-0031", Category::NotFound),
            Self::Removed => ("AS-REG-0032", Category::FailedPrecondition),
            Self::OtherKey => ("AS-REG-0033", Category::PermissionDenied),
            Self::Description(_) => ("AS-REG-0034", Category::Invalid),
            Self::BackendTaken { .. } => ("AS-REG-0035", Category::FailedPrecondition),
            Self::BackendDiffers { .. } => ("AS-REG-0036", Category::FailedPrecondition),
            Self::TooManyNodes => ("AS-REG-0037", Category::Exhausted),
            Self::TakesWork(_) => ("AS-REG-0038", Category::FailedPrecondition),
            Self::KeyTaken { .. } => ("AS-REG-0039", Category::PermissionDenied),
            Self::Event(_) => ("AS-REG-0017", Category::Internal),
        };
        Fault::new(code, category, format!("{operation}: {self}")).about(node_id)
    }
}
