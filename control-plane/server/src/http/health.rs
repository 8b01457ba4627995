//! `GET /health`: the store is asked now; 200 while requests can be served, 503 while not, and in either case why.

use artifactstore_serving::{Backend, probed};
use artifactstore_types::{Fault, Health};
use axum::{extract::State, response::Response};
use serde::Serialize;

use crate::readiness::Readiness;

/// How the store is. Fields that are not known are left out.
#[derive(Debug, Serialize)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<Registry>,
    database: Database,
    backends: Vec<Backend>,
}

#[derive(Debug, Serialize)]
struct Registry {
    /// The sequence of the last event.
    head: u64,
}

#[derive(Debug, Serialize)]
struct Database {
    /// Whether it answers.
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub async fn health(State(readiness): State<Readiness>) -> Response {
    let health = readiness.health().await;
    let serving = health.as_ref().is_ok_and(Health::serving);
    let (version, details) = match health {
        Ok(health) => answered(health),
        Err(fault) => unanswered(&fault),
    };
    probed(readiness.draining(), serving, version, details)
}

fn answered(health: Health) -> (String, Details) {
    let details = Details {
        registry: health.head.map(|head| Registry { head }),
        database: Database { reachable: health.database_fault.is_none(), reason: health.database_fault },
        backends: health.backends.into_iter().map(Backend::from).collect(),
    };
    (health.version, details)
}

/// The store itself did not say; its version is that of this crate, which is built with it.
fn unanswered(fault: &Fault) -> (String, Details) {
    let database = Database { reachable: false, reason: Some(fault.to_string()) };
    (env!("CARGO_PKG_VERSION").to_owned(), Details { registry: None, database, backends: Vec::new() })
}
