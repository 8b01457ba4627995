//! Pulling a package into a directory. The manifest decides what is right: it is checked against the package, and every
//! file against it while it is written. A file gets its name only once its bytes are proven and durable; nothing that was
//! asked for is left half done under a name somebody could take for the real one. When a pull ends, however it ends, the
//! directory is at rest; when it ends well, its names are durable too.

use std::{
    future::Future,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use artifactstore_manifest::Manifest;
use artifactstore_types::{ByteRange, ContentAddress, Fault, PackageId, PackageRecord};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{sync::mpsc, task};
use tokio_util::task::TaskTracker;

use crate::{Connection, Download, Progress, Step, faults, manifest, retry};

mod target;
mod write;

use target::Target;

/// How many files are on their way at once: enough that one sync of the disk serves several of them.
const FILES_AT_ONCE: usize = 24;
/// Chunks of one file that wait to be written.
const CHUNKS_AHEAD: usize = 2;

/// What is to be pulled, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// The package; it must be finalized.
    pub package: PackageId,
    /// Where its files go. Made if it does not exist.
    pub directory: PathBuf,
    /// Whether the directory may hold files already. Those with the name of a file of the package are replaced, others
    /// stay.
    pub overwrite: bool,
    /// The manifest digest it must have, where that is known from elsewhere.
    pub expected: Option<ContentAddress>,
}

/// What a pull did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The package.
    pub package: PackageRecord,
    /// The digest of its manifest, recomputed.
    pub manifest_digest: ContentAddress,
    /// How many files were written.
    pub file_count: u64,
    /// The sum of their sizes.
    pub bytes: u64,
}

/// Pulls a package. Stops when `interrupt` is ready, which says why: it is the fault the pull then ends with.
///
/// # Errors
/// A package that is not finalized, a directory that is not empty or cannot be written, a manifest or bytes that are
/// not what was finalized, an interruption, or whatever the store refuses. Files written before are right and stay.
pub async fn pull(
    connection: &Arc<dyn Connection>,
    request: PullRequest,
    progress: Arc<dyn Progress>,
    interrupt: impl Future<Output = Fault> + Send,
) -> Result<Pulled, Fault> {
    let (writers, written) = (TaskTracker::new(), Arc::new(AtomicU64::new(0)));
    let interrupt = pin!(interrupt);
    let pulled = tokio::select! {
        biased;
        fault = interrupt => Err(fault),
        pulled = pull_all(connection, request, progress, &writers, &written) => pulled,
    };
    // Whoever called finds the directory at rest: no file is placed, and no remains are taken away, after this.
    writers.close();
    writers.wait().await;
    pulled.map_err(|fault| match written.load(Ordering::Relaxed) {
        0 => fault,
        files => faults::partly_written(fault, files),
    })
}

async fn pull_all(
    connection: &Arc<dyn Connection>,
    request: PullRequest,
    progress: Arc<dyn Progress>,
    writers: &TaskTracker,
    written: &Arc<AtomicU64>,
) -> Result<Pulled, Fault> {
    let PullRequest { package: id, directory, overwrite, expected } = request;
    let (package, manifest_digest) = manifest::load_finalized(connection, "pull", id).await?;
    let manifest = Arc::new(manifest::load(connection, id, expected.into_iter().chain([manifest_digest])).await?);
    let file_count = manifest.files().len();
    let bytes = manifest.files().iter().map(|file| file.size_bytes).sum();
    progress.on(Step::Planned { files: file_count as u64, bytes });

    let (token, written) = (writers.token(), Arc::clone(written));
    let opened = task::spawn_blocking(move || Target::open(&directory, overwrite, written, token)).await;
    let target = Arc::new(opened.map_err(|_| faults::thread_lost("open directory"))??);
    let writers = writers.clone();
    let pulling = Pulling { connection: Arc::clone(connection), id, manifest, target, writers, progress };
    stream::iter(0..file_count)
        .map(|index| pulling.fetch(index))
        .buffer_unordered(FILES_AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    let Pulling { manifest, target, writers, .. } = pulling;
    let settled =
        writers.spawn_blocking(move || target.settle(manifest.files().iter().map(|file| &file.relative_path)));
    settled.await.map_err(|_| faults::thread_lost("sync directory"))??;
    Ok(Pulled { package, manifest_digest, file_count: file_count as u64, bytes })
}

struct Pulling {
    connection: Arc<dyn Connection>,
    id: PackageId,
    manifest: Arc<Manifest>,
    target: Arc<Target>,
    writers: TaskTracker,
    progress: Arc<dyn Progress>,
}

impl Pulling {
    async fn fetch(&self, index: usize) -> Result<(), Fault> {
        retry::idempotent(|| self.fetch_once(index)).await?;
        self.progress.on(Step::Files(1));
        Ok(())
    }

    async fn fetch_once(&self, index: usize) -> Result<(), Fault> {
        let file = &self.manifest.files()[index];
        let Download { range, mut bytes, .. } =
            self.connection.download(self.id, &file.relative_path, ByteRange::ALL).await?;
        if range != (0..file.size_bytes) {
            let what = format!("the store has {} bytes, the manifest {}", range.end, file.size_bytes);
            return Err(faults::bytes_differ(&file.relative_path, what));
        }
        let (sender, receiver) = mpsc::channel::<Bytes>(CHUNKS_AHEAD);
        let (manifest, target) = (Arc::clone(&self.manifest), Arc::clone(&self.target));
        let writing = self.writers.spawn_blocking(move || write::write(&target, &manifest.files()[index], receiver));

        let mut failure = None;
        let mut passed = 0;
        while let Some(chunk) = bytes.next().await {
            match chunk {
                Ok(chunk) => {
                    let length = chunk.len() as u64;
                    if sender.send(chunk).await.is_err() {
                        break;
                    }
                    passed += length;
                    self.progress.on(Step::Bytes(length));
                }
                Err(fault) => {
                    failure = Some(fault);
                    break;
                }
            }
        }
        drop(sender);
        let written = writing.await.map_err(|_| faults::thread_lost("write file"))?;
        // Bytes are judged by the manifest alone: once they are proven, it does not matter how the stream ended.
        written.map_err(|fault| {
            self.progress.on(Step::Repeated(passed));
            failure.unwrap_or(fault)
        })
    }
}

#[cfg(test)]
mod tests;
