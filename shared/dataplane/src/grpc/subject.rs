//! Any subject of the conformance suite, once more with the network in between: what an implementation keeps, it must
//! keep through [`RemotePlane`] and the handlers, too.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use artifactstore_types::{BackendId, Fault, Location, SystemClock, Timestamp};
use artifactstore_wire::transport;
use async_trait::async_trait;
use tokio::{sync::watch, task::AbortHandle};
use tonic::transport::{Server, server::TcpIncoming};

use super::{ControlGuard, RemotePlane, RemotePlaneOptions, service};
use crate::{
    conformance::{Damage, Offered, Subject},
    control_token::ControlTokens,
    signing::{KeyRing, SigningKey, Window},
    spi::DataPlane,
};

/// What an ingest may hold of the chunks it was given, in bytes: what the network has not taken yet.
const MEMORY_BOUND_BYTES: u64 = 16 * 1024 * 1024;

/// A subject behind a loopback connection.
pub struct ThroughGrpc<S> {
    inner: S,
    open: Open,
}

/// A server on the inner plane as it is open now, and a client of it.
struct Open {
    remote: RemotePlane,
    server: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl<S: Subject> ThroughGrpc<S> {
    /// The subject, served on a port that the system chooses. Must be called within a runtime.
    ///
    /// # Errors
    /// A port that cannot be listened on.
    pub fn new(inner: S) -> io::Result<Self> {
        let open = Open::on(inner.plane())?;
        Ok(Self { inner, open })
    }
}

impl Open {
    fn on(plane: Arc<dyn DataPlane>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?).parse().map_err(io::Error::other)?;
        let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?).with_nodelay(Some(true));

        let (key, node_id) = (SigningKey::from_secret(&[7; 32]), plane.node_id());
        let mut keys = KeyRing::default();
        let opens_at = Timestamp::from_micros(0).map_err(io::Error::other)?;
        keys.trust(key.public_key(), (), Window::from(opens_at)).map_err(io::Error::other)?;
        let guard = ControlGuard::new(watch::channel(keys).1, node_id.clone(), Arc::new(SystemClock));
        let service = service(plane, guard, Duration::from_mins(1));
        let serving = transport::tune_server(Server::builder()).add_service(service).serve_with_incoming(incoming);
        let server = tokio::spawn(async move { drop(serving.await) }).abort_handle();

        let tokens = ControlTokens::new(key, node_id, Arc::new(SystemClock));
        let options = RemotePlaneOptions::default();
        let remote =
            RemotePlane::connect(&endpoint, tokens, options).map_err(|fault: Fault| io::Error::other(fault))?;
        Ok(Self { remote, server })
    }
}

#[async_trait]
impl<S: Subject> Subject for ThroughGrpc<S> {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(self.open.remote.clone())
    }

    fn backend_id(&self) -> BackendId {
        self.inner.backend_id()
    }

    fn boundaries(&self) -> Vec<usize> {
        self.inner.boundaries()
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        Some(MEMORY_BOUND_BYTES)
    }

    async fn crash(&mut self) -> Offered {
        if self.inner.crash().await == Offered::No {
            return Offered::No;
        }
        match Open::on(self.inner.plane()) {
            Ok(open) => {
                self.open = open;
                Offered::Yes
            }
            Err(_) => Offered::No,
        }
    }

    async fn damage(&mut self, location: &Location, damage: Damage) -> Offered {
        self.inner.damage(location, damage).await
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        self.inner.set_reachable(reachable).await
    }
}
