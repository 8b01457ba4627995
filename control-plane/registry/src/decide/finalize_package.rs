//! Closing a package under its manifest. The manifest must be canonical and of this package as it stands now; the package
//! is finalized at the time the manifest says. Finalizing again changes nothing: the answer is the manifest it already has.
//!
//! That every file of the package is in the manifest follows from the revision it was built from; their number and the
//! sum of their sizes are compared all the same.

use artifactstore_manifest::{Manifest, PackageSection};
use artifactstore_types::{ClassName, PackageStatus, Timestamp};

use crate::{
    Decision, Event, Facts, FinalizePackage, Package, PackageCommand, Refusal,
    event::PackageFinalized,
    retention::{default_applied, default_expiry},
};

use super::require_open;

/// What a decision reads of a manifest, worked out before the log is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    package: PackageSection,
    class: ClassName,
    expires_at: Option<Timestamp>,
    file_count: u64,
    size_bytes: u64,
}

impl Summary {
    /// Reads a manifest, refusing bytes that are not canonical.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let manifest = Manifest::decode(bytes).map_err(|refused| Refusal::BadManifest(refused.to_string()))?;
        Ok(Self {
            package: manifest.package().clone(),
            class: manifest.retention_summary().class.clone(),
            expires_at: manifest.retention_summary().expires_at,
            file_count: manifest.files().len() as u64,
            size_bytes: manifest.files().iter().fold(0, |sum, file| file.size_bytes.saturating_add(sum)),
        })
    }
}

pub(super) fn decide(
    package: &Package,
    facts: &Facts,
    command: &PackageCommand,
    finalize: &FinalizePackage,
    summary: Result<&Summary, &Refusal>,
) -> Result<Decision, Refusal> {
    if package.status == PackageStatus::Finalized {
        return Ok(Decision::nothing(command));
    }
    require_open(package)?;
    if finalize.expected_revision != package.revision {
        return Err(Refusal::RevisionConflict { expected: finalize.expected_revision, found: package.revision });
    }
    let summary = summary.map_err(Clone::clone)?;
    let class = facts.find_class(&package.class).ok_or_else(|| Refusal::UnknownClass(package.class.clone()))?;
    let finalized_at = summary.package.finalized_at;
    if finalized_at > command.at {
        return Err(Refusal::BadManifest("its time of finalization lies ahead".to_owned()));
    }
    let differs = [
        (summary.package.id != package.package_id, "package id"),
        (summary.package.namespace != package.namespace, "namespace"),
        (summary.package.created_at != package.created_at, "time of creation"),
        (summary.class != package.class, "retention class"),
        (summary.expires_at != default_expiry(class, finalized_at), "expiry"),
        (summary.file_count != package.file_count, "number of files"),
        (summary.size_bytes != package.size_bytes, "sum of sizes"),
    ];
    if let Some((_, what)) = differs.into_iter().find(|(differs, _)| *differs) {
        return Err(Refusal::BadManifest(format!("its {what} is not the package's")));
    }
    let events = vec![
        Event::PackageFinalized(PackageFinalized { manifest: finalize.manifest.clone() }),
        Event::DefaultApplied(default_applied(class, finalized_at)),
    ];
    Ok(Decision::new(finalized_at, events))
}
