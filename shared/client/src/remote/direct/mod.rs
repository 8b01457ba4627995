//! The straight way: bytes between this client and the nodes, under tickets of the control plane.
//!
//! A node that cannot take something, or give it, is left out of the next try; where no node can, or the store has none, the
//! bytes go through the control plane. Whatever happens to a node, an answer means what it always means: durable, and
//! registered.

mod batch;
mod commit;
mod file;
mod read;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use artifactstore_types::{Category, Endpoint, Fault, IssuedTicket, NodeId, PackageId, TicketTarget, TicketToken};
use artifactstore_wire::{
    codes, field, limits,
    opening::answer,
    transport, unreadable,
    v1::{self, transfer_service_client::TransferServiceClient},
};
use tonic::{Request, metadata::MetadataValue, transport::Channel};

use super::{Remote, RemoteOptions};

/// How many nodes are tried for one thing before it goes through the control plane.
const MAX_NODES: usize = 4;
/// How many connections to a node are used in turn: one is served by one thread at either end.
const CONNECTIONS: usize = 2;

/// The nodes this client has met. Clones share their connections.
#[derive(Clone, Debug, Default)]
pub struct Nodes {
    /// Whether the store has said that it has none.
    none: Arc<AtomicBool>,
    met: Arc<Mutex<HashMap<Endpoint, Arc<Met>>>>,
}

#[derive(Debug)]
struct Met {
    clients: [TransferServiceClient<Channel>; CONNECTIONS],
    turn: AtomicUsize,
}

impl Nodes {
    fn client(&self, endpoint: &Endpoint, options: RemoteOptions) -> Result<TransferServiceClient<Channel>, Fault> {
        // Nothing that holds the lock can leave the map half changed.
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let met = if let Some(met) = met.get(endpoint) {
            Arc::clone(met)
        } else {
            let connect = || {
                let address = tonic::transport::Endpoint::from_shared(endpoint.to_string());
                let address = address.map_err(|refused| unreadable(field::refused("endpoint", refused)))?;
                let channel = transport::tune_endpoint(address).connect_timeout(options.connect_timeout);
                let client = TransferServiceClient::new(channel.connect_lazy());
                Ok::<_, Fault>(client.max_decoding_message_size(limits::MESSAGE_BYTES))
            };
            let fresh = Arc::new(Met { clients: [connect()?, connect()?], turn: AtomicUsize::new(0) });
            met.insert(endpoint.clone(), Arc::clone(&fresh));
            fresh
        };
        let turn = met.turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        Ok(met.clients[turn].clone())
    }
}

impl Remote {
    /// Whether the straight way may be open.
    pub(super) fn may_go_direct(&self) -> bool {
        self.options.direct && !self.transfers.none.load(Ordering::Relaxed)
    }

    /// A ticket to send something to a node that has not failed it; nothing where it has to go through the control plane.
    async fn ticket(
        &self,
        package: PackageId,
        target: TicketTarget,
        failed: &BTreeSet<NodeId>,
    ) -> Result<Option<IssuedTicket>, Fault> {
        if !self.may_go_direct() || failed.len() >= MAX_NODES {
            return Ok(None);
        }
        let Some(answers) = self.issue(package, vec![target.into()], failed).await? else { return Ok(None) };
        let first = field::required("answers", answers.into_iter().next()).map_err(unreadable)?;
        first.decoded().map_err(unreadable)
    }

    /// Whether the store has nodes that its clients can go to.
    async fn has_nodes(&self, package: PackageId) -> Result<bool, Fault> {
        if !self.may_go_direct() {
            return Ok(false);
        }
        let answers = self.issue(package, Vec::new(), &BTreeSet::new()).await?;
        Ok(answers.is_some())
    }

    /// Tickets for these; nothing where the store has no nodes.
    async fn issue(
        &self,
        package: PackageId,
        targets: Vec<v1::TicketTarget>,
        failed: &BTreeSet<NodeId>,
    ) -> Result<Option<Vec<v1::TicketAnswer>>, Fault> {
        let request = v1::IssueTicketsRequest {
            package_id: package.to_string(),
            targets,
            failed_node_ids: failed.iter().map(ToString::to_string).collect(),
        };
        match answer(self.packages().issue_tickets(self.within_deadline(request))).await {
            Ok(answer) => Ok(Some(answer.answers)),
            Err(fault) if fault.category == Category::Unimplemented => {
                self.transfers.none.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    fn at_node(&self, issued: &IssuedTicket) -> Result<TransferServiceClient<Channel>, Fault> {
        self.transfers.client(&issued.endpoint, self.options)
    }
}

/// A request that shows a ticket.
fn with_ticket<T>(message: T, ticket: &TicketToken) -> Result<Request<T>, Fault> {
    let mut request = Request::new(message);
    let value = format!("Bearer {}", ticket.expose()).parse::<MetadataValue<_>>();
    let mut value = value.map_err(|refused| unreadable(field::refused("ticket", refused)))?;
    value.set_sensitive(true);
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}

/// Whether another node may do better than one that failed so.
fn may_be_the_node(fault: &Fault) -> bool {
    matches!(
        fault.category,
        Category::Unavailable
            | Category::DeadlineExceeded
            | Category::Cancelled
            | Category::Unauthenticated
            | Category::PermissionDenied
            | Category::Exhausted
            | Category::NotFound
            | Category::Unimplemented
            | Category::Internal
    ) || fault.code == codes::ORDER
}
