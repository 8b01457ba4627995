//! `GET /health`: the store is asked now; 200 while requests can be served, 503 while not, and in either case why.

use artifactstore_types::{BackendHealth, Fault, Health};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use crate::readiness::Readiness;

/// How the server is. Fields that are not known are left out.
#[derive(Debug, Serialize)]
struct Answer {
    /// `serving`, `not_serving` or `draining`.
    status: &'static str,
    version: String,
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

#[derive(Debug, Serialize)]
struct Backend {
    id: String,
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_bytes: Option<u64>,
}

pub async fn health(State(readiness): State<Readiness>) -> Response {
    let health = readiness.health().await;
    let serving = health.as_ref().is_ok_and(Health::serving);
    let status = match (readiness.draining(), serving) {
        (true, _) => "draining",
        (false, true) => "serving",
        (false, false) => "not_serving",
    };
    let code = if status == "serving" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(health.map_or_else(|fault| unanswered(status, &fault), |health| answered(status, health))))
        .into_response()
}

fn answered(status: &'static str, health: Health) -> Answer {
    Answer {
        status,
        version: health.version,
        registry: health.head.map(|head| Registry { head }),
        database: Database { reachable: health.database_fault.is_none(), reason: health.database_fault },
        backends: health.backends.into_iter().map(Backend::from).collect(),
    }
}

/// The store itself did not say; its version is that of this crate, which is built with it.
fn unanswered(status: &'static str, fault: &Fault) -> Answer {
    Answer {
        status,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        registry: None,
        database: Database { reachable: false, reason: Some(fault.to_string()) },
        backends: Vec::new(),
    }
}

impl From<BackendHealth> for Backend {
    fn from(backend: BackendHealth) -> Self {
        Self {
            id: backend.backend_id.to_string(),
            reachable: backend.reachable,
            reason: backend.reason,
            used_bytes: backend.used_bytes,
            free_bytes: backend.free_bytes,
        }
    }
}
