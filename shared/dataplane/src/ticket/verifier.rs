//! When a ticket is taken.

use artifactstore_types::{NodeId, TicketToken, Timestamp};

use super::{
    permission::{Operation, Ticket},
    refused::TicketRefused,
    token,
};
use crate::signing::{CLOCK_SKEW_SECONDS, KeyRing};

/// Verifies tickets with the control plane's keys.
#[derive(Clone, Debug, Default)]
pub struct TicketVerifier {
    /// The keys that are trusted.
    pub keys: KeyRing<()>,
}

impl TicketVerifier {
    /// Whether something may be begun under this ticket: at this node, this way, now.
    ///
    /// # Errors
    /// Whatever [`Self::authenticate`] refuses; a ticket that is not valid yet or has expired, by more than
    /// [`CLOCK_SKEW_SECONDS`]; one for another node or operation.
    pub fn verify(
        &self,
        shown: &TicketToken,
        node_id: &NodeId,
        operation: Operation,
        now: Timestamp,
    ) -> Result<Ticket, TicketRefused> {
        let ticket = self.authenticate(shown, now)?;
        let ticket_id = ticket.ticket_id();
        if ticket.issued_at() > now.plus_seconds(CLOCK_SKEW_SECONDS) {
            return Err(TicketRefused::NotYetValid { ticket_id });
        }
        if ticket.expires_at().plus_seconds(CLOCK_SKEW_SECONDS) <= now {
            return Err(TicketRefused::Expired { ticket_id });
        }
        if ticket.permission().node_id != *node_id {
            return Err(TicketRefused::OtherNode { ticket_id, node_id: ticket.permission().node_id.clone() });
        }
        if ticket.permission().operation != operation {
            return Err(TicketRefused::OtherOperation { ticket_id });
        }
        Ok(ticket)
    }

    /// Whether this ticket was issued by whom it should be. It may have expired since: this is for the commit of what was
    /// ingested under it, where the age of the receipt is the bound.
    ///
    /// # Errors
    /// A token that is no ticket, bears another header, is signed by an unknown or untrusted key, is forged or altered, or
    /// whose claims are not exactly a ticket's.
    pub fn authenticate(&self, shown: &TicketToken, now: Timestamp) -> Result<Ticket, TicketRefused> {
        token::read(shown, &self.keys, now)
    }
}
