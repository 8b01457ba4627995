//! One backend's objects: the calls the engine makes of an [`ObjectStore`], each with a deadline, each failure turned
//! into a fault. What is not there is an answer here, not a failure.

use std::{ops::Range, sync::Arc, time::Duration};

use artifactstore_types::{BackendId, Fault, Timestamp};
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{
    Error, GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    PutPayload, path::Path,
};

use crate::faults;

/// The slowest a store may be with many bytes before it is given up: 16 MiB a second, beside the deadline of a call.
const SLOWEST_BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;

/// The objects of one backend.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub backend_id: BackendId,
    inner: Arc<dyn ObjectStore>,
    deadline: Duration,
}

/// What reading a part of an object found.
#[derive(Debug)]
pub(crate) enum Piece {
    /// There is no such object.
    Missing,
    /// The object ends before the part does.
    Short,
    /// The bytes asked for.
    Bytes(Bytes),
}

/// What making an object found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    Yes,
    /// Something has the key already.
    Occupied,
}

impl Store {
    pub fn new(backend_id: BackendId, inner: Arc<dyn ObjectStore>, deadline: Duration) -> Self {
        Self { backend_id, inner, deadline }
    }

    /// Writes an object whose bytes are decided by its key, over whatever lies there.
    pub async fn put(&self, key: &Path, payload: PutPayload) -> Result<(), Fault> {
        let bytes = payload.content_length() as u64;
        let put = self.inner.put(key, payload);
        self.bounded("writing an object", bytes, put).await.map(drop).map_err(Fault::with_unknown_outcome)
    }

    /// Writes an object unless something has its key.
    pub async fn create(&self, key: &Path, payload: PutPayload) -> Result<Created, Fault> {
        let bytes = payload.content_length() as u64;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let put = async {
            match self.inner.put_opts(key, payload, options).await {
                Ok(_) => Ok(Created::Yes),
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Created::Occupied),
                Err(error) => Err(error),
            }
        };
        self.bounded("writing an object", bytes, put).await.map_err(Fault::with_unknown_outcome)
    }

    /// Begins an object that comes in parts.
    pub async fn start_upload(&self, key: &Path) -> Result<Box<dyn MultipartUpload>, Fault> {
        self.bounded("beginning an upload", 0, self.inner.put_multipart(key)).await
    }

    /// Ends an upload of `bytes`: the object is there when this returns.
    pub async fn complete(&self, upload: &mut dyn MultipartUpload, bytes: u64) -> Result<(), Fault> {
        let complete = upload.complete();
        self.bounded("completing an upload", bytes, complete).await.map(drop).map_err(Fault::with_unknown_outcome)
    }

    /// Moves an object of `bytes` to another key, over whatever lies there.
    pub async fn rename(&self, from: &Path, to: &Path, bytes: u64) -> Result<(), Fault> {
        let rename = self.inner.rename(from, to);
        self.bounded("renaming an object", bytes, rename).await.map_err(Fault::with_unknown_outcome)
    }

    /// What is known of an object without reading it.
    pub async fn find(&self, key: &Path) -> Result<Option<ObjectMeta>, Fault> {
        let head = async { found(self.inner.head(key).await) };
        self.bounded("looking for an object", 0, head).await
    }

    /// The bytes of `range`, all of them.
    pub async fn read(&self, key: &Path, range: Range<u64>) -> Result<Piece, Fault> {
        if range.is_empty() {
            return Ok(match self.find(key).await? {
                None => Piece::Missing,
                Some(meta) if meta.size < range.end => Piece::Short,
                Some(_) => Piece::Bytes(Bytes::new()),
            });
        }
        let length = range.end - range.start;
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let read = async { self.inner.get_opts(key, options).await?.bytes().await };
        match self.bounded_store("reading an object", length, read).await? {
            Ok(bytes) if bytes.len() as u64 == length => Ok(Piece::Bytes(bytes)),
            Ok(_) => Ok(Piece::Short),
            Err(Error::NotFound { .. }) => Ok(Piece::Missing),
            // Stores answer a range beyond the end in many ways; the size tells it from other failures.
            Err(error) => match self.find(key).await? {
                None => Ok(Piece::Missing),
                Some(meta) if meta.size < range.end => Ok(Piece::Short),
                Some(_) => Err(faults::of_store(&self.backend_id, "reading an object", &error)),
            },
        }
    }

    /// The last `bytes` of an object, or all of it where it has fewer, and its whole size. `None` if it is not there.
    pub async fn read_end(&self, key: &Path, bytes: u64) -> Result<Option<(Bytes, u64)>, Fault> {
        let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..GetOptions::default() };
        let read = async {
            match self.inner.get_opts(key, options).await {
                Ok(found) => {
                    let size = found.meta.size;
                    Ok(Some((found.bytes().await?, size)))
                }
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        match self.bounded_store("reading an object", bytes, read).await? {
            Ok(end) => Ok(end),
            Err(error) => match self.find(key).await? {
                None => Ok(None),
                // An empty object has no end to ask for.
                Some(meta) if meta.size == 0 => Ok(Some((Bytes::new(), 0))),
                Some(_) => Err(faults::of_store(&self.backend_id, "reading an object", &error)),
            },
        }
    }

    /// The bytes of `range` (`None`: all) as they come, with what is known of the object. `None` if it is not there.
    pub async fn stream(
        &self,
        key: &Path,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectMeta, BoxStream<'static, Result<Bytes, Fault>>)>, Fault> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let get = async { found(self.inner.get_opts(key, options).await) };
        let Some(found) = self.bounded("reading an object", 0, get).await? else { return Ok(None) };
        let meta = found.meta.clone();
        Ok(Some((meta, self.paced("reading an object", found.into_stream()))))
    }

    /// Removes an object. Whether there was one is not said: not every store knows.
    pub async fn delete(&self, key: &Path) -> Result<(), Fault> {
        let delete = async { found(self.inner.delete(key).await) };
        self.bounded("deleting an object", 0, delete).await.map(drop).map_err(Fault::with_unknown_outcome)
    }

    /// The objects under `prefix` whose keys sort behind `after`, in that order.
    pub fn list(&self, prefix: &Path, after: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta, Fault>> {
        let listed = match after {
            None => self.inner.list(Some(prefix)),
            Some(after) => self.inner.list_with_offset(Some(prefix), after),
        };
        self.paced("listing objects", listed)
    }

    /// Runs one call of the store; answers a fault where it fails or takes too long for `bytes`.
    pub async fn bounded<T>(
        &self,
        operation: &str,
        bytes: u64,
        call: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Fault> {
        let answer = self.bounded_store(operation, bytes, call).await?;
        answer.map_err(|error| faults::of_store(&self.backend_id, operation, &error))
    }

    async fn bounded_store<T>(
        &self,
        operation: &str,
        bytes: u64,
        call: impl Future<Output = object_store::Result<T>>,
    ) -> Result<object_store::Result<T>, Fault> {
        let deadline = self.deadline + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND);
        tokio::time::timeout(deadline, call).await.map_err(|_| faults::deadline(&self.backend_id, operation))
    }

    /// A stream of the store in which every item has the deadline of a call.
    pub fn paced<T: Send + 'static>(
        &self,
        operation: &'static str,
        stream: BoxStream<'static, object_store::Result<T>>,
    ) -> BoxStream<'static, Result<T, Fault>> {
        let store = self.clone();
        let next = move |mut stream: BoxStream<'static, object_store::Result<T>>| {
            let store = store.clone();
            async move {
                let item = store.bounded(operation, 0, async { stream.next().await.transpose() }).await;
                item.transpose().map(|item| (item, stream))
            }
        };
        futures::stream::unfold(stream, next).boxed()
    }
}

fn found<T>(answer: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// When an object was written.
pub(crate) fn written_at(meta: &ObjectMeta) -> Timestamp {
    Timestamp::from_micros(meta.last_modified.timestamp_micros()).unwrap_or(Timestamp::LATEST)
}
