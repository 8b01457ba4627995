//! The bucket as it takes an object in parts, over any number of processes. That what was completed lies there with its
//! size is asked by whoever knows the size.

use async_trait::async_trait;
use object_store::{
    Error, MultipartId, PutPayload, PutResult, Result,
    multipart::{MultipartStore, PartId},
    path::Path,
};

use super::{
    refusal::{RefusalKind, refusal_of},
    store::S3Store,
};

#[async_trait]
impl MultipartStore for S3Store {
    async fn create_multipart(&self, key: &Path) -> Result<MultipartId> {
        self.clients().usual.create_multipart(key).await
    }

    async fn put_part(&self, key: &Path, id: &MultipartId, number: usize, payload: PutPayload) -> Result<PartId> {
        let part = self.clients().usual.put_part(key, id, number, payload).await;
        part.map_err(|error| gone_is_not_found(key, error))
    }

    async fn complete_multipart(&self, key: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        let completed = self.clients().patient.complete_multipart(key, id, parts).await;
        completed.map_err(|error| gone_is_not_found(key, error))
    }

    async fn abort_multipart(&self, key: &Path, id: &MultipartId) -> Result<()> {
        match self.clients().usual.abort_multipart(key, id).await.map_err(|error| gone_is_not_found(key, error)) {
            Err(Error::NotFound { .. }) => Ok(()),
            ended => ended,
        }
    }
}

/// An upload that somebody ended is one that is not there.
fn gone_is_not_found(key: &Path, error: Error) -> Error {
    match refusal_of(&error) {
        Some(refusal) if refusal.kind == RefusalKind::UploadGone => {
            Error::NotFound { path: key.to_string(), source: Box::new(error) }
        }
        _ => error,
    }
}
