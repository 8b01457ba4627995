//! Creating a package.

use artifactstore_registry::Request;
use artifactstore_types::{Actor, Fault, NewPackage, PackageId, PackageRecord};

use crate::Service;

impl Service {
    pub(crate) async fn create_package(&self, actor: &Actor, package: NewPackage) -> Result<PackageRecord, Fault> {
        let id = PackageId::new(self.ids().next());
        self.submit(id, actor, Request::CreatePackage(package)).await?;
        self.require_package(id).await
    }
}
