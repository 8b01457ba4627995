//! What a node states. Invariant: every receipt is this node's own and of a whole blob, and there are not too many.

use artifactstore_types::{NodeId, Receipt, Timestamp};

use super::refused::ReceiptRefused;
use crate::ticket::TicketId;

/// The most receipts in one statement.
pub const MAX_RECEIPTS: usize = 1024;
/// The longest key of a stored object, in bytes; S3 allows no longer one.
pub const MAX_KEY_BYTES: usize = 1024;

/// What a node states under one ticket: these blobs are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    ticket_id: TicketId,
    part: u64,
    node_id: NodeId,
    signed_at: Timestamp,
    receipts: Vec<Receipt>,
}

impl Statement {
    /// States that `receipts` were made under a ticket. `part` counts the statements under it from 0; `signed_at` is now.
    ///
    /// # Errors
    /// No receipt or more than [`MAX_RECEIPTS`]; one of another node, with an empty key or one longer than
    /// [`MAX_KEY_BYTES`], or whose location is not as long as its blob.
    pub fn new(
        ticket_id: TicketId,
        part: u64,
        node_id: NodeId,
        signed_at: Timestamp,
        receipts: Vec<Receipt>,
    ) -> Result<Self, ReceiptRefused> {
        let sound = |receipt: &Receipt| {
            receipt.node_id == node_id
                && receipt.location.length == receipt.digests.size_bytes
                && (1..=MAX_KEY_BYTES).contains(&receipt.location.key.len())
        };
        if !(1..=MAX_RECEIPTS).contains(&receipts.len()) || !receipts.iter().all(sound) {
            return Err(ReceiptRefused::Unsound);
        }
        Ok(Self { ticket_id, part, node_id, signed_at, receipts })
    }

    /// The ticket under which the bytes came.
    pub const fn ticket_id(&self) -> TicketId {
        self.ticket_id
    }

    /// Which of the statements under this ticket, from 0.
    pub const fn part(&self) -> u64 {
        self.part
    }

    /// The node that says so.
    pub const fn node_id(&self) -> &NodeId {
        &self.node_id
    }

    /// When it said so. A blob that was there already became durable long before.
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// What it says, in the order in which the blobs came.
    pub fn receipts(&self) -> &[Receipt] {
        &self.receipts
    }

    /// What it says, in the order in which the blobs came.
    pub fn into_receipts(self) -> Vec<Receipt> {
        self.receipts
    }
}
