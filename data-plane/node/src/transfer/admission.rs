//! Who may transfer: whoever shows a ticket for this node and this way, signed with a key that is trusted now.

use std::sync::Arc;

use artifactstore_dataplane::{
    grpc::bearer,
    signing::KeyRing,
    ticket::{Operation, Ticket, TicketRefused, TicketToken, TicketVerifier},
};
use artifactstore_types::{Clock, Fault, NodeId};
use tokio::sync::watch;
use tonic::metadata::MetadataMap;

use crate::faults;

/// Lets clients with tickets through, and nobody else.
#[derive(Clone)]
pub struct TicketGuard {
    keys: watch::Receiver<KeyRing<()>>,
    node_id: NodeId,
    clock: Arc<dyn Clock>,
}

impl TicketGuard {
    pub fn new(keys: watch::Receiver<KeyRing<()>>, node_id: NodeId, clock: Arc<dyn Clock>) -> Self {
        Self { keys, node_id, clock }
    }

    /// The ticket that a call shows, if something may be begun under it now. A node that has just started knows no keys
    /// until a control plane has told it, and can judge no ticket.
    pub fn admit(&self, metadata: &MetadataMap, operation: Operation) -> Result<Ticket, Fault> {
        if self.keys.borrow().is_empty() {
            return Err(faults::no_keys());
        }
        let token = TicketToken::from(bearer(metadata).ok_or(TicketRefused::Malformed)?.to_owned());
        let verifier = TicketVerifier { keys: self.keys.borrow().clone() };
        Ok(verifier.verify(&token, &self.node_id, operation, self.clock.now())?)
    }
}
