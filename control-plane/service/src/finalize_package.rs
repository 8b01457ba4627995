//! Finalizing a package: its manifest is built from what is registered, and becomes its identity.

use artifactstore_registry::{self as registry, Request};
use artifactstore_types::{
    Actor, Category, ContentAddress, Fault, FileRecord, PackageId, PackageRecord, PackageStatus, StoredLocation,
    Timestamp,
};
use bytes::Bytes;
use futures::TryStreamExt as _;

use crate::{Service, faults};

/// How often a manifest is built anew because files were added meanwhile.
const ATTEMPTS: usize = 5;
/// How many addresses are asked of the registry at once.
const ADDRESSES: usize = 10_000;

impl Service {
    pub(crate) async fn finalize_package(&self, actor: &Actor, id: PackageId) -> Result<PackageRecord, Fault> {
        for _ in 0..ATTEMPTS {
            let package = self.require_package(id).await?;
            if package.status == PackageStatus::Finalized {
                return Ok(package);
            }
            let now = self.clock().now();
            let manifest = self.build_manifest(actor, &package, now).await?;
            let request = registry::FinalizePackage { manifest, expected_revision: package.revision };
            match self.submit_at(now, id, actor, Request::FinalizePackage(request)).await {
                Ok(_) => return self.require_package(id).await,
                Err(fault) if fault.category == Category::Conflict => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(faults::kept_changing(id))
    }

    /// The manifest of the package as it is registered now. Files read after `package` was may be newer than it; the
    /// registry refuses the manifest then, by the revision.
    async fn build_manifest(&self, actor: &Actor, package: &PackageRecord, now: Timestamp) -> Result<Bytes, Fault> {
        let id = package.package_id;
        let files: Vec<FileRecord> = self.all_files(id).try_collect().await?;
        let locations = self.locations_of(&files).await?;
        let classes = self.store().list_classes().await?;
        let (package, actor) = (package.clone(), actor.clone());
        // A hundred thousand entries take a while to sort and write: not on a thread that serves others.
        let built = tokio::task::spawn_blocking(move || {
            registry::build_manifest(&package, &files, &locations, &classes, &actor, now)
        });
        built.await.map_err(|lost| faults::manifest_not_built("build manifest", id, lost))?
    }

    async fn locations_of(&self, files: &[FileRecord]) -> Result<Vec<StoredLocation>, Fault> {
        let mut addresses: Vec<ContentAddress> = files.iter().map(|file| file.content_address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let mut locations = Vec::with_capacity(addresses.len());
        for some in addresses.chunks(ADDRESSES) {
            locations.extend(self.store().list_locations(some).await?);
        }
        Ok(locations)
    }
}
