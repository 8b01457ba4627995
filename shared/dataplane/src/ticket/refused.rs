//! Why a ticket is refused. No text here holds a token or a part of one; an id is named only where the signature was right.

use artifactstore_types::NodeId;

use super::id::TicketId;
use crate::signing::{KeyRefused, SignatureRefused, jws::JwsRefused};

/// Why a ticket is refused, in the order in which it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketRefused {
    /// It is no compact JWT, or longer than any ticket.
    #[error("the ticket is malformed")]
    Malformed,
    /// The header names another algorithm or another kind of token, or says more or less than it must.
    #[error("the header is not a ticket's")]
    Header,
    /// The key is not known, or not trusted now.
    #[error(transparent)]
    Key(#[from] KeyRefused),
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// A claim is missing, unknown, doubled, or no valid word of its kind.
    #[error("the claims are not a ticket's")]
    Claims,
    /// The times are out of bounds or in the wrong order.
    #[error("the life of the ticket is out of bounds: from one second to an hour")]
    Lifetime,
    /// It was issued later than now, by more than clocks may be apart.
    #[error("ticket {ticket_id} is not valid yet: the clocks are too far apart")]
    NotYetValid {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// Its time is over.
    #[error("ticket {ticket_id} has expired; ask for another")]
    Expired {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// Another node takes it.
    #[error("ticket {ticket_id} is for node {node_id}")]
    OtherNode {
        /// The ticket.
        ticket_id: TicketId,
        /// The node that takes it.
        node_id: NodeId,
    },
    /// It permits the other operation.
    #[error("ticket {ticket_id} permits another operation")]
    OtherOperation {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// It was issued for another namespace, package or path.
    #[error("ticket {ticket_id} is for another file")]
    OtherFile {
        /// The ticket.
        ticket_id: TicketId,
    },
}

impl From<JwsRefused> for TicketRefused {
    fn from(refused: JwsRefused) -> Self {
        match refused {
            JwsRefused::Malformed => Self::Malformed,
            JwsRefused::Header => Self::Header,
            JwsRefused::Key(refused) => Self::Key(refused),
            JwsRefused::Signature(refused) => Self::Signature(refused),
            JwsRefused::Claims => Self::Claims,
        }
    }
}
