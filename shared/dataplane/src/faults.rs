//! Every fault that crosses this boundary. What is refused is told apart by code; what was refused is not repeated.

use artifactstore_types::{Category, Fault, Retry};

use crate::{
    control_token::ControlTokenRefused,
    signed_receipt::ReceiptRefused,
    signing::{KeyFileRefused, KeyRefused},
    ticket::TicketRefused,
};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-DPL-0001", "the ticket is malformed, or not a ticket"),
    ("AS-DPL-0002", "the ticket is signed with a key that is not trusted now"),
    ("AS-DPL-0003", "the ticket's signature is wrong"),
    ("AS-DPL-0004", "the ticket has expired"),
    ("AS-DPL-0005", "the ticket is not valid yet"),
    ("AS-DPL-0006", "the ticket is for another node"),
    ("AS-DPL-0007", "the ticket permits something else"),
    ("AS-DPL-0011", "the key file cannot be read or written"),
    ("AS-DPL-0012", "the key file can be read by others"),
    ("AS-DPL-0013", "the key file holds no Ed25519 private key"),
    ("AS-DPL-0014", "there is a key file already"),
    ("AS-DPL-0021", "the receipt is malformed, or not a receipt"),
    ("AS-DPL-0022", "the receipt is not in deterministic CBOR"),
    ("AS-DPL-0023", "the receipt is signed with a key that is not trusted now"),
    ("AS-DPL-0024", "the receipt's signature is wrong"),
    ("AS-DPL-0025", "the receipt is signed with another node's key"),
    ("AS-DPL-0026", "the receipt's ticket was for another node"),
    ("AS-DPL-0027", "the receipt does not answer its ticket"),
    ("AS-DPL-0028", "the receipt is from the future, or from before its ticket"),
    ("AS-DPL-0029", "the receipt has expired"),
    ("AS-DPL-0030", "the ticket was answered otherwise before"),
    ("AS-DPL-0041", "the caller is not a control plane that this node trusts"),
    ("AS-DPL-0042", "the endpoint of a node is not a URL"),
];

impl From<TicketRefused> for Fault {
    fn from(refused: TicketRefused) -> Self {
        let message = format!("check ticket: {refused}");
        match refused {
            TicketRefused::Malformed | TicketRefused::Header | TicketRefused::Claims | TicketRefused::Lifetime => {
                Self::new("AS-DPL-0001", Category::Unauthenticated, message)
            }
            // Another control plane may have issued it, with a key that has not arrived here yet.
            TicketRefused::Key(KeyRefused::Unknown(_) | KeyRefused::OutsideWindow(_)) => {
                Self::new("AS-DPL-0002", Category::Unauthenticated, message).with_retry(Retry::AfterReload)
            }
            TicketRefused::Key(_) => Self::new("AS-DPL-0002", Category::Unauthenticated, message),
            TicketRefused::Signature(_) => Self::new("AS-DPL-0003", Category::Unauthenticated, message),
            TicketRefused::Expired { ticket_id } => Self::new("AS-DPL-0004", Category::Unauthenticated, message)
                .with_retry(Retry::AfterReload)
                .about(ticket_id),
            TicketRefused::NotYetValid { ticket_id } => {
                Self::new("AS-DPL-0005", Category::Unauthenticated, message).about(ticket_id)
            }
            TicketRefused::OtherNode { ticket_id, .. } => {
                Self::new("AS-DPL-0006", Category::PermissionDenied, message).about(ticket_id)
            }
            TicketRefused::OtherOperation { ticket_id } | TicketRefused::OtherFile { ticket_id } => {
                Self::new("AS-DPL-0007", Category::PermissionDenied, message).about(ticket_id)
            }
        }
    }
}

impl From<ControlTokenRefused> for Fault {
    fn from(refused: ControlTokenRefused) -> Self {
        let retry = match refused {
            // The key may be another control plane's, and not have arrived here yet; a new token may be younger.
            ControlTokenRefused::Key(_) | ControlTokenRefused::Expired => Retry::AfterReload,
            _ => Retry::Never,
        };
        let message = format!("check control token: {refused}");
        Self::new("AS-DPL-0041", Category::Unauthenticated, message).with_retry(retry)
    }
}

impl From<KeyFileRefused> for Fault {
    fn from(refused: KeyFileRefused) -> Self {
        let message = format!("open key file: {refused}");
        match refused {
            KeyFileRefused::Io { .. } => Self::new("AS-DPL-0011", Category::FailedPrecondition, message),
            KeyFileRefused::OpenToOthers { .. } => Self::new("AS-DPL-0012", Category::FailedPrecondition, message),
            KeyFileRefused::NotAKey { .. } => Self::new("AS-DPL-0013", Category::FailedPrecondition, message),
            KeyFileRefused::Exists { .. } => Self::new("AS-DPL-0014", Category::AlreadyExists, message),
        }
    }
}

impl From<ReceiptRefused> for Fault {
    fn from(refused: ReceiptRefused) -> Self {
        let message = format!("check receipt: {refused}");
        match refused {
            ReceiptRefused::Malformed | ReceiptRefused::Header | ReceiptRefused::Unsound => {
                Self::new("AS-DPL-0021", Category::Invalid, message)
            }
            ReceiptRefused::NotCanonical => Self::new("AS-DPL-0022", Category::Invalid, message),
            ReceiptRefused::Key(_) => Self::new("AS-DPL-0023", Category::PermissionDenied, message),
            ReceiptRefused::Signature(_) => Self::new("AS-DPL-0024", Category::PermissionDenied, message),
            ReceiptRefused::ForeignKey => Self::new("AS-DPL-0025", Category::PermissionDenied, message),
            ReceiptRefused::OtherNode { ticket_id } => {
                Self::new("AS-DPL-0026", Category::PermissionDenied, message).about(ticket_id)
            }
            ReceiptRefused::OtherTicket { shown: ticket_id, .. } | ReceiptRefused::NotPermitted { ticket_id } => {
                Self::new("AS-DPL-0027", Category::PermissionDenied, message).about(ticket_id)
            }
            ReceiptRefused::OutOfTime { ticket_id } => {
                Self::new("AS-DPL-0028", Category::PermissionDenied, message).about(ticket_id)
            }
            ReceiptRefused::Expired { ticket_id } => Self::new("AS-DPL-0029", Category::PermissionDenied, message)
                .with_retry(Retry::AfterReload)
                .about(ticket_id),
            ReceiptRefused::Replayed { ticket_id } => {
                Self::new("AS-DPL-0030", Category::PermissionDenied, message).about(ticket_id)
            }
        }
    }
}
