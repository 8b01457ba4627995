//! What doors are told.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use artifactstore_kit::Settings;
use artifactstore_types::{Ids, SystemIds};

/// How calls are served.
#[derive(Clone)]
pub struct DoorOptions {
    /// Where gRPC is served; port 0 lets the system choose.
    pub grpc_addr: SocketAddr,
    /// Where HTTP is served; port 0 lets the system choose.
    pub http_addr: SocketAddr,
    /// How long a call may take until its answer begins, and the header of an upload until it comes; a client's own
    /// deadline counts where it is shorter.
    pub request_timeout: Duration,
    /// The paths of calls whose time depends on what they are about, such as reading a large blob again: they are held to
    /// the client's deadline only.
    pub unhurried: &'static [&'static str],
    /// How long the process may take to say how it is.
    pub health_timeout: Duration,
    /// How often it is asked, for those who watch `grpc.health.v1`.
    pub health_interval: Duration,
    /// How long calls under way may go on after the end was asked for.
    pub drain_timeout: Duration,
    /// How many connections there may be at once on each of the two; further ones wait to be accepted.
    pub max_connections: usize,
    /// How long nothing may come over a connection before it is cut. A gRPC client is heard of much more often, since it
    /// is asked for a sign of life.
    pub max_silence: Duration,
    /// Where request ids come from.
    pub ids: Arc<dyn Ids>,
}

impl DoorOptions {
    /// Doors at these addresses, with the usual bounds.
    pub fn at(grpc_addr: SocketAddr, http_addr: SocketAddr) -> Self {
        Self {
            grpc_addr,
            http_addr,
            request_timeout: Duration::from_secs(30),
            unhurried: &[],
            health_timeout: Duration::from_secs(5),
            health_interval: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(25),
            max_connections: 1_024,
            max_silence: Duration::from_secs(90),
            ids: Arc::new(SystemIds),
        }
    }
}

impl Default for DoorOptions {
    fn default() -> Self {
        Self::from(&Settings::default())
    }
}

impl From<&Settings> for DoorOptions {
    fn from(settings: &Settings) -> Self {
        Self {
            request_timeout: settings.request_timeout(),
            health_timeout: settings.health_timeout(),
            drain_timeout: settings.drain_timeout(),
            ..Self::at(settings.grpc_addr, settings.http_addr)
        }
    }
}

impl fmt::Debug for DoorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorOptions")
            .field("grpc_addr", &self.grpc_addr)
            .field("http_addr", &self.http_addr)
            .field("request_timeout", &self.request_timeout)
            .field("drain_timeout", &self.drain_timeout)
            .finish_non_exhaustive()
    }
}
