//! The gRPC door: the services of the contract.

mod event;
mod health;
mod ingest_files;
mod listing;
mod package;

use std::{sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_wire::{
    limits,
    v1::{
        event_service_server::EventServiceServer, health_service_server::HealthServiceServer,
        package_service_server::PackageServiceServer,
    },
};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::readiness::Readiness;

/// Every service. Tails end when `draining` is cancelled; other calls are left to finish.
pub fn routes(
    connection: &Arc<dyn Connection>,
    header_timeout: Duration,
    readiness: &Readiness,
    draining: &CancellationToken,
) -> Routes {
    let packages = package::Packages { connection: Arc::clone(connection), header_timeout };
    let events = event::Events { connection: Arc::clone(connection), draining: draining.clone() };
    let health = health::Healths { readiness: readiness.clone() };
    Routes::new(PackageServiceServer::new(packages).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(EventServiceServer::new(events))
        .add_service(HealthServiceServer::new(health))
}
