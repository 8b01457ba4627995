//! The HTTP door: `GET /health`, for probes and people. The backends are asked now; 200 while the node can serve, 503 while
//! not, and in either case why.

use artifactstore_serving::{Backend, probed};
use axum::{Router, extract::State, response::Response, routing::get};
use serde::Serialize;

use crate::{load::Load, readiness::Readiness};

/// How the node is. What is not known is left out.
#[derive(Debug, Serialize)]
struct Details {
    node: String,
    /// Whether uploads may be begun.
    takes_uploads: bool,
    /// Uploads under way.
    uploads: u32,
    /// Downloads under way.
    downloads: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    control_planes: Vec<ControlPlane>,
    backends: Vec<Backend>,
}

#[derive(Debug, Serialize)]
struct ControlPlane {
    endpoint: String,
    /// Whether it hears this node now.
    heard: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The routes.
pub fn routes(readiness: Readiness, load: Load) -> Router {
    Router::new().route("/health", get(health)).with_state((readiness, load))
}

async fn health(State((readiness, load)): State<(Readiness, Load)>) -> Response {
    let load = load.told();
    let backends = readiness.backends().await;
    let reason = readiness.reason(&backends);
    let serving = reason.is_none();
    let planes = readiness.site.planes().into_iter();
    let details = Details {
        node: readiness.plane.node_id().to_string(),
        takes_uploads: readiness.site.takes_uploads(),
        uploads: load.uploads,
        downloads: load.downloads,
        reason,
        control_planes: planes
            .map(|(endpoint, plane)| ControlPlane {
                endpoint: endpoint.to_string(),
                heard: plane.heard,
                reason: plane.reason,
            })
            .collect(),
        backends: backends.into_iter().map(Backend::from).collect(),
    };
    probed(readiness.ending.is_cancelled(), serving, env!("CARGO_PKG_VERSION").to_owned(), details)
}
