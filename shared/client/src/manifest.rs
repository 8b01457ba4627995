//! A manifest from a store that need not be trusted: taken only if its bytes have the digest the package was finalized
//! under, its form is the one there is, and its paths can all be files of one directory.

use std::{collections::HashSet, sync::Arc};

use artifactstore_manifest::{self as format, Manifest};
use artifactstore_types::{Category, ContentAddress, Fault, PackageId, PackageRecord, PackageStatus};

use crate::{Connection, ManifestFormat, faults, retry};

/// The package, which must be finalized, with the digest of its manifest.
pub async fn load_finalized(
    connection: &Arc<dyn Connection>,
    operation: &str,
    id: PackageId,
) -> Result<(PackageRecord, ContentAddress), Fault> {
    let package = retry::idempotent(|| connection.load_package(id)).await?;
    match (package.status, package.manifest_digest) {
        (PackageStatus::Finalized, Some(digest)) => Ok((package, digest)),
        _ => Err(faults::not_finalized(operation, &package)),
    }
}

/// The manifest, which must have every one of the `wanted` digests.
pub async fn load(
    connection: &Arc<dyn Connection>,
    id: PackageId,
    wanted: impl IntoIterator<Item = ContentAddress>,
) -> Result<Manifest, Fault> {
    let bytes = retry::idempotent(|| connection.load_manifest(id, ManifestFormat::Cbor)).await?;
    let found = format::digest(&bytes);
    if let Some(wanted) = wanted.into_iter().find(|wanted| *wanted != found) {
        return Err(faults::manifest_differs(id, wanted, found));
    }
    let manifest = Manifest::decode(&bytes).map_err(|refused| faults::manifest_untrusted(id, refused))?;
    if manifest.package().id != id {
        let other = format!("it is the manifest of package {}", manifest.package().id);
        return Err(faults::manifest_untrusted(id, other));
    }
    match find_file_as_directory(&manifest) {
        Some(path) => Err(faults::manifest_untrusted(id, format!("{path} is a file and a directory"))),
        None => Ok(manifest),
    }
}

/// A path that another path goes through.
fn find_file_as_directory(manifest: &Manifest) -> Option<&str> {
    let files: HashSet<&str> = manifest.files().iter().map(|file| file.relative_path.as_str()).collect();
    let parents = |path: &'_ str| path.match_indices('/').map(|(end, _)| end).collect::<Vec<_>>();
    files
        .iter()
        .find_map(|path| parents(path).into_iter().map(|end| &path[..end]).find(|parent| files.contains(parent)))
}

/// Whether a fault of [`load`] is about what the manifest says, and not about getting at it.
pub fn is_about_content(fault: &Fault) -> bool {
    fault.category == Category::DataLoss
}
