//! The HTTP door: `GET /health`, for probes and people.

mod health;

use axum::{Router, routing::get};

use crate::readiness::Readiness;

/// The routes.
pub fn routes(readiness: Readiness) -> Router {
    Router::new().route("/health", get(health::health)).with_state(readiness)
}
