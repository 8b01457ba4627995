//! A blob that goes to the store in parts. Until it lies under its address it is nobody's; dropping it takes it back.

use std::sync::Arc;

use artifactstore_types::{ContentAddress, Fault};
use bytes::Bytes;
use object_store::{MultipartUpload, path::Path};
use tokio::task::JoinSet;

use crate::{backend::Backend, faults, keys};

/// How many parts are on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// Where parts grow, they are twice as large after this many: stores take at most ten thousand.
const PARTS_BEFORE_DOUBLING: u32 = 2_000;

/// An upload in progress.
pub(super) struct Upload {
    backend: Arc<Backend>,
    key: Path,
    stage: Stage,
    parts: JoinSet<Result<(), Fault>>,
    added: u32,
}

enum Stage {
    /// Parts are coming.
    Open(Box<dyn MultipartUpload>),
    /// The object is there, under a key that says nothing.
    Staged,
    /// Nothing to take back.
    Done,
}

impl Upload {
    /// Begins under the declared address, or under a staging key.
    pub async fn start(backend: &Arc<Backend>, declared: Option<ContentAddress>) -> Result<Self, Fault> {
        let key = declared.map_or_else(|| keys::staging(backend.ids.next()), keys::blob);
        let upload = backend.store.start_upload(&key).await?;
        let backend = Arc::clone(backend);
        Ok(Self { backend, key, stage: Stage::Open(upload), parts: JoinSet::new(), added: 0 })
    }

    /// How many bytes the next part should have.
    pub fn part_bytes(&self) -> usize {
        let doublings = if self.backend.parts_grow { self.added / PARTS_BEFORE_DOUBLING } else { 0 };
        self.backend.part_bytes << doublings.min(8)
    }

    /// Sends the next part on its way. Waits while enough are.
    pub async fn add(&mut self, part: Vec<Bytes>) -> Result<(), Fault> {
        while self.parts.len() >= PARTS_AT_ONCE {
            self.part_arrives().await?;
        }
        let Stage::Open(upload) = &mut self.stage else { return Err(faults::stopped()) };
        let bytes = part.iter().map(Bytes::len).sum::<usize>() as u64;
        let sent = upload.put_part(part.into_iter().collect());
        let store = self.backend.store.clone();
        self.parts.spawn(async move { store.bounded("writing a part", bytes, sent).await });
        self.added += 1;
        Ok(())
    }

    async fn part_arrives(&mut self) -> Result<(), Fault> {
        match self.parts.join_next().await {
            None => Ok(()),
            Some(arrived) => arrived.map_err(|_| faults::stopped())?,
        }
    }

    /// Waits for every part, and moves the whole to its address.
    pub async fn finish(mut self, address: ContentAddress, size_bytes: u64) -> Result<(), Fault> {
        while !self.parts.is_empty() {
            self.part_arrives().await?;
        }
        let backend = Arc::clone(&self.backend);
        let _placing = backend.placing.read().await;
        let Stage::Open(upload) = &mut self.stage else { return Err(faults::stopped()) };
        self.backend.store.complete(&mut **upload, size_bytes).await?;
        self.stage = Stage::Staged;
        let to = keys::blob(address);
        if self.key != to {
            self.backend.store.rename(&self.key, &to, size_bytes).await?;
        }
        self.stage = Stage::Done;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Done);
        let (store, key, mut parts) = (self.backend.store.clone(), self.key.clone(), std::mem::take(&mut self.parts));
        match stage {
            Stage::Done => {}
            Stage::Open(mut upload) => {
                self.backend.runtime.spawn(async move {
                    parts.shutdown().await;
                    // What cannot be taken back now lies under a staging key, or in the store's own staging.
                    let _ = store.bounded("aborting an upload", 0, upload.abort()).await;
                });
            }
            Stage::Staged => {
                self.backend.runtime.spawn(async move { store.delete(&key).await });
            }
        }
    }
}
