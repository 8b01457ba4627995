//! Builds the manifest of a package from what is registered of it, in the form its finalization carries.

use std::collections::HashSet;

use artifactstore_manifest::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary};
use artifactstore_types::{Actor, Fault, FileRecord, PackageRecord, RetentionClass, StoredLocation, Timestamp};
use bytes::Bytes;

use crate::{Refusal, default_expiry};

/// The canonical CBOR manifest of `package` with these files, whose blobs lie at these locations, as finalized by `actor`
/// at that time. Files and locations may come in any order.
///
/// # Errors
/// A class that is not among `classes`, a file whose blob lies nowhere, and whatever a manifest cannot hold.
pub fn build_manifest(
    package: &PackageRecord,
    files: &[FileRecord],
    locations: &[StoredLocation],
    classes: &[RetentionClass],
    actor: &Actor,
    finalized_at: Timestamp,
) -> Result<Bytes, Fault> {
    let said = &package.package;
    let fault = |refusal: Refusal| refusal.into_fault("build manifest", package.package_id);
    let class = classes
        .iter()
        .find(|class| class.name == said.class)
        .ok_or_else(|| fault(Refusal::UnknownClass(said.class.clone())))?;
    let placed: HashSet<_> = locations.iter().map(|stored| stored.content_address).collect();
    if let Some(file) = files.iter().find(|file| !placed.contains(&file.content_address)) {
        return Err(fault(Refusal::BadManifest(format!("the blob of {} lies nowhere", file.relative_path))));
    }
    let section = PackageSection {
        id: package.package_id,
        namespace: said.namespace.clone(),
        name: said.name.clone(),
        producer: said.producer.clone(),
        subject: said.subject.clone(),
        kind: said.kind.clone(),
        created_at: package.created_at,
        finalized_at,
        metadata: said.metadata.clone(),
    };
    let retention = RetentionSummary { class: said.class.clone(), expires_at: default_expiry(class, finalized_at) };
    let provenance = ProvenanceSection { actor: actor.clone(), origin: said.provenance.clone() };
    let entries = files.iter().map(entry).collect();
    Manifest::new(section, entries, locations.to_vec(), retention, provenance)
        .map(|manifest| Bytes::from(manifest.encode()))
        .map_err(|refused| fault(Refusal::BadManifest(refused.to_string())))
}

fn entry(file: &FileRecord) -> FileEntry {
    FileEntry {
        relative_path: file.relative_path.clone(),
        media_type: file.media_type.clone(),
        size_bytes: file.size_bytes,
        content_address: file.content_address,
        sha256: file.sha256,
        executable: file.executable,
    }
}
