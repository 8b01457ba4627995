//! A server: it binds, runs, and ends in this order. Not ready; no new connections, no new calls, tails sent away; calls
//! under way finish, until their time is up and connections are cut; last, the HTTP door closes.

use std::{future::Future, net::SocketAddr, sync::Arc};

use artifactstore_client::Connection;
use artifactstore_kit::Shutdown;
use artifactstore_types::Fault;
use artifactstore_wire::transport;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::{net::TcpListener, time};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    connections::Door,
    deadline::{Deadline, within_deadline},
    details::with_details,
    faults, grpc, http,
    options::ServerOptions,
    readiness::Readiness,
    reports::with_report,
};

/// A server that listens, but does not answer before it runs.
pub struct Server {
    connection: Arc<dyn Connection>,
    options: ServerOptions,
    grpc: TcpListener,
    http: TcpListener,
}

impl Server {
    /// Listens on the addresses of `options` for calls to `connection`.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(connection: Arc<dyn Connection>, options: ServerOptions) -> Result<Self, Fault> {
        let grpc = listen(options.grpc_addr).await?;
        let http = listen(options.http_addr).await?;
        let options = ServerOptions { grpc_addr: bound(&grpc, options.grpc_addr)?, ..options };
        let options = ServerOptions { http_addr: bound(&http, options.http_addr)?, ..options };
        Ok(Self { connection, options, grpc, http })
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
    pub async fn run(self, shutdown: &Shutdown) -> Result<(), Fault> {
        let Self { connection, options, grpc, http } = self;
        let draining = CancellationToken::new();
        let cut = shutdown.hard().child_token();
        let readiness = Readiness::new(Arc::clone(&connection), options.health_timeout, shutdown.soft().clone()).await;

        let routes = grpc::routes(&connection, options.request_timeout, &readiness, &draining);
        let routes = routes.map_err(|error| faults::ended(&error))?;
        let calls = transport::tune_server(tonic::transport::Server::builder())
            .add_routes(layered(routes, &options))
            .serve_with_incoming_shutdown(
                Door::new(grpc, &options, cut.clone()).connections(),
                draining.clone().cancelled_owned(),
            );
        let calls = async { calls.await.map_err(|error| faults::ended(&error)) };
        let http = Door::new(http, &options, cut.clone());
        let doors = Box::pin(doors(calls, http, &readiness, &options));
        let ending = async {
            readiness.watch(options.health_interval).await;
            draining.cancel();
            readiness.dismiss_watchers().await;
            time::sleep(options.drain_timeout).await;
            cut.cancel();
            std::future::pending::<()>().await;
        };
        tracing::info!(grpc = %options.grpc_addr, http = %options.http_addr, "listening");
        tokio::select! {
            ended = doors => ended,
            () = ending => Ok(()),
        }
    }
}

/// Both doors; the HTTP one closes when calls have ended, so that it tells until then how it is.
async fn doors(
    calls: impl Future<Output = Result<(), Fault>>,
    http: Door,
    readiness: &Readiness,
    options: &ServerOptions,
) -> Result<(), Fault> {
    let over = CancellationToken::new();
    let probes =
        axum::serve(http, http::routes(readiness.clone())).with_graceful_shutdown(over.clone().cancelled_owned());
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

/// What is true of every call, from the outside in: it is reported, its refusals have details, it ends in time.
fn layered(routes: Routes, options: &ServerOptions) -> Routes {
    let deadline = Deadline::new(options.request_timeout);
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
