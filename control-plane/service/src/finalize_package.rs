//! Finalizing a package: its manifest is built from what is registered, and becomes its identity.

use std::collections::HashSet;

use artifactstore_registry::{self as registry, Request};
use artifactstore_types::{
    Actor, Category, Fault, FileRecord, PackageId, PackageRecord, PackageStatus, StoredLocation, Timestamp,
};
use bytes::Bytes;

use crate::{Service, faults};

/// How often a manifest is built anew because files were added meanwhile.
const ATTEMPTS: usize = 5;
/// How many files are asked of the registry at once.
const PAGE: u32 = 10_000;

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
        let (files, locations) = self.placed_files(id).await?;
        let classes = self.store().list_classes().await?;
        let (package, actor) = (package.clone(), actor.clone());
        // A hundred thousand entries take a while to sort and write: not on a thread that serves others.
        let built = tokio::task::spawn_blocking(move || {
            registry::build_manifest(&package, &files, &locations, &classes, &actor, now)
        });
        built.await.map_err(|lost| faults::manifest_not_built("build manifest", id, lost))?
    }

    /// Every file of a package, and every location of each of their blobs once.
    async fn placed_files(&self, id: PackageId) -> Result<(Vec<FileRecord>, Vec<StoredLocation>), Fault> {
        let (mut files, mut locations, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        loop {
            let after = files.last().map(|file: &FileRecord| file.relative_path.clone());
            let page = self.store().list_placed_files(id, after.as_ref(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            for placed in page {
                if seen.insert(placed.file.content_address) {
                    locations.extend(placed.locations);
                }
                files.push(placed.file);
            }
            if is_last {
                return Ok((files, locations));
            }
        }
    }
}
