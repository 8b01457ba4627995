//! Issuing tickets: who takes it, and the signed permission to send it there.

use std::collections::BTreeSet;

use artifactstore_dataplane::ticket::{Operation, Permission, Target, Ticket, TicketId};
use artifactstore_types::{
    BackendId, Fault, IssuedTicket, Namespace, NodeDescription, NodeId, PackageId, TicketTarget,
};

use super::Direct;
use crate::{faults, fleet::Placed, placement::PlacementKey};

/// How many tickets are issued at once.
const MAX_TICKETS: usize = 1_000;

impl Direct {
    /// A ticket for each of these, in order, from nodes that have not `failed`; `None` where no node can take it now.
    ///
    /// # Errors
    /// A package that takes no files, or too many targets.
    pub async fn issue_tickets(
        &self,
        package_id: PackageId,
        targets: Vec<TicketTarget>,
        failed: &BTreeSet<NodeId>,
    ) -> Result<Vec<Option<IssuedTicket>>, Fault> {
        if targets.len() > MAX_TICKETS {
            return Err(faults::too_many_items("issue tickets", MAX_TICKETS));
        }
        let package = self.service.require_open_package(package_id).await?;
        let namespace = &package.package.namespace;
        targets.into_iter().map(|target| self.issue_one(namespace, package_id, target, failed)).collect()
    }

    fn issue_one(
        &self,
        namespace: &Namespace,
        package_id: PackageId,
        target: TicketTarget,
        failed: &BTreeSet<NodeId>,
    ) -> Result<Option<IssuedTicket>, Fault> {
        let (key, target, size_limit) = match target {
            TicketTarget::File { declared: Some(address), size_bytes, .. } => {
                (PlacementKey::of_blob(&address), Target::Blob(address), size_bytes)
            }
            TicketTarget::File { relative_path, size_bytes, declared: None } => {
                (PlacementKey::of_file(package_id, &relative_path), Target::Path(relative_path), size_bytes)
            }
            TicketTarget::Batch { size_bytes } => (self.fleet.fresh_key(), Target::Batch, size_bytes),
        };
        let Placed { node, backend_id, .. } = match self.fleet.place(key, None, failed) {
            Ok(placed) => placed,
            Err(fault) => {
                tracing::debug!(%fault, "no ticket is issued");
                return Ok(None);
            }
        };
        let permission = |node_id| Permission {
            namespace: namespace.clone(),
            package_id,
            operation: Operation::Ingest,
            target,
            size_limit,
            backend_id,
            node_id,
        };
        self.sign(&node, permission(node.node_id.clone())).map(Some)
    }

    /// A ticket to read one blob through a node.
    pub(super) fn issue_to_serve(
        &self,
        node: &NodeDescription,
        backend_id: BackendId,
        (namespace, package_id): (&Namespace, PackageId),
        (target, size_limit): (Target, u64),
    ) -> Result<IssuedTicket, Fault> {
        let permission = Permission {
            namespace: namespace.clone(),
            package_id,
            operation: Operation::Serve,
            target,
            size_limit,
            backend_id,
            node_id: node.node_id.clone(),
        };
        self.sign(node, permission)
    }

    fn sign(&self, node: &NodeDescription, permission: Permission) -> Result<IssuedTicket, Fault> {
        let ticket_id = TicketId::new(self.service.ids().next());
        let now = self.service.clock().now();
        let ticket = Ticket::issue(ticket_id, permission, now, self.options.ticket_seconds)?;
        Ok(IssuedTicket {
            expires_at: ticket.expires_at(),
            ticket: ticket.sign(self.fleet.signing_key())?,
            node_id: node.node_id.clone(),
            endpoint: node.endpoint.clone(),
        })
    }
}
