//! When a signed receipt is taken at commit. Invariant: nothing it states is looked at before its signature was found
//! right. Whether the ticket belongs to the package that is committed to is left to [`Ticket::require_file`], whether it
//! was answered before to [`super::check_replay`].

use artifactstore_types::{NodeId, Timestamp};

use super::{
    envelope::{Parts, SignedReceipt},
    refused::ReceiptRefused,
    statement::Statement,
};
use crate::{
    signing::{CLOCK_SKEW_SECONDS, KeyRing},
    ticket::{Operation, Permission, Target, Ticket},
};

/// Verifies signed receipts with the nodes' keys.
#[derive(Clone, Debug)]
pub struct ReceiptVerifier {
    /// The keys that are trusted, and whose each is.
    pub keys: KeyRing<NodeId>,
    /// How long after it was signed a receipt is taken, in seconds. It must be shorter than garbage collection leaves
    /// unreferenced bytes alone, or a receipt could outlive its blob.
    pub max_age_seconds: u64,
}

impl ReceiptVerifier {
    /// What a node states under this ticket, if all of it can be relied on.
    ///
    /// # Errors
    /// Each thing that can be wrong is a refusal of its own; see [`ReceiptRefused`].
    pub fn verify(&self, signed: &SignedReceipt, ticket: &Ticket, now: Timestamp) -> Result<Statement, ReceiptRefused> {
        let parts = Parts::of(signed)?;
        let key = self.keys.trusted_at(parts.key_id, now)?;
        let statement = parts.statement(&key.public_key, &key.holder)?;
        check_ticket(&statement, ticket)?;
        self.check_age(&statement, ticket, now)?;
        Ok(statement)
    }

    fn check_age(&self, statement: &Statement, ticket: &Ticket, now: Timestamp) -> Result<(), ReceiptRefused> {
        let ticket_id = ticket.ticket_id();
        let signed_at = statement.signed_at();
        let ahead = signed_at > now.plus_seconds(CLOCK_SKEW_SECONDS);
        if ahead || signed_at.plus_seconds(CLOCK_SKEW_SECONDS) < ticket.issued_at() {
            return Err(ReceiptRefused::OutOfTime { ticket_id });
        }
        // Not held against the ticket's end: a long upload outlives the ticket it began with.
        if signed_at.plus_seconds(self.max_age_seconds) < now {
            return Err(ReceiptRefused::Expired { ticket_id });
        }
        Ok(())
    }
}

fn check_ticket(statement: &Statement, ticket: &Ticket) -> Result<(), ReceiptRefused> {
    let ticket_id = ticket.ticket_id();
    if statement.ticket_id() != ticket_id {
        return Err(ReceiptRefused::OtherTicket { answered: statement.ticket_id(), shown: ticket_id });
    }
    let Permission { node_id, operation, target, size_limit, backend_id, .. } = ticket.permission();
    if statement.node_id() != node_id {
        return Err(ReceiptRefused::OtherNode { ticket_id });
    }
    let receipts = statement.receipts();
    let one = receipts.len() == 1 && statement.part() == 0;
    let target_is_right = match target {
        Target::Path(_) => one,
        Target::Blob(address) => one && receipts.iter().all(|receipt| receipt.address() == *address),
        Target::Batch => true,
    };
    // Of a batch in several parts, the node that counts all of it holds the sum to the limit.
    let size = receipts.iter().fold(0u64, |sum, receipt| sum.saturating_add(receipt.digests.size_bytes));
    let place_is_right = receipts.iter().all(|receipt| receipt.location.backend_id == *backend_id);
    if *operation == Operation::Ingest && target_is_right && size <= *size_limit && place_is_right {
        Ok(())
    } else {
        Err(ReceiptRefused::NotPermitted { ticket_id })
    }
}
