//! Whether this server can do its work, for those who ask (`GET /health`) and those who watch (`grpc.health.v1`). The
//! rule is the store's: the database answers and at least one backend is reachable. A server that is shutting down is
//! not ready, whatever the store says.

use std::{sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_types::{Fault, Health};
use artifactstore_wire::v1::{event_service_server, health_service_server, package_service_server};
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::faults;

/// The services that can do nothing without their store; the empty name stands for the whole server.
const DEPENDENT: [&str; 3] = ["", package_service_server::SERVICE_NAME, event_service_server::SERVICE_NAME];

/// Whether this server can do its work. Clones are the same one.
#[derive(Clone)]
pub struct Readiness {
    connection: Arc<dyn Connection>,
    timeout: Duration,
    reporter: HealthReporter,
    draining: CancellationToken,
}

impl Readiness {
    /// Not ready before the store was asked for the first time.
    pub async fn new(connection: Arc<dyn Connection>, timeout: Duration, draining: CancellationToken) -> Self {
        let readiness = Self { connection, timeout, reporter: HealthReporter::new(), draining };
        readiness.report(ServingStatus::NotServing).await;
        // It answers even where the store does not.
        let health = health_service_server::SERVICE_NAME;
        readiness.reporter.set_service_status(health, ServingStatus::Serving).await;
        readiness
    }

    /// What `grpc.health.v1` is served from.
    pub fn reporter(&self) -> HealthReporter {
        self.reporter.clone()
    }

    /// Whether the end was asked for.
    pub fn draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Asks the store how it is.
    pub async fn health(&self) -> Result<Health, Fault> {
        let answer = time::timeout(self.timeout, self.connection.health()).await;
        answer.unwrap_or_else(|_| Err(faults::health_unknown(self.timeout)))
    }

    /// Asks again and again and reports what changes, until the end is asked for; then reports that.
    pub async fn watch(&self, interval: Duration) {
        let mut ticks = time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = ServingStatus::NotServing;
        while self.draining.run_until_cancelled(ticks.tick()).await.is_some() {
            let Some(health) = self.draining.run_until_cancelled(self.health()).await else { break };
            let now = match &health {
                Ok(health) if health.serving() => ServingStatus::Serving,
                _ => ServingStatus::NotServing,
            };
            if now != last {
                announce(&health);
                self.report(now).await;
                last = now;
            }
        }
        self.report(ServingStatus::NotServing).await;
    }

    /// Ends the streams of those who watch, after they were told what was reported last.
    pub async fn dismiss_watchers(&self) {
        let mut reporter = self.reporter.clone();
        for service in DEPENDENT.into_iter().chain([health_service_server::SERVICE_NAME]) {
            reporter.clear_service_status(service).await;
        }
    }

    async fn report(&self, status: ServingStatus) {
        for service in DEPENDENT {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

fn announce(health: &Result<Health, Fault>) {
    match health {
        Ok(health) if health.serving() => tracing::info!("ready"),
        Ok(health) => {
            let backends: Vec<_> = health.backends.iter().filter_map(|backend| backend.reason.as_deref()).collect();
            tracing::error!(database = health.database_fault.as_deref(), ?backends, "not ready");
        }
        Err(fault) => tracing::error!(%fault, "not ready"),
    }
}
