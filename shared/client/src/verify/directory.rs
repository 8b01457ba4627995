//! A local directory against a manifest: what it lacks, what it has beside, what it has otherwise.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use artifactstore_manifest::{FileEntry, Manifest};
use artifactstore_types::Fault;
use futures::StreamExt as _;
use tokio::task;

use super::{FindingKind, Verified};
use crate::{LocalFile, Progress, Step, faults, read, walk};

/// Compares every file of `directory` with the manifest, both digests of it.
pub async fn check(
    directory: PathBuf,
    skip_special: bool,
    manifest: &Manifest,
    verified: &mut Verified,
    progress: &Arc<dyn Progress>,
) -> Result<(), Fault> {
    let found = task::spawn_blocking(move || walk::scan(&directory)).await;
    let walk::Found { files, refused } = found.map_err(|_| faults::thread_lost("read directory"))??;
    for entry in refused {
        if skip_special && entry.reason.is_special() {
            verified.skipped.push(entry);
        } else {
            verified.find(FindingKind::LocalExtra, entry.path, format!("the entry {}", entry.reason));
        }
    }
    let entries: HashMap<_, _> = manifest.files().iter().map(|entry| (&entry.relative_path, entry)).collect();
    let files: Arc<[LocalFile]> = files.into();
    let mut comparable = Vec::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        let path = || file.relative_path.to_string();
        let Some(entry) = entries.get(&file.relative_path) else {
            verified.find(FindingKind::LocalExtra, path(), "the package has no such file");
            continue;
        };
        if file.executable != entry.executable {
            let detail = if entry.executable { "it should be executable" } else { "it should not be executable" };
            verified.find(FindingKind::LocalExecutable, path(), detail);
        }
        if file.size_bytes == entry.size_bytes {
            comparable.push(index);
        } else {
            let detail = format!("it has {} bytes, and should have {}", file.size_bytes, entry.size_bytes);
            verified.find(FindingKind::LocalAltered, path(), detail);
        }
    }
    verified.local_file_count = Some(files.len() as u64);
    let bytes = comparable.iter().map(|index| files[*index].size_bytes).sum();
    progress.on(Step::Planned { files: comparable.len() as u64, bytes });
    report_missing(manifest, &files, verified);
    compare_bytes(&files, comparable, &entries, verified, progress).await
}

fn report_missing(manifest: &Manifest, files: &[LocalFile], verified: &mut Verified) {
    for entry in manifest.files() {
        if files.binary_search_by(|file| file.relative_path.cmp(&entry.relative_path)).is_err() {
            verified.find(FindingKind::LocalMissing, entry.relative_path.to_string(), "the directory has no such file");
        }
    }
}

async fn compare_bytes(
    files: &Arc<[LocalFile]>,
    indexes: Vec<usize>,
    entries: &HashMap<&artifactstore_types::RelativePath, &FileEntry>,
    verified: &mut Verified,
    progress: &Arc<dyn Progress>,
) -> Result<(), Fault> {
    let told = Arc::clone(progress);
    let digests = move |file: &LocalFile| read::dual_digest(file, |bytes| told.on(Step::Bytes(bytes)));
    let mut digested = std::pin::pin!(read::each(Arc::clone(files), indexes.into(), digests));
    while let Some(digested) = digested.next().await {
        let (index, digests) = digested?;
        let file = &files[index];
        progress.on(Step::Files(1));
        let same = entries
            .get(&file.relative_path)
            .is_some_and(|entry| entry.content_address.digest() == digests.blake3 && entry.sha256 == digests.sha256);
        if !same {
            verified.find(FindingKind::LocalAltered, file.relative_path.to_string(), "its bytes are others");
        }
    }
    Ok(())
}
