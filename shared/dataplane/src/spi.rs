//! The trait and the values that pass through it. Everything above this line sees blobs only; packs, keys and staging
//! are the implementation's own.

use std::ops::Range;

use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, ContentAddress, DualDigest, Fault, Location, Mismatch, NodeId, Receipt,
    Timestamp,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

/// Bytes on their way: chunks of any size, or the failure that ends them.
pub type ByteStream = BoxStream<'static, Result<Bytes, Fault>>;

/// What a caller knows about bytes before they come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestHints {
    /// The backend to store into; `None` means the implementation's first.
    pub backend_id: Option<BackendId>,
    /// How many bytes will come, where known. A hint for buffers only; it is not checked.
    pub size_hint: Option<u64>,
    /// The address the bytes must have. Where given, other bytes are refused.
    pub declared: Option<ContentAddress>,
}

/// A small blob, whole in memory, as [`DataPlane::ingest_batch`] takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The bytes.
    pub bytes: Bytes,
    /// The address the bytes must have, where declared.
    pub declared: Option<ContentAddress>,
}

/// Bytes on their way out.
pub struct Served {
    /// What is being served.
    pub blob: ServedBlob,
    /// The bytes of `blob.range`, in order. It ends with a fault of category `DataLoss` where `blob.verified` was
    /// promised and the bytes turn out to be wrong.
    pub bytes: ByteStream,
}

/// What a served stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedBlob {
    /// The size of the whole blob, in bytes.
    pub size_bytes: u64,
    /// The bytes served, of the whole.
    pub range: Range<u64>,
    /// Whether the bytes are checked against the address before the stream ends well. A part of a large blob is not.
    pub verified: bool,
}

/// What reading a blob again and digesting it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The blob.
    pub content_address: ContentAddress,
    /// The digests of the bytes that lie there; `None` where nothing lies there.
    pub actual: Option<DualDigest>,
    /// What is wrong; `None` means the bytes are what they were.
    pub mismatch: Option<Mismatch>,
}

/// What a deletion found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Whether there was something to delete. Deleting again is not an error.
    pub deleted: bool,
}

/// One stored blob, as an inventory lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryEntry {
    /// The blob.
    pub content_address: ContentAddress,
    /// Where it lies.
    pub location: Location,
    /// When its object was written.
    pub stored_at: Timestamp,
}

/// One page of what a backend holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The blobs, each once, in an order of the implementation's choice that does not change between pages.
    pub entries: Vec<InventoryEntry>,
    /// Where the next page starts; `None` means this was the last.
    pub next: Option<String>,
}

/// What compaction did to a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compaction {
    /// Blobs that lie elsewhere now: the registry records each move before the old pack is deleted.
    pub moved: Vec<Receipt>,
    /// Bytes the old pack took.
    pub before_bytes: u64,
    /// Bytes the new one takes.
    pub after_bytes: u64,
}

/// A store of blobs.
///
/// # Obligations
/// An implementation must keep every one of these; each number is a test of [`crate::conformance`].
///
/// 1. A receipt is returned only when the bytes are durable: they survive a crash of process and machine.
/// 2. The receipt's digests and size are those of the bytes received, computed while they passed, never taken over.
/// 3. A failed or cancelled ingest leaves nothing readable and nothing listed.
/// 4. Ingesting the same bytes again, also at the same time, succeeds; the receipts name the same location.
/// 5. A wrong declared address is refused with `Invalid`, and nothing is kept.
/// 6. A range equals that range of the whole; a range that starts beyond the end is refused with `OutOfRange`.
/// 7. The whole of a blob is served verified: bytes that are not what they were end the stream with `DataLoss`, and
///    are never followed by a clean end.
/// 8. Verification reads the stored bytes again; it reports a missing, shortened or altered blob as a mismatch, not as
///    a fault.
/// 9. Deletion is idempotent: the first says `deleted`, later ones do not, none fails. A deleted blob is `NotFound`.
/// 10. Deleting one blob leaves every other readable, those of the same pack included; ingesting it again repairs it.
/// 11. `have_objects` answers in the order asked, and yes only for what can be served now, as far as is known: bytes that
///     changed where they lie are known when they have been read (18).
/// 12. `inventory` lists every stored blob once over its pages, and nothing else.
/// 13. A batch answers each blob on its own, in order: one refused blob does not refuse its neighbours.
/// 14. Unknown backends are `NotFound`; an unreachable backend is `Unavailable`, with `Retry` and `Outcome` as they
///     are.
/// 15. Memory per call is bounded whatever the size of a blob, a batch or the store.
/// 16. Empty blobs are blobs.
/// 17. After `compact` every blob of the pack that was to be kept can be read where its new receipt says, and until
///     the old pack is deleted also where it lay before.
/// 18. A blob that a read or a verification found damaged is not said to be here, also after a crash. Ingesting the same
///     bytes again stores them anew; from then on it is served where the new receipt says.
#[async_trait]
pub trait DataPlane: Send + Sync + 'static {
    /// The identity that receipts carry.
    fn node_id(&self) -> NodeId;

    /// Stores one blob of any size. Must fail with the stream's own fault where the stream fails.
    async fn ingest_stream(&self, hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault>;

    /// Stores many small blobs; receipts come in the order of the blobs as they become durable. A blob above the
    /// implementation's limit for batches ([`DataPlane::batch_blob_limit`]) is refused with `Exhausted`. Dropping the
    /// answer cancels what has not been answered.
    fn ingest_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>>;

    /// The largest blob, in bytes, that `ingest_batch` takes.
    fn batch_blob_limit(&self) -> usize;

    /// Serves a blob from where the registry says it lies.
    async fn serve_object(
        &self,
        address: ContentAddress,
        location: &Location,
        range: ByteRange,
    ) -> Result<Served, Fault>;

    /// Reads a blob again and digests it.
    async fn verify_object(&self, address: ContentAddress, location: &Location) -> Result<Verification, Fault>;

    /// Deletes a blob. One that lies in a pack is unreadable at once; its space returns with `compact`.
    async fn delete_object(&self, address: ContentAddress, location: &Location) -> Result<Deletion, Fault>;

    /// How each backend is, in configured order. Must not fail or hang for a backend that does.
    async fn backend_health(&self) -> Vec<BackendHealth>;

    /// Where these blobs lie, if they are here; at most 10,000 at once.
    async fn have_objects(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault>;

    /// A page of what a backend holds, from `cursor` (`None`: from the start).
    async fn inventory(
        &self,
        backend_id: Option<BackendId>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Inventory, Fault>;

    /// Rewrites a pack without its deleted blobs. The old pack stays until deleted by
    /// [`DataPlane::delete_object`] of every blob in it, or by compacting it again once nothing is left in it.
    async fn compact(&self, backend_id: Option<BackendId>, key: &str) -> Result<Compaction, Fault>;
}
