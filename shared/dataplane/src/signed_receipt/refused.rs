//! Why a signed receipt is refused. No text here holds what it says.

use crate::{
    signing::{KeyRefused, SignatureRefused},
    ticket::TicketId,
};

/// Why a signed receipt is refused, in the order in which it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptRefused {
    /// It is no `COSE_Sign1` of a statement, or longer than any.
    #[error("the receipt is malformed")]
    Malformed,
    /// It is one, written in another than its one form.
    #[error("the receipt is not in deterministic CBOR")]
    NotCanonical,
    /// The protected header names another algorithm or another kind of content, or says more or less than it must.
    #[error("the header is not a receipt's")]
    Header,
    /// The key is not known, or not trusted now.
    #[error(transparent)]
    Key(#[from] KeyRefused),
    /// The signature is wrong.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// What is stated holds no valid words, or contradicts itself.
    #[error("the receipt states nothing that can hold")]
    Unsound,
    /// The key is one node's, and the receipt speaks for another.
    #[error("the receipt is signed with another node's key")]
    ForeignKey,
    /// It was made under another ticket than the one shown with it.
    #[error("the receipt answers ticket {answered}, not {shown}")]
    OtherTicket {
        /// The ticket it was made under.
        answered: TicketId,
        /// The one shown.
        shown: TicketId,
    },
    /// The ticket was for another node.
    #[error("ticket {ticket_id} was for another node")]
    OtherNode {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// The bytes are not what the ticket permitted: other bytes, more of them, elsewhere, or not to be ingested at all.
    #[error("the receipt is for something that ticket {ticket_id} does not permit")]
    NotPermitted {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// It was signed later than now, or before its ticket was issued, by more than clocks may be apart.
    #[error("the receipt under ticket {ticket_id} is not of this time: the clocks are too far apart")]
    OutOfTime {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// It was signed too long ago.
    #[error("the receipt under ticket {ticket_id} is too old; ask the node for another")]
    Expired {
        /// The ticket.
        ticket_id: TicketId,
    },
    /// The same part of the same ticket was answered otherwise before.
    #[error("ticket {ticket_id} was answered otherwise before")]
    Replayed {
        /// The ticket.
        ticket_id: TicketId,
    },
}
