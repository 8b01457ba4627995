//! The gRPC door: the services of the contract.

mod contract;
mod event;
mod health;
mod ingest_files;
mod listing;
mod node;
mod package;

use std::{sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_service::direct::Direct;
use artifactstore_serving::shutting_down;
use artifactstore_types::Fault;
use artifactstore_wire::{
    limits,
    v1::{
        contract_service_server::ContractServiceServer, event_service_server::EventServiceServer,
        health_service_server::HealthServiceServer, node_service_server::NodeServiceServer,
        package_service_server::PackageServiceServer,
    },
};
use futures::{Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::readiness::Readiness;

/// The largest message from a node, in bytes: a description or a heartbeat with as many backends as there may be.
const NODE_MESSAGE_BYTES: usize = 256 * 1024;

/// Every service. Tails, watches and appended streams end when `draining` is cancelled; other calls are left to finish.
pub fn routes(
    connection: &Arc<dyn Connection>,
    direct: Option<Direct>,
    header_timeout: Duration,
    readiness: &Readiness,
    draining: &CancellationToken,
) -> Routes {
    let fleet = direct.as_ref().map(|direct| direct.fleet().clone());
    let packages = package::Packages { connection: Arc::clone(connection), direct, header_timeout };
    let nodes = node::Nodes { connection: Arc::clone(connection), fleet, draining: draining.clone() };
    let events = event::Events { connection: Arc::clone(connection), draining: draining.clone() };
    let contracts = contract::Contracts { connection: Arc::clone(connection), draining: draining.clone() };
    let health = health::Healths { readiness: readiness.clone() };
    Routes::new(PackageServiceServer::new(packages).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(EventServiceServer::new(events))
        .add_service(NodeServiceServer::new(nodes).max_decoding_message_size(NODE_MESSAGE_BYTES))
        .add_service(ContractServiceServer::new(contracts).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(HealthServiceServer::new(health))
}

/// A stream that would never end by itself: it is sent away, with the fault that says so, when the server shuts down.
fn farewell<T: Send + 'static>(
    items: impl Stream<Item = Result<T, Fault>> + Send + 'static,
    draining: &CancellationToken,
) -> impl Stream<Item = Result<T, Fault>> + Send + 'static {
    let cancelled = draining.clone();
    let last = futures::stream::once(async move { cancelled.is_cancelled().then(|| Err(shutting_down())) });
    items.take_until(draining.clone().cancelled_owned()).chain(last.filter_map(std::future::ready))
}
