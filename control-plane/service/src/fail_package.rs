//! Giving a package up.

use artifactstore_registry::Request;
use artifactstore_types::{Actor, Fault, PackageId, PackageRecord};

use crate::Service;

impl Service {
    pub(crate) async fn fail_package(
        &self,
        actor: &Actor,
        id: PackageId,
        reason: &str,
    ) -> Result<PackageRecord, Fault> {
        self.submit(id, actor, Request::FailPackage { reason: reason.to_owned() }).await?;
        self.require_package(id).await
    }
}
