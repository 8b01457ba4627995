//! Obligation 15: how much an ingest holds. The chunks given to it count themselves while they live.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{Look, Subject, Verdict};
use crate::spi::{Blob, IngestHints};

/// How many times the bound is sent.
const TIMES: u64 = 3;

/// 15. Memory per call is bounded whatever the size of a blob, a batch or the store.
///
/// # Errors
/// The obligation is not kept.
pub async fn memory_is_bounded(subject: &mut dyn Subject) -> Verdict {
    let mut look = Look::at(15);
    let Some(bound) = subject.memory_bound_bytes() else {
        look.offered(super::Offered::No, "how much memory an ingest takes");
        return Ok(look.end());
    };
    let plane = subject.plane();
    let chunk = 256 * 1024;
    let held = Arc::new(Held::default());
    let counting = Arc::clone(&held);
    let chunks = (0..TIMES * bound / chunk).map(move |nth| Ok(counting.chunk(nth, chunk)));
    let receipt = plane.ingest_stream(IngestHints::default(), stream::iter(chunks).boxed()).await;
    look.answer(receipt, "ingest_stream")?;
    let most = held.most.load(Ordering::Acquire);
    look.must(most <= bound, format!("an ingest of {} bytes held {most}, more than {bound}", TIMES * bound))?;
    look.must(most > 0, "the chunks were not counted")?;

    let held = Arc::new(Held::default());
    let counting = Arc::clone(&held);
    let size = plane.batch_blob_limit().min(16 * 1024) as u64;
    let blobs = (0..TIMES * bound / size).map(move |nth| Blob { bytes: counting.chunk(nth, size), declared: None });
    let receipts = plane.ingest_batch(None, stream::iter(blobs).boxed()).map_ok(drop).try_collect::<Vec<()>>().await;
    look.answer(receipts, "ingest_batch")?;
    let most = held.most.load(Ordering::Acquire);
    look.must(most <= bound, format!("a batch of {} bytes held {most}, more than {bound}", TIMES * bound))?;
    Ok(look.end())
}

/// How many bytes of chunks are alive, and the most there ever were.
#[derive(Default)]
struct Held {
    now: AtomicU64,
    most: AtomicU64,
}

struct Chunk {
    bytes: Vec<u8>,
    held: Arc<Held>,
}

impl Held {
    fn chunk(self: &Arc<Self>, nth: u64, size: u64) -> Bytes {
        let now = self.now.fetch_add(size, Ordering::AcqRel) + size;
        self.most.fetch_max(now, Ordering::AcqRel);
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        // Every chunk is another, or the plane would keep it once.
        let number = nth.to_le_bytes();
        let both = number.len().min(bytes.len());
        bytes[..both].copy_from_slice(&number[..both]);
        Bytes::from_owner(Chunk { bytes, held: Arc::clone(self) })
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        self.held.now.fetch_sub(self.bytes.len() as u64, Ordering::AcqRel);
    }
}
