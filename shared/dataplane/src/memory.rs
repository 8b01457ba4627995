//! The reference implementation: everything in a map. It keeps every obligation but durability and bounded memory, so
//! that whoever uses a data plane can be tested without one, and so that a new implementation can be compared with
//! something obvious. Invariant: a blob is current only while nobody found its copy damaged.

mod shelf;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, Category, Clock, ContentAddress, DualDigest, DualHasher, Fault, Location,
    Mismatch, NodeId, Receipt,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};

use self::shelf::Shelf;
use crate::spi::{
    Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, Served, ServedBlob, Verification,
};

/// The largest blob a batch takes: what the engine takes too, so that tests meet the same limit.
const BATCH_BLOB_LIMIT: usize = 64 * 1024;

/// A data plane in memory. Clones share what is stored.
#[derive(Clone)]
pub struct MemoryPlane {
    node_id: NodeId,
    clock: Arc<dyn Clock>,
    backends: Arc<Mutex<Vec<Shelf>>>,
}

impl MemoryPlane {
    /// An empty plane with these backends, the first being the one that is used where none is named.
    pub fn new(node_id: NodeId, backend_ids: impl IntoIterator<Item = BackendId>, clock: Arc<dyn Clock>) -> Self {
        let backends = backend_ids.into_iter().map(Shelf::new).collect();
        Self { node_id, clock, backends: Arc::new(Mutex::new(backends)) }
    }

    /// Makes a backend answer, or fail with `Unavailable`.
    pub fn set_reachable(&self, backend_id: &BackendId, reachable: bool) {
        if let Some(shelf) = self.backends().iter_mut().find(|shelf| shelf.backend_id == *backend_id) {
            shelf.reachable = reachable;
        }
    }

    /// Changes the bytes at a location behind the plane's back; `None` makes them vanish. Says whether there was
    /// something to change.
    pub fn tamper(&self, location: &Location, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> bool {
        let mut backends = self.backends();
        let found = backends.iter_mut().find(|backend| backend.backend_id == location.backend_id);
        found.is_some_and(|backend| backend.tamper(location, change))
    }

    fn backends(&self) -> MutexGuard<'_, Vec<Shelf>> {
        // Every change of a shelf is complete before anything in it can panic.
        self.backends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_shelf<T>(
        &self,
        backend_id: Option<&BackendId>,
        work: impl FnOnce(&mut Shelf) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut backends = self.backends();
        let found = match backend_id {
            Some(id) => backends.iter_mut().find(|backend| backend.backend_id == *id),
            None => backends.first_mut(),
        };
        let Some(backend) = found else {
            let named = backend_id.map_or("", BackendId::as_str);
            return Err(Fault::new(codes::UNKNOWN_BACKEND, Category::NotFound, "no such backend").about(named));
        };
        if backend.reachable {
            work(backend)
        } else {
            let message = "the backend does not answer";
            Err(Fault::new(codes::UNREACHABLE, Category::Unavailable, message).about(&backend.backend_id))
        }
    }

    /// Whether bytes read at a location are those of the address; where they are not, the blob counts as absent.
    fn is_sound(&self, address: ContentAddress, location: &Location, bytes: &[u8]) -> Result<bool, Fault> {
        let sound = ContentAddress::of(bytes) == address;
        if !sound {
            self.with_shelf(Some(&location.backend_id), |shelf| {
                shelf.lose(address, &location.key);
                Ok(())
            })?;
        }
        Ok(sound)
    }

    fn store(&self, backend_id: Option<&BackendId>, key: &Key, bytes: Bytes, digests: DualDigest) -> StoreResult {
        let stored_at = self.clock.now();
        let node_id = self.node_id.clone();
        self.with_shelf(backend_id, |shelf| {
            let stored = shelf.store(key, bytes, digests, stored_at);
            Ok(Receipt { digests, location: stored.location, node_id, stored_at: stored.at })
        })
    }
}

type StoreResult = Result<Receipt, Fault>;

/// Where a new blob goes.
enum Key {
    /// To a stored object of its own.
    OfItsOwn,
    /// To the pack of this number.
    Pack(u64),
}

/// The codes of this implementation's faults. They are the engine's, so that callers meet the same ones.
mod codes {
    pub const UNKNOWN_BACKEND: &str = "AS-DATA-0001";
    pub const UNREACHABLE: &str = "AS-DATA-0002";
    pub const NOT_FOUND: &str = "AS-DATA-0003";
    pub const WRONG_ADDRESS: &str = "AS-DATA-0004";
    pub const OUT_OF_RANGE: &str = "AS-DATA-0005";
    pub const DAMAGED: &str = "AS-DATA-0006";
    pub const BLOB_TOO_LARGE: &str = "AS-DATA-0007";
    pub const BAD_CURSOR: &str = "AS-DATA-0008";
    pub const TOO_MANY: &str = "AS-DATA-0009";
}

fn check_declared(declared: Option<ContentAddress>, digests: &DualDigest) -> Result<(), Fault> {
    match declared {
        Some(declared) if declared.digest() != digests.blake3 => {
            let message = format!("the bytes are {}, not what was declared", digests.blake3);
            Err(Fault::new(codes::WRONG_ADDRESS, Category::Invalid, message).about(declared))
        }
        _ => Ok(()),
    }
}

fn not_found(address: ContentAddress) -> Fault {
    Fault::new(codes::NOT_FOUND, Category::NotFound, "no such blob at this location").about(address)
}

#[async_trait]
impl DataPlane for MemoryPlane {
    fn node_id(&self) -> NodeId {
        self.node_id.clone()
    }

    async fn ingest_stream(&self, hints: IngestHints, mut bytes: ByteStream) -> Result<Receipt, Fault> {
        let mut whole = BytesMut::new();
        let mut hasher = DualHasher::default();
        while let Some(chunk) = bytes.try_next().await? {
            hasher.update(&chunk);
            whole.extend_from_slice(&chunk);
        }
        let digests = hasher.finish();
        check_declared(hints.declared, &digests)?;
        self.store(hints.backend_id.as_ref(), &Key::OfItsOwn, whole.freeze(), digests)
    }

    fn ingest_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        let plane = self.clone();
        let pack = plane.with_shelf(backend_id.as_ref(), |shelf| Ok(shelf.open_pack()));
        let ingest = move |blob: Blob| {
            let limit = BATCH_BLOB_LIMIT;
            if blob.bytes.len() > limit {
                let message = format!("a blob of a batch has at most {limit} bytes, not {}", blob.bytes.len());
                return Err(Fault::new(codes::BLOB_TOO_LARGE, Category::Exhausted, message));
            }
            let digests = DualDigest::of(&blob.bytes);
            check_declared(blob.declared, &digests)?;
            plane.store(backend_id.as_ref(), &Key::Pack(pack.clone()?), blob.bytes, digests)
        };
        blobs.map(ingest).boxed()
    }

    fn batch_blob_limit(&self) -> usize {
        BATCH_BLOB_LIMIT
    }

    async fn serve_object(
        &self,
        address: ContentAddress,
        location: &Location,
        range: ByteRange,
    ) -> Result<Served, Fault> {
        let bytes = self.with_shelf(Some(&location.backend_id), |shelf| {
            shelf.find(address, location).map(|stored| stored.bytes.clone()).ok_or_else(|| not_found(address))
        })?;
        let size_bytes = location.length;
        let range = range.resolve(size_bytes).map_err(|refused| {
            Fault::new(codes::OUT_OF_RANGE, Category::OutOfRange, refused.to_string()).about(address)
        })?;
        let part = if self.is_sound(address, location, &bytes)? {
            // The bytes are those of the address, so there are as many as there were.
            let in_memory = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            Ok(bytes.slice(in_memory(range.start)..in_memory(range.end)))
        } else {
            let message = "the stored bytes are not what they were";
            Err(Fault::new(codes::DAMAGED, Category::DataLoss, message).about(address))
        };
        let blob = ServedBlob { size_bytes, range, verified: true };
        Ok(Served { blob, bytes: stream::iter([part]).boxed() })
    }

    async fn verify_object(&self, address: ContentAddress, location: &Location) -> Result<Verification, Fault> {
        let bytes = self.with_shelf(Some(&location.backend_id), |shelf| {
            Ok(shelf.find(address, location).map(|stored| stored.bytes.clone()))
        })?;
        if let Some(bytes) = &bytes {
            self.is_sound(address, location, bytes)?;
        }
        let actual = bytes.map(|bytes| DualDigest::of(&bytes));
        let mismatch = match &actual {
            None => Some(Mismatch::Missing),
            Some(actual) if actual.size_bytes != location.length => Some(Mismatch::Size),
            Some(actual) if actual.blake3 != address.digest() => Some(Mismatch::Digest),
            Some(_) => None,
        };
        Ok(Verification { content_address: address, actual, mismatch })
    }

    async fn delete_object(&self, address: ContentAddress, location: &Location) -> Result<Deletion, Fault> {
        let deleted = self.with_shelf(Some(&location.backend_id), |shelf| Ok(shelf.delete(address, location)))?;
        Ok(Deletion { deleted })
    }

    async fn backend_health(&self) -> Vec<BackendHealth> {
        self.backends().iter().map(Shelf::health).collect()
    }

    async fn have_objects(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault> {
        if addresses.len() > 10_000 {
            return Err(Fault::new(
                codes::TOO_MANY,
                Category::Invalid,
                "at most 10,000 addresses are asked for at once",
            ));
        }
        self.with_shelf(backend_id.as_ref(), |shelf| {
            Ok(addresses.iter().map(|address| shelf.find_current(*address).map(|s| s.location.clone())).collect())
        })
    }

    async fn inventory(
        &self,
        backend_id: Option<BackendId>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Inventory, Fault> {
        let after = match &cursor {
            None => None,
            Some(text) => Some(text.parse::<ContentAddress>().map_err(|_| {
                Fault::new(codes::BAD_CURSOR, Category::Invalid, "the cursor is not one that an inventory gave")
            })?),
        };
        self.with_shelf(backend_id.as_ref(), |shelf| Ok(shelf.page(after, limit.max(1))))
    }

    async fn compact(&self, backend_id: Option<BackendId>, key: &str) -> Result<Compaction, Fault> {
        let now = self.clock.now();
        self.with_shelf(backend_id.as_ref(), |shelf| {
            shelf
                .compact(key, &self.node_id, now)
                .ok_or_else(|| Fault::new(codes::NOT_FOUND, Category::NotFound, "no such pack").about(key))
        })
    }
}
