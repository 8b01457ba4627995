//! Every call through a real loopback connection, over a store in memory: what comes back, what is refused and how,
//! what a client that goes away leaves behind, and how a server ends.

mod calls;
mod contracts;
mod deadlines;
mod fake;
mod hostile;
mod pressure;
mod probes;
mod reports;
mod shutdown;
mod silence;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use artifactstore_client::{Connection, Remote, RemoteOptions};
use artifactstore_kit::Shutdown;
use artifactstore_types::{Actor, Fault, PackageId};
use artifactstore_wire::v1::package_service_client::PackageServiceClient;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

use self::fake::Fake;
use crate::{Server, ServerOptions};

/// A server that runs, and a client of it.
struct Running {
    fake: Fake,
    remote: Remote,
    grpc: SocketAddr,
    http: SocketAddr,
    shutdown: Shutdown,
    ended: JoinHandle<Result<(), Fault>>,
}

async fn running(fake: Fake) -> Running {
    running_with(fake, |_| {}).await
}

async fn running_with(fake: Fake, change: impl FnOnce(&mut ServerOptions)) -> Running {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut options = ServerOptions {
        grpc_addr: any,
        http_addr: any,
        health_interval: Duration::from_millis(5),
        ..ServerOptions::default()
    };
    change(&mut options);
    let server = Server::bind(Arc::new(fake.clone()), options).await.unwrap();
    let (grpc, http) = (server.grpc_addr(), server.http_addr());
    let shutdown = Shutdown::new();
    let ended = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { server.run(&shutdown).await }
    });
    let remote = remote_at(grpc);
    Running { fake, remote, grpc, http, shutdown, ended }
}

impl Running {
    /// A channel that sends what the typed client never would.
    async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    async fn raw(&self) -> PackageServiceClient<Channel> {
        PackageServiceClient::new(self.channel().await)
    }

    async fn package(&self) -> PackageId {
        self.remote.create_package(&actor(), artifactstore_testkit::new_package("run 7")).await.unwrap().package_id
    }
}

/// A client with a connection of its own.
fn remote_at(grpc: SocketAddr) -> Remote {
    Remote::connect(&format!("http://{grpc}"), RemoteOptions::default()).unwrap()
}

fn actor() -> Actor {
    "a tester".parse().unwrap()
}
