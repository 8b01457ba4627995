//! How a process is, for those who watch `grpc.health.v1`: each service has a status of its own, the empty name stands
//! for the whole process. A process that is shutting down serves nothing, whatever it says of itself.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};

/// The name that stands for the whole process.
const WHOLE: &str = "";

/// Whether services can do their work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Each service by its full name, and whether it can.
    pub services: BTreeMap<&'static str, bool>,
    /// Why not, for operators; `None` where all can.
    pub reason: Option<String>,
}

impl Standing {
    /// Whether every service can do its work.
    pub fn is_whole(&self) -> bool {
        self.services.values().all(|serving| *serving)
    }
}

/// Something that can be asked how it is.
#[async_trait]
pub trait Checked: Send + Sync + 'static {
    /// The full names of the services it is about.
    fn services(&self) -> Vec<&'static str>;

    /// Looks now. Must answer in time, and for just these services.
    async fn check(&self) -> Standing;
}

/// What is reported to those who watch.
#[derive(Clone)]
pub(crate) struct Statuses {
    reporter: HealthReporter,
}

impl Statuses {
    /// Nothing serves before it was asked for the first time.
    pub async fn new(checked: &dyn Checked) -> Self {
        let statuses = Self { reporter: HealthReporter::new() };
        statuses.report(&none(checked)).await;
        statuses
    }

    /// What `grpc.health.v1` is served from.
    pub fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Asks again and again and reports what changes, until the end is asked for; then reports that.
    pub async fn watch(&self, checked: &dyn Checked, interval: Duration, draining: &CancellationToken) {
        let mut ticks = time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last: Option<Standing> = None;
        while draining.run_until_cancelled(ticks.tick()).await.is_some() {
            let Some(now) = draining.run_until_cancelled(checked.check()).await else { break };
            if last.as_ref().is_none_or(|last| last.services != now.services) {
                announce(&now);
                self.report(&now).await;
            }
            last = Some(now);
        }
        self.report(&none(checked)).await;
    }

    /// Ends the streams of those who watch, after they were told what was reported last.
    pub async fn dismiss_watchers(&self, checked: &dyn Checked) {
        let mut reporter = self.reporter.clone();
        for service in checked.services().into_iter().chain([WHOLE]) {
            reporter.clear_service_status(service).await;
        }
    }

    async fn report(&self, standing: &Standing) {
        let whole = (WHOLE, standing.is_whole());
        for (service, serving) in standing.services.iter().map(|(name, serving)| (*name, *serving)).chain([whole]) {
            let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
            self.reporter.set_service_status(service, status).await;
        }
    }
}

/// What is said of services of which none serves.
fn none(checked: &dyn Checked) -> Standing {
    Standing { services: checked.services().into_iter().map(|name| (name, false)).collect(), reason: None }
}

fn announce(standing: &Standing) {
    if standing.is_whole() {
        tracing::info!("ready");
    } else {
        tracing::error!(reason = standing.reason.as_deref(), "not ready");
    }
}
