//! Writing: a whole object at once, or one file written as its parts arrive. Writing to the disk starts early, so that
//! the sync at the end has little left to do; nothing has its key before that sync has returned.

use std::{
    num::NonZeroU64,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use futures::{FutureExt as _, future::ready};
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart, path::Path};
use tokio::sync::Mutex;

use super::{
    failed,
    root::{Incoming, Replace, Root},
    write_failed,
};

/// How much is written before the disk is asked to take it.
const WRITE_BACK_BYTES: u64 = 16 * 1024 * 1024;

/// Says that whoever waited for a put has gone. Work on a blocking thread cannot be stopped from outside; it looks here
/// before it makes anything visible.
#[derive(Debug, Default)]
pub(super) struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    pub fn watcher(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Writes a whole object.
pub(super) fn put(
    root: &Arc<Root>,
    key: &Path,
    to: &std::path::Path,
    payload: &PutPayload,
    replace: Replace,
    cancelled: &AtomicBool,
) -> Result<PutResult> {
    let incoming = root.create_incoming().map_err(failed)?;
    write_at(&incoming, payload, 0)?;
    if cancelled.load(Ordering::Acquire) {
        return Err(failed(std::io::ErrorKind::Interrupted.into()));
    }
    incoming.publish(to, replace).map_err(|error| write_failed(key, error))?;
    Ok(done())
}

fn write_at(incoming: &Incoming, payload: &PutPayload, mut offset: u64) -> Result<()> {
    for chunk in payload {
        incoming.write_all_at(chunk, offset).map_err(failed)?;
        offset += chunk.len() as u64;
    }
    Ok(())
}

pub(super) fn done() -> PutResult {
    PutResult { e_tag: None, version: None, extensions: object_store::Extensions::default() }
}

/// One file being written as its parts arrive.
#[derive(Debug)]
pub(super) struct DirectoryUpload {
    key: Path,
    to: PathBuf,
    /// `None` once completed or aborted.
    incoming: Option<Arc<Incoming>>,
    /// How many bytes the parts so far have.
    length: u64,
    /// Held while a part is written: two writers of one file only spin on each other in the kernel.
    turn: Arc<Mutex<()>>,
}

impl DirectoryUpload {
    pub fn start(root: &Arc<Root>, key: Path, to: PathBuf) -> Result<Self> {
        let incoming = Some(Arc::new(root.create_incoming().map_err(failed)?));
        Ok(Self { key, to, incoming, length: 0, turn: Arc::default() })
    }
}

#[async_trait]
impl MultipartUpload for DirectoryUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.length;
        self.length += data.content_length() as u64;
        let end = self.length;
        let Some(incoming) = self.incoming.clone() else { return ready(Err(ended())).boxed() };
        let write = move || {
            write_at(&incoming, &data, offset)?;
            let written = end / WRITE_BACK_BYTES * WRITE_BACK_BYTES;
            if written > offset {
                start_write_back(&incoming, written);
            }
            Ok(())
        };
        let turn = Arc::clone(&self.turn);
        let write_in_turn = async move {
            let _turn = turn.lock().await;
            tokio::task::spawn_blocking(write).await?
        };
        write_in_turn.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Some(incoming) = self.incoming.take() else { return Err(ended()) };
        let (key, to) = (self.key.clone(), self.to.clone());
        let publish = move || incoming.publish(&to, Replace::Yes).map_err(|error| write_failed(&key, error));
        tokio::task::spawn_blocking(publish).await??;
        Ok(done())
    }

    async fn abort(&mut self) -> Result<()> {
        let incoming = self.incoming.take();
        Ok(tokio::task::spawn_blocking(move || drop(incoming)).await?)
    }
}

impl Drop for DirectoryUpload {
    fn drop(&mut self) {
        // Giving back gigabytes takes a while; it is not done on a thread that others wait for.
        if let (Some(incoming), Ok(runtime)) = (self.incoming.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn_blocking(move || drop(incoming));
        }
    }
}

fn ended() -> Error {
    Error::NotSupported { source: "the upload has ended".into() }
}

/// Asks the disk to take the window that ends at `end`. It is advice: POSIX_FADV_DONTNEED starts writing the dirty
/// pages of the range without waiting for them. Where it does nothing, the sync at the end takes longer.
fn start_write_back(incoming: &Incoming, end: u64) {
    let window = NonZeroU64::new(WRITE_BACK_BYTES);
    let _ = rustix::fs::fadvise(&incoming.file, end - WRITE_BACK_BYTES, window, rustix::fs::Advice::DontNeed);
}
