//! An object that comes in parts. It is there when `complete` returns, and nothing of it is before.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt as _;
use object_store::{
    Error, MultipartId, MultipartUpload, PutPayload, PutResult, Result, UploadPart,
    multipart::{MultipartStore as _, PartId},
    path::Path,
};

use super::{clients::Clients, store::must_have};

/// A part of more bytes may take longer than an answer usually does.
const USUAL_PART_BYTES: usize = 32 * 1024 * 1024;

/// An upload in progress.
#[derive(Debug)]
pub(super) struct Upload {
    clients: Clients,
    key: Path,
    id: MultipartId,
    bytes: u64,
    /// In their order; `None` while on its way.
    parts: Arc<Mutex<Vec<Option<PartId>>>>,
}

/// The upload was to end while parts of it were on their way, or had failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not every part has arrived")]
struct Incomplete;

impl Upload {
    pub fn new(clients: Clients, key: Path, id: MultipartId) -> Self {
        Self { clients, key, id, bytes: 0, parts: Arc::default() }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let bytes = payload.content_length();
        self.bytes += bytes as u64;
        let parts = Arc::clone(&self.parts);
        let number = {
            let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
            parts.push(None);
            parts.len() - 1
        };
        let client = if bytes <= USUAL_PART_BYTES { &self.clients.usual } else { &self.clients.patient };
        let (client, key, id) = (client.clone(), self.key.clone(), self.id.clone());
        async move {
            let part = client.put_part(&key, &id, number, payload).await?;
            if let Some(slot) = parts.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
                *slot = Some(part);
            }
            Ok(())
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let parts: Option<Vec<_>> = self.parts.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let parts = parts.ok_or_else(|| Error::Generic { store: "S3", source: Box::new(Incomplete) })?;
        let result = self.clients.patient.complete_multipart(&self.key, &self.id, parts).await?;
        must_have(&self.clients, &self.key, self.bytes).await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.clients.usual.abort_multipart(&self.key, &self.id).await
    }
}
