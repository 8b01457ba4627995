//! Whether this server can do its work, for those who ask (`GET /health`) and those who watch (`grpc.health.v1`). The
//! rule is the store's: the database answers and at least one backend is reachable. Of its services, each is judged by what
//! it needs: events, contracts and nodes can be asked about while no backend is reachable, and how the store is, always. A server that
//! is shutting down is not ready, whatever the store says.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_serving::{Checked, Standing, health_unknown};
use artifactstore_types::{Fault, Health};
use artifactstore_wire::v1::{
    contract_service_server, event_service_server, health_service_server, node_service_server, package_service_server,
};
use async_trait::async_trait;
use tokio::time;
use tokio_util::sync::CancellationToken;

/// What moves and keeps files: database and backends.
const PACKAGES: &str = package_service_server::SERVICE_NAME;
/// What needs the database alone.
const IN_THE_DATABASE: [&str; 3] =
    [event_service_server::SERVICE_NAME, contract_service_server::SERVICE_NAME, node_service_server::SERVICE_NAME];
/// What answers even where nothing else does.
const HEALTH: &str = health_service_server::SERVICE_NAME;

/// Whether this server can do its work. Clones are the same one.
#[derive(Clone)]
pub struct Readiness {
    connection: Arc<dyn Connection>,
    timeout: Duration,
    draining: CancellationToken,
}

impl Readiness {
    /// The readiness of a server that ends when `draining` is cancelled.
    pub fn new(connection: Arc<dyn Connection>, timeout: Duration, draining: CancellationToken) -> Self {
        Self { connection, timeout, draining }
    }

    /// Whether the end was asked for.
    pub fn draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Asks the store how it is.
    pub async fn health(&self) -> Result<Health, Fault> {
        let answer = time::timeout(self.timeout, self.connection.health()).await;
        answer.unwrap_or_else(|_| Err(health_unknown(self.timeout)))
    }
}

#[async_trait]
impl Checked for Readiness {
    fn services(&self) -> Vec<&'static str> {
        [PACKAGES, HEALTH].into_iter().chain(IN_THE_DATABASE).collect()
    }

    async fn check(&self) -> Standing {
        let health = self.health().await;
        let serving = health.as_ref().is_ok_and(Health::serving);
        let database = health.as_ref().is_ok_and(|health| health.database_fault.is_none());
        let mut services = BTreeMap::from([(PACKAGES, serving), (HEALTH, true)]);
        services.extend(IN_THE_DATABASE.map(|service| (service, database)));
        Standing { services, reason: (!serving).then(|| why(health)) }
    }
}

fn why(health: Result<Health, Fault>) -> String {
    match health {
        Err(fault) => fault.to_string(),
        Ok(Health { database_fault: Some(fault), .. }) => format!("database: {fault}"),
        Ok(health) => {
            let reasons = health
                .backends
                .into_iter()
                .map(|backend| format!("backend {}: {}", backend.backend_id, backend.reason.unwrap_or_default()));
            reasons.collect::<Vec<_>>().join("; ")
        }
    }
}
