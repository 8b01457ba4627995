//! `GET /health`, as every process answers it: 200 while it serves, 503 while not, and in either case why.

use artifactstore_types::BackendHealth;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Answer<T> {
    /// `serving`, `not_serving` or `draining`.
    status: &'static str,
    version: String,
    #[serde(flatten)]
    details: T,
}

/// The answer of a process that is `serving` or not, or is shutting down.
pub fn probed(draining: bool, serving: bool, version: String, details: impl Serialize) -> Response {
    let status = match (draining, serving) {
        (true, _) => "draining",
        (false, true) => "serving",
        (false, false) => "not_serving",
    };
    let code = if status == "serving" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Answer { status, version, details })).into_response()
}

/// How one backend is. What is not known is left out.
#[derive(Debug, Serialize)]
pub struct Backend {
    id: String,
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_bytes: Option<u64>,
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
