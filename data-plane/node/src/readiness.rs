//! Whether this node can do its work: a backend can be reached, and there is a key to let anybody in with. A node that is
//! draining still serves what it keeps.

use std::{sync::Arc, time::Duration};

use artifactstore_dataplane::DataPlane;
use artifactstore_serving::{Checked, Standing};
use artifactstore_types::{BackendHealth, BackendId};
use artifactstore_wire::v1::{data_plane_service_server, transfer_service_server};
use async_trait::async_trait;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::site::Site;

const SERVICES: [&str; 2] = [data_plane_service_server::SERVICE_NAME, transfer_service_server::SERVICE_NAME];

/// Whether this node can do its work. Clones are the same one.
#[derive(Clone)]
pub struct Readiness {
    pub plane: Arc<dyn DataPlane>,
    /// The backends there are, in configured order.
    pub backend_ids: Arc<[BackendId]>,
    pub site: Site,
    pub timeout: Duration,
    /// Cancelled once the end was asked for.
    pub ending: CancellationToken,
}

impl Readiness {
    /// How each backend is. Where they do not say so in time, none can be reached.
    pub async fn backends(&self) -> Vec<BackendHealth> {
        self.backends_within(self.timeout).await
    }

    /// The same, where it must be said sooner.
    pub async fn backends_within(&self, limit: Duration) -> Vec<BackendHealth> {
        let silent = |backend_id: &BackendId| BackendHealth {
            backend_id: backend_id.clone(),
            reachable: false,
            reason: Some("it does not answer".to_owned()),
            used_bytes: None,
            free_bytes: None,
        };
        let answer = time::timeout(limit.min(self.timeout), self.plane.backend_health()).await;
        answer.unwrap_or_else(|_| self.backend_ids.iter().map(silent).collect())
    }

    /// Why nothing can be served; `None` where it can.
    pub fn reason(&self, backends: &[BackendHealth]) -> Option<String> {
        if !backends.iter().any(|backend| backend.reachable) {
            let reasons = backends.iter().filter_map(|backend| {
                backend.reason.as_ref().map(|reason| format!("backend {}: {reason}", backend.backend_id))
            });
            return Some(reasons.collect::<Vec<_>>().join("; "));
        }
        (!self.site.is_known()).then(|| "no control plane has taken this node up yet".to_owned())
    }
}

#[async_trait]
impl Checked for Readiness {
    fn services(&self) -> Vec<&'static str> {
        SERVICES.to_vec()
    }

    async fn check(&self) -> Standing {
        let reason = self.reason(&self.backends().await);
        Standing { services: SERVICES.into_iter().map(|name| (name, reason.is_none())).collect(), reason }
    }
}
