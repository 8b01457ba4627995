//! A server: what it offers at its doors. How it ends is the doors'; what ends with it here are tails, which would never
//! end by themselves.

use std::{net::SocketAddr, sync::Arc};

use artifactstore_client::Connection;
use artifactstore_kit::Shutdown;
use artifactstore_serving::{DoorOptions, Doors, Offer};
use artifactstore_types::Fault;
use tokio_util::sync::CancellationToken;

use crate::{grpc, http, readiness::Readiness};

/// A server that listens, but does not answer before it runs.
pub struct Server {
    connection: Arc<dyn Connection>,
    options: DoorOptions,
    doors: Doors,
}

impl Server {
    /// Listens on the addresses of `options` for calls to `connection`.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(connection: Arc<dyn Connection>, options: DoorOptions) -> Result<Self, Fault> {
        let doors = Doors::bind(options.clone()).await?;
        Ok(Self { connection, options, doors })
    }

    /// Where gRPC is served, with the port that the system chose.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.doors.grpc_addr()
    }

    /// Where HTTP is served, with the port that the system chose.
    pub fn http_addr(&self) -> SocketAddr {
        self.doors.http_addr()
    }

    /// Serves until the end was asked for and calls under way have ended.
    ///
    /// # Errors
    /// A listener that fails.
    pub async fn run(self, shutdown: &Shutdown) -> Result<(), Fault> {
        let Self { connection, options, doors } = self;
        let draining = CancellationToken::new();
        let readiness = Readiness::new(Arc::clone(&connection), options.health_timeout, shutdown.soft().clone());
        let offer = Offer {
            services: grpc::routes(&connection, options.request_timeout, &readiness, &draining),
            http: http::routes(readiness.clone()),
            checked: Arc::new(readiness),
            draining,
        };
        doors.serve(offer, shutdown).await
    }
}
