//! Verifying a package: its manifest, the registry against it, the stored bytes of every file, and, if asked, a directory
//! against all of it. What is wrong is a finding, and all findings are reported; a fault means that it could not be told.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use artifactstore_manifest::{FileEntry, Manifest};
use artifactstore_types::{ContentAddress, Fault, FileRecord, Mismatch, PackageId, PackageRecord};
use futures::StreamExt as _;

use crate::{Connection, Progress, RefusedEntry, Step, manifest};

mod directory;
mod record;

/// What is to be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyRequest {
    /// The package; it must be finalized.
    pub package: PackageId,
    /// A directory that should hold exactly the files of the package.
    pub directory: Option<PathBuf>,
    /// Whether symbolic links, sockets, named pipes and devices in it are passed over, and are no finding.
    pub skip_special: bool,
    /// The manifest digest it must have, where that is known from elsewhere.
    pub expected: Option<ContentAddress>,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// The manifest is not the one that was finalized or expected, or it is malformed.
    Manifest,
    /// The registry and the manifest disagree about the package or a file.
    Registry,
    /// No bytes are stored for a file.
    StoredMissing,
    /// More or fewer bytes are stored for a file than there were.
    StoredSize,
    /// Other bytes are stored for a file.
    StoredDigest,
    /// The directory lacks a file of the package.
    LocalMissing,
    /// The directory has something that is not in the package.
    LocalExtra,
    /// The directory has other bytes for a file.
    LocalAltered,
    /// The directory has a file whose executable bit differs.
    LocalExecutable,
}

impl FindingKind {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Registry => "registry",
            Self::StoredMissing => "stored-missing",
            Self::StoredSize => "stored-size",
            Self::StoredDigest => "stored-digest",
            Self::LocalMissing => "local-missing",
            Self::LocalExtra => "local-extra",
            Self::LocalAltered => "local-altered",
            Self::LocalExecutable => "local-executable",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: FindingKind,
    /// The file, where it is about one. Names from a directory that no package could hold are escaped.
    pub path: Option<String>,
    /// For people.
    pub detail: String,
}

/// What was verified, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The package.
    pub package: PackageRecord,
    /// How many files' stored bytes were read again.
    pub file_count: u64,
    /// How many bytes that should be.
    pub bytes: u64,
    /// How many files of the directory were compared.
    pub local_file_count: Option<u64>,
    /// Special files of the directory that were passed over on request.
    pub skipped: Vec<RefusedEntry>,
    /// What is wrong; empty means that all of it is as it was finalized.
    pub findings: Vec<Finding>,
}

impl Verified {
    fn find(&mut self, kind: FindingKind, path: impl Into<Option<String>>, detail: impl Into<String>) {
        self.findings.push(Finding { kind, path: path.into(), detail: detail.into() });
    }
}

/// Verifies a package. Interrupt it by dropping the future.
///
/// # Errors
/// A package that is not finalized, a directory that cannot be read, or whatever the store refuses.
pub async fn verify(
    connection: &Arc<dyn Connection>,
    request: VerifyRequest,
    progress: Arc<dyn Progress>,
) -> Result<Verified, Fault> {
    let VerifyRequest { package: id, directory, skip_special, expected } = request;
    let (package, digest) = manifest::load_finalized(connection, "verify", id).await?;
    let mut verified = Verified {
        package,
        file_count: 0,
        bytes: 0,
        local_file_count: None,
        skipped: Vec::new(),
        findings: Vec::new(),
    };
    let manifest = match manifest::load(connection, id, expected.into_iter().chain([digest])).await {
        Ok(manifest) => Some(manifest),
        Err(fault) if manifest::is_about_content(&fault) => {
            verified.find(FindingKind::Manifest, None, fault.message);
            None
        }
        Err(fault) => return Err(fault),
    };
    progress.on(Step::Planned { files: verified.package.file_count, bytes: verified.package.size_bytes });

    if let Some(manifest) = &manifest {
        record::check(manifest, &mut verified);
    }
    check_stored(connection, id, manifest.as_ref(), &mut verified, &progress).await?;
    if let (Some(directory), Some(manifest)) = (directory, manifest) {
        directory::check(directory, skip_special, &manifest, &mut verified, &progress).await?;
    }
    Ok(verified)
}

/// Has the store read its bytes again, and holds the registry to the manifest.
async fn check_stored(
    connection: &Arc<dyn Connection>,
    id: PackageId,
    manifest: Option<&Manifest>,
    verified: &mut Verified,
    progress: &Arc<dyn Progress>,
) -> Result<(), Fault> {
    let entries = manifest.map_or(&[][..], Manifest::files);
    let mut unseen: HashMap<&str, &FileEntry> =
        entries.iter().map(|entry| (entry.relative_path.as_str(), entry)).collect();
    let mut answers = connection.verify_package(id);
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        let path = answer.file.relative_path.to_string();
        verified.file_count += 1;
        verified.bytes += answer.file.size_bytes;
        progress.on(Step::Bytes(answer.file.size_bytes));
        progress.on(Step::Files(1));
        match answer.mismatch {
            None => {}
            Some(Mismatch::Missing) => verified.find(FindingKind::StoredMissing, path.clone(), "no bytes are stored"),
            Some(Mismatch::Size) => {
                verified.find(FindingKind::StoredSize, path.clone(), "more or fewer bytes are stored than there were");
            }
            Some(_) => verified.find(FindingKind::StoredDigest, path.clone(), "other bytes are stored than there were"),
        }
        if manifest.is_some() {
            match unseen.remove(path.as_str()) {
                Some(entry) if agree(entry, &answer.file) => {}
                Some(_) => {
                    verified.find(FindingKind::Registry, path, "the registry has another file than the manifest");
                }
                None => verified.find(FindingKind::Registry, path, "the registry has a file the manifest has not"),
            }
        }
    }
    let mut unseen: Vec<_> = unseen.into_keys().collect();
    unseen.sort_unstable();
    for path in unseen {
        verified.find(FindingKind::Registry, path.to_owned(), "the manifest has a file the registry has not");
    }
    Ok(())
}

fn agree(entry: &FileEntry, file: &FileRecord) -> bool {
    entry.content_address == file.content_address
        && entry.sha256 == file.sha256
        && entry.size_bytes == file.size_bytes
        && entry.executable == file.executable
        && entry.media_type == file.media_type
}

#[cfg(test)]
mod tests;
