//! Creating a package. Under an idempotency key its id follows from the key, so that asking again finds what is there.

use artifactstore_registry::Request;
use artifactstore_types::{Actor, Category, Fault, IdempotencyKey, NewPackage, PackageId, PackageRecord};

use crate::{Service, derived_id::derived_id, faults};

impl Service {
    pub(crate) async fn create_package(
        &self,
        actor: &Actor,
        package: NewPackage,
        key: Option<IdempotencyKey>,
    ) -> Result<PackageRecord, Fault> {
        let Some(key) = key else {
            let id = PackageId::new(self.ids().next());
            self.submit(id, actor, Request::CreatePackage(package)).await?;
            return self.require_package(id).await;
        };
        let id = PackageId::new(derived_id(key, &[package.namespace.as_str().as_bytes()]));
        match self.submit(id, actor, Request::CreatePackage(package.clone())).await {
            Ok(_) => self.require_package(id).await,
            Err(fault) if fault.category == Category::AlreadyExists => {
                let there = self.require_package(id).await?;
                let is_the_same = there.package == package && there.actor == *actor;
                if is_the_same { Ok(there) } else { Err(faults::key_used_otherwise(key)) }
            }
            Err(fault) => Err(fault),
        }
    }
}
