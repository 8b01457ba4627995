//! Uploads that can be gone on with: a client that lost its connection, or whose node was restarted, continues where it
//! stood.
//!
//! The bytes go to the store in parts of one size, each durable before it counts; a record of what counts lies on a disk
//! of this machine: the parts, and both digests as they stood at the end of the last of them. Going on reads nothing
//! again. Invariant: a record never says more than is durable, and an upload is written by one stream at a time: a newer
//! one, or the question how far it has come, ends the older.
//!
//! What ends within the first part is an ingest like any other, and leaves no record. Records, and the parts they name, are
//! removed a day after they were begun.

mod digests;
mod ingest;
mod parts;
mod record;
mod sweep;
mod turns;

use std::{fmt, path::PathBuf, sync::Arc};

use artifactstore_dataplane::{ByteStream, IngestHints};
use artifactstore_types::{Fault, Receipt};
use object_store::multipart::MultipartStore;
use tokio::{runtime::Handle, sync::Mutex, task::JoinSet};

use self::{ingest::Uploading, record::Records, turns::Turns};
use crate::{backend::Backend, faults, stop::Stop};

pub(crate) use self::sweep::sweep;

/// How many bytes a part has, the last one excepted: at least what S3 wants, at most what three of them may hold in
/// memory.
pub(crate) const PART_BYTES: usize = 8 * 1024 * 1024;
/// The most parts an upload has; S3 takes no more.
const MOST_PARTS: usize = 10_000;
/// How long an upload may be gone on with, in seconds.
const LIFE_SECONDS: u64 = 24 * 60 * 60;

/// Names an upload. It is a digest of whatever the upload is bound to, so nothing from a user becomes part of a path.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadKey([u8; 32]);

impl UploadKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where uploads that can be gone on with are kept.
#[derive(Clone)]
pub struct ResumeOptions {
    /// The store, as it takes parts.
    pub parts: Arc<dyn MultipartStore>,
    /// The folder of records, on a disk of this machine; made where it does not exist.
    pub folder: PathBuf,
    /// How many there may be at once.
    pub most: usize,
}

/// The uploads of one backend that can be gone on with.
pub(crate) struct Uploads {
    parts: Arc<dyn MultipartStore>,
    records: Records,
    turns: Turns,
    stop: Stop,
    runtime: Handle,
    /// Streams under way: they go on by themselves, so that what came is kept when whoever called has gone.
    streams: Mutex<JoinSet<()>>,
}

impl Uploads {
    pub fn new(options: ResumeOptions, runtime: Handle, stop: Stop) -> Self {
        let ResumeOptions { parts, folder, most } = options;
        let records = Records::new(folder, most);
        Self { parts, records, turns: Turns::default(), stop, runtime, streams: Mutex::default() }
    }

    /// Waits until what came of every stream is recorded.
    pub async fn close(&self) {
        let mut streams = self.streams.lock().await;
        while streams.join_next().await.is_some() {}
    }
}

/// Stores the bytes of a stream that begins at `offset` of the whole.
pub(crate) async fn ingest(
    backend: &Arc<Backend>,
    key: UploadKey,
    hints: IngestHints,
    offset: u64,
    bytes: ByteStream,
) -> Result<Receipt, Fault> {
    let Some(uploads) = &backend.uploads else {
        return match offset {
            0 => Box::pin(crate::ingest::ingest(backend, hints, bytes)).await,
            _ => Err(faults::no_upload()),
        };
    };
    let turn = uploads.turns.take(key).await?;
    let (answer, answered) = tokio::sync::oneshot::channel();
    let work = Uploading { backend: Arc::clone(backend), key, hints, offset, turn };
    {
        let mut streams = uploads.streams.lock().await;
        while streams.try_join_next().is_some() {}
        streams.spawn_on(
            async move {
                // Whoever called may have gone; what came is recorded all the same.
                let _ = answer.send(work.run(bytes).await);
            },
            &uploads.runtime,
        );
    }
    answered.await.map_err(|_| faults::stopped())?
}

/// How many bytes of an upload need not be sent again; `None` where there is none.
pub(crate) async fn find(backend: &Backend, key: UploadKey) -> Result<Option<u64>, Fault> {
    let Some(uploads) = &backend.uploads else { return Ok(None) };
    // Whoever is still writing it has recorded what came when this is granted.
    let _turn = uploads.turns.take(key).await?;
    Ok(uploads.records.find(key).await?.map(|record| record.offset()))
}
