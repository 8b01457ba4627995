//! What the registry says of a package against its manifest. Both were written in one transaction from the same words, so
//! whatever differs was altered since, or is damaged.

use artifactstore_manifest::Manifest;
use artifactstore_types::PackageRecord;

use super::{FindingKind, Verified};

/// Compares everything that both say.
pub fn check(manifest: &Manifest, verified: &mut Verified) {
    for what in differences(manifest, &verified.package) {
        verified.find(FindingKind::Registry, None, format!("the registry has another {what} than the manifest"));
    }
}

fn differences(manifest: &Manifest, record: &PackageRecord) -> Vec<&'static str> {
    let (said, section, summary) = (&record.package, manifest.package(), manifest.retention_summary());
    let size_bytes = manifest.files().iter().map(|file| file.size_bytes).sum::<u64>();
    let same = [
        ("namespace", said.namespace == section.namespace),
        ("name", said.name == section.name),
        ("producer", said.producer == section.producer),
        ("subject", said.subject == section.subject),
        ("kind", said.kind == section.kind),
        ("class", said.class == summary.class),
        ("metadata", said.metadata == section.metadata),
        ("provenance", said.provenance == manifest.provenance().origin),
        ("time of creation", record.created_at == section.created_at),
        ("time of finalization", record.finalized_at == Some(section.finalized_at)),
        ("time of expiry", record.expires_at == summary.expires_at),
        ("number of files", record.file_count == manifest.files().len() as u64),
        ("sum of sizes", record.size_bytes == size_bytes),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
}
