//! The node's word: receipts under its key.

use std::sync::Arc;

use artifactstore_dataplane::{
    signed_receipt::{SignedReceipt, Statement},
    signing::SigningKey,
    ticket::TicketId,
};
use artifactstore_types::{Clock, Fault, NodeId, Receipt};

use crate::faults;

/// States what became durable.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    node_id: NodeId,
    clock: Arc<dyn Clock>,
}

impl Signer {
    pub fn new(key: SigningKey, node_id: NodeId, clock: Arc<dyn Clock>) -> Self {
        Self { key, node_id, clock }
    }

    pub fn node_id(&self) -> &NodeId {
        &self.node_id
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The statement of `receipts` as part `part` of what is said under a ticket.
    pub fn state(&self, ticket_id: TicketId, part: u64, receipts: Vec<Receipt>) -> Result<SignedReceipt, Fault> {
        let statement = Statement::new(ticket_id, part, self.node_id.clone(), self.clock.now(), receipts);
        statement.and_then(|statement| statement.sign(&self.key)).map_err(faults::unsigned)
    }
}
