//! Two doors: they bind, serve, and close in this order. Not ready; no new connections, no new calls; calls under way
//! finish, until their time is up and connections are cut; last, the HTTP door closes.

use std::{
    future::{Future, pending},
    net::SocketAddr,
    sync::Arc,
};

use artifactstore_kit::Shutdown;
use artifactstore_types::Fault;
use artifactstore_wire::{transport, v1::FILE_DESCRIPTOR_SET};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use tokio::{net::TcpListener, time};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    connections::Door,
    deadline::{Deadline, within_deadline},
    details::with_details,
    faults,
    options::DoorOptions,
    reports::with_report,
    statuses::{Checked, Statuses},
};

/// Doors that listen, but do not answer before they are served at.
pub struct Doors {
    options: DoorOptions,
    grpc: TcpListener,
    http: TcpListener,
}

/// What is offered at the doors.
pub struct Offer {
    /// The services of the contract. `grpc.health.v1` and reflection are added.
    pub services: Routes,
    /// What HTTP answers.
    pub http: Router,
    /// Who says whether the services can do their work.
    pub checked: Arc<dyn Checked>,
    /// Cancelled when no new calls are taken: what would never end by itself ends then.
    pub draining: CancellationToken,
}

impl Doors {
    /// Listens on the addresses of `options`.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(options: DoorOptions) -> Result<Self, Fault> {
        let grpc = listen(options.grpc_addr).await?;
        let http = listen(options.http_addr).await?;
        let options = DoorOptions { grpc_addr: bound(&grpc, options.grpc_addr)?, ..options };
        let options = DoorOptions { http_addr: bound(&http, options.http_addr)?, ..options };
        Ok(Self { options, grpc, http })
    }

    /// Where gRPC is served, with the port that the system chose.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.options.grpc_addr
    }

    /// Where HTTP is served, with the port that the system chose.
    pub fn http_addr(&self) -> SocketAddr {
        self.options.http_addr
    }

    /// Serves until the end was asked for and calls under way have ended.
    ///
    /// # Errors
    /// A listener that fails.
    pub async fn serve(self, offer: Offer, shutdown: &Shutdown) -> Result<(), Fault> {
        let Self { options, grpc, http } = self;
        let Offer { services, http: pages, checked, draining } = offer;
        let cut = shutdown.hard().child_token();
        let statuses = Statuses::new(&*checked).await;

        let routes =
            with_standard_services(services, &statuses, &checked.services()).map_err(|error| faults::ended(&error))?;
        let calls = transport::tune_server(tonic::transport::Server::builder())
            .add_routes(layered(routes, &options))
            .serve_with_incoming_shutdown(
                Door::new(grpc, &options, cut.clone()).connections(),
                draining.clone().cancelled_owned(),
            );
        let calls = async { calls.await.map_err(|error| faults::ended(&error)) };
        let http = Door::new(http, &options, cut.clone());
        let doors = Box::pin(both(calls, http, pages, &options));
        let ending = async {
            statuses.watch(&*checked, options.health_interval, shutdown.soft()).await;
            draining.cancel();
            statuses.dismiss_watchers(&*checked).await;
            time::sleep(options.drain_timeout).await;
            cut.cancel();
            pending::<()>().await;
        };
        tracing::info!(grpc = %options.grpc_addr, http = %options.http_addr, "listening");
        tokio::select! {
            ended = doors => ended,
            () = ending => Ok(()),
        }
    }
}

/// Both doors; the HTTP one closes when calls have ended, so that it tells until then how the process is.
async fn both(
    calls: impl Future<Output = Result<(), Fault>>,
    http: Door,
    pages: Router,
    options: &DoorOptions,
) -> Result<(), Fault> {
    let over = CancellationToken::new();
    let probes = axum::serve(http, pages).with_graceful_shutdown(over.clone().cancelled_owned());
    let probes = async {
        tokio::select! {
            ended = async { probes.await } => ended.map_err(|error| faults::ended(&error)),
            // A probe that was sent half does not hold up the end.
            () = async { over.cancelled().await; time::sleep(options.health_timeout).await } => Ok(()),
        }
    };
    let calls = async {
        let ended = calls.await;
        over.cancel();
        ended
    };
    let (calls, probes) = tokio::join!(calls, probes);
    calls.and(probes)
}

/// Adds health and reflection. The latter names what is served here, of all that the project describes.
fn with_standard_services(
    services: Routes,
    statuses: &Statuses,
    names: &[&str],
) -> Result<Routes, tonic_reflection::server::Error> {
    let described = || {
        let described = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name(tonic_health::pb::health_server::SERVICE_NAME);
        names.iter().copied().fold(described, tonic_reflection::server::Builder::with_service_name)
    };
    Ok(services
        .add_service(statuses.service())
        .add_service(described().build_v1()?)
        .add_service(described().build_v1alpha()?))
}

/// What is true of every call, from the outside in: it is reported, its refusals have details, it ends in time.
fn layered(routes: Routes, options: &DoorOptions) -> Routes {
    let deadline = Deadline::new(options.request_timeout, options.unhurried);
    let timed = routes.into_axum_router().layer(from_fn_with_state(deadline, within_deadline));
    let detailed = timed.layer(from_fn(with_details));
    Routes::from(detailed.layer(from_fn_with_state(Arc::clone(&options.ids), with_report)))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address).await.map_err(|error| faults::cannot_listen(address, &error))
}

fn bound(listener: &TcpListener, asked: SocketAddr) -> Result<SocketAddr, Fault> {
    listener.local_addr().map_err(|error| faults::cannot_listen(asked, &error))
}
