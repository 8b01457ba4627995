//! One blob of any size, in one pass: digested while it is written. Up to the threshold it is packed; while it fits into
//! one part it is gathered and written in one piece under its address; beyond that its parts go to the store as they
//! come, under a staging key where the address is not known yet.
//!
//! Order: bytes durable → under their address → receipt. Whatever ends early takes back what it wrote.

mod upload;

use std::sync::Arc;

use artifactstore_dataplane::{ByteStream, IngestHints};
use artifactstore_types::{ContentAddress, DualDigest, Fault, Receipt};
use bytes::{Bytes, BytesMut};

use self::upload::Upload;
use crate::{
    backend::Backend,
    chunks::Chunks,
    digesting::Digesting,
    faults, keys,
    pack::packer::Prepared,
    quarantine::{self, Examined},
    store::written_at,
};

/// Stores the bytes of a stream.
pub(crate) async fn ingest(backend: &Arc<Backend>, hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault> {
    let mut chunks = Chunks::new(bytes);
    let (mut gathered, mut size) = (Vec::new(), 0);
    while size <= backend.pack_threshold_bytes {
        match chunks.next().await? {
            Some(chunk) => {
                size += chunk.len();
                gathered.push(chunk);
            }
            None => return ingest_small(backend, hints.declared, &gathered).await,
        }
    }
    let large = Large { backend, declared: hints.declared, digesting: Digesting::start()? };
    match hints.declared {
        Some(declared) if is_here(backend, declared, hints.size_hint).await? => {
            large.drain(gathered, chunks, declared).await
        }
        _ => large.store(gathered, chunks).await,
    }
}

/// Refuses bytes that are not those declared.
pub(crate) fn check_declared(declared: Option<ContentAddress>, digests: &DualDigest) -> Result<(), Fault> {
    match declared {
        Some(declared) if declared.digest() != digests.blake3 => Err(faults::wrong_address(declared, digests.blake3)),
        _ => Ok(()),
    }
}

async fn ingest_small(
    backend: &Backend,
    declared: Option<ContentAddress>,
    gathered: &[Bytes],
) -> Result<Receipt, Fault> {
    let bytes = match gathered {
        [whole] => whole.clone(),
        pieces => {
            let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
            for piece in pieces {
                whole.extend_from_slice(piece);
            }
            whole.freeze()
        }
    };
    let digests = DualDigest::of(&bytes);
    check_declared(declared, &digests)?;
    let caller = Arc::new(());
    let placed = backend.packer.pack(vec![Prepared { bytes, digests }], Arc::downgrade(&caller), None).await?;
    let mut placements = placed.await.map_err(|_| faults::stopped())??;
    let placement = placements.pop().ok_or_else(faults::stopped)?;
    Ok(backend.receipt_of_packed(digests, placement.place().await?))
}

/// Whether a declared blob lies under its address, with the size it is said to have. One of another size is damaged,
/// and is written again.
pub(crate) async fn is_here(
    backend: &Backend,
    declared: ContentAddress,
    size_hint: Option<u64>,
) -> Result<bool, Fault> {
    let found = backend.store.find(&keys::blob(declared)).await?;
    Ok(found.is_some_and(|meta| size_hint.is_none_or(|size| size == meta.size)))
}

/// A blob above the threshold on its way.
struct Large<'a> {
    backend: &'a Arc<Backend>,
    declared: Option<ContentAddress>,
    digesting: Digesting,
}

impl Large<'_> {
    /// The bytes are here already: checks that those coming are the same, and that those here still are.
    async fn drain(
        mut self,
        gathered: Vec<Bytes>,
        mut chunks: Chunks,
        declared: ContentAddress,
    ) -> Result<Receipt, Fault> {
        for chunk in gathered {
            self.digesting.update(chunk).await?;
        }
        while let Some(chunk) = chunks.next().await? {
            self.digesting.update(chunk).await?;
        }
        let digests = self.digesting.finish().await?;
        check_declared(self.declared, &digests)?;
        match quarantine::examine(self.backend, declared).await? {
            Examined::Sound(meta) => Ok(self.backend.receipt_of_own(digests, written_at(&meta))),
            Examined::Lost => Err(faults::vanished(declared)),
        }
    }

    async fn store(mut self, gathered: Vec<Bytes>, mut chunks: Chunks) -> Result<Receipt, Fault> {
        let mut part = Vec::new();
        let mut part_bytes = 0;
        let mut upload: Option<Upload> = None;
        let mut gathered = gathered.into_iter();
        loop {
            let next = match gathered.next() {
                Some(chunk) => Some(chunk),
                None => chunks.next().await?,
            };
            let Some(mut chunk) = next else { break };
            self.digesting.update(chunk.clone()).await?;
            // Parts are of one size, as disks and some stores like them.
            loop {
                let room = upload.as_ref().map_or(self.backend.part_bytes, Upload::part_bytes) - part_bytes;
                if chunk.len() < room {
                    break;
                }
                part.push(chunk.split_to(room));
                let upload = match &mut upload {
                    Some(upload) => upload,
                    none => none.insert(Upload::start(self.backend, self.declared).await?),
                };
                upload.add(std::mem::take(&mut part)).await?;
                part_bytes = 0;
            }
            part_bytes += chunk.len();
            part.extend((!chunk.is_empty()).then_some(chunk));
        }
        let Self { backend, declared, digesting } = self;
        let digests = digesting.finish().await?;
        check_declared(declared, &digests)?;
        let address = ContentAddress::from_blake3(*digests.blake3.bytes());
        match upload {
            None => {
                let _placing = backend.placing.read().await;
                backend.store.put(&keys::blob(address), part.into_iter().collect()).await?;
            }
            Some(mut upload) => {
                if !part.is_empty() {
                    upload.add(part).await?;
                }
                upload.finish(address, digests.size_bytes).await?;
            }
        }
        Ok(backend.receipt_of_own(digests, backend.clock.now()))
    }
}
