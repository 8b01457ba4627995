//! The gRPC door: the services of the contract, `grpc.health.v1` and reflection.

mod contract;
mod event;
mod health;
mod ingest_file;
mod ingest_files;
mod listing;
mod package;

use std::{future::Future, sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_types::Fault;
use artifactstore_wire::{
    limits, status_of,
    v1::{
        FILE_DESCRIPTOR_SET, contract_service_server::ContractServiceServer, event_service_server::EventServiceServer,
        health_service_server::HealthServiceServer, package_service_server::PackageServiceServer,
    },
};
use futures::{Stream, StreamExt as _, stream::BoxStream};
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status, service::Routes};
use tonic_health::{pb::health_server::HealthServer, server::HealthService};

use crate::{faults, readiness::Readiness};

/// Everything that is served. Tails, watches and appended streams end when `draining` is cancelled; other calls are left to
/// finish.
pub fn routes(
    connection: &Arc<dyn Connection>,
    header_timeout: Duration,
    readiness: &Readiness,
    draining: &CancellationToken,
) -> Result<Routes, tonic_reflection::server::Error> {
    let packages = package::Packages { connection: Arc::clone(connection), header_timeout };
    let events = event::Events { connection: Arc::clone(connection), draining: draining.clone() };
    let contracts = contract::Contracts { connection: Arc::clone(connection), draining: draining.clone() };
    let health = health::Healths { readiness: readiness.clone() };
    Ok(Routes::new(PackageServiceServer::new(packages).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(EventServiceServer::new(events))
        .add_service(ContractServiceServer::new(contracts).max_decoding_message_size(limits::MESSAGE_BYTES))
        .add_service(HealthServiceServer::new(health))
        .add_service(HealthServer::new(HealthService::from_health_reporter(readiness.reporter())))
        .add_service(described().build_v1()?)
        .add_service(described().build_v1alpha()?))
}

fn described() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// The messages of an answer that is a stream.
type Messages<T> = BoxStream<'static, Result<T, Status>>;

/// Answers a call with one message.
async fn reply<T>(work: impl Future<Output = Result<T, Fault>> + Send) -> Result<Response<T>, Status> {
    work.await.map(Response::new).map_err(|fault| status_of(&fault))
}

/// Answers a call with a stream of messages.
async fn stream<T, S>(work: impl Future<Output = Result<S, Fault>> + Send) -> Result<Response<Messages<T>>, Status>
where
    S: Stream<Item = Result<T, Fault>> + Send + 'static,
{
    reply(async { Ok(work.await?.map(|message| message.map_err(|fault| status_of(&fault))).boxed()) }).await
}

/// A stream that would never end by itself: it is sent away, with the fault that says so, when the server shuts down.
fn farewell<T: Send + 'static>(
    items: impl Stream<Item = Result<T, Fault>> + Send + 'static,
    draining: &CancellationToken,
) -> impl Stream<Item = Result<T, Fault>> + Send + 'static {
    let cancelled = draining.clone();
    let last = futures::stream::once(async move { cancelled.is_cancelled().then(|| Err(faults::shutting_down())) });
    items.take_until(draining.clone().cancelled_owned()).chain(last.filter_map(std::future::ready))
}
