//! Writing: a whole object at once, or one file written as its parts arrive. Parts go to the disk at once, so that the
//! sync at the end has little left to do; nothing has its key before that sync has returned.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use futures::{FutureExt as _, future::ready};
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart, path::Path};
use tokio::sync::Mutex;

use super::{
    cancellation::{Wanted, blocking},
    direct::Direct,
    failed,
    root::{Incoming, Replace, Root},
    write_failed,
};

/// Writes a whole object.
pub(super) fn put(
    root: &Arc<Root>,
    key: &Path,
    to: &std::path::Path,
    payload: &PutPayload,
    replace: Replace,
    wanted: &Wanted,
) -> Result<PutResult> {
    let incoming = root.create_incoming().map_err(failed)?;
    write_at(&incoming, payload, 0)?;
    incoming.publish(to, replace, wanted).map_err(|error| write_failed(key, error))?;
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
    turn: Arc<Mutex<Direct>>,
}

impl DirectoryUpload {
    pub fn start(root: &Arc<Root>, key: Path, to: PathBuf) -> Result<Self> {
        let incoming = root.create_incoming().map_err(failed)?;
        let turn = Arc::new(Mutex::new(Direct::open(incoming.path())));
        Ok(Self { key, to, incoming: Some(Arc::new(incoming)), length: 0, turn })
    }
}

#[async_trait]
impl MultipartUpload for DirectoryUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.length;
        self.length += data.content_length() as u64;
        let Some(incoming) = self.incoming.clone() else { return ready(Err(ended())).boxed() };
        let turn = Arc::clone(&self.turn);
        let write_in_turn = async move {
            let mut direct = turn.lock_owned().await;
            let write = move || {
                let written = direct.write(incoming.disk(), &data, offset).map_err(failed)?;
                if written { Ok(()) } else { write_at(&incoming, &data, offset) }
            };
            tokio::task::spawn_blocking(write).await?
        };
        write_in_turn.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Some(incoming) = self.incoming.take() else { return Err(ended()) };
        let (key, to) = (self.key.clone(), self.to.clone());
        blocking(move |wanted| {
            incoming.publish(&to, Replace::Yes, wanted).map_err(|error| write_failed(&key, error))?;
            Ok(done())
        })
        .await
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
