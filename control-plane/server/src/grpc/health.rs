//! `HealthService`: how the store is, in detail.

use artifactstore_wire::{
    reply,
    v1::{self, health_service_server::HealthService},
};
use tonic::{Request, Response, Status};

use crate::readiness::Readiness;

pub struct Healths {
    pub readiness: Readiness,
}

#[tonic::async_trait]
impl HealthService for Healths {
    async fn get_health(
        &self,
        _request: Request<v1::GetHealthRequest>,
    ) -> Result<Response<v1::GetHealthResponse>, Status> {
        reply(async { Ok(v1::GetHealthResponse { health: Some(self.readiness.health().await?.into()) }) }).await
    }
}
