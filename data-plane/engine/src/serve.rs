//! Bytes out. A packed blob is read whole and checked before a byte of it is given; a blob of its own is checked while
//! it passes, and a part of one is given unchecked and said to be. What is found damaged is left to `quarantine`.

use std::sync::Arc;

use artifactstore_dataplane::{ByteStream, Served, ServedBlob};
use artifactstore_types::{ByteRange, ContentAddress, Fault, Location};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::{
    backend::Backend,
    faults,
    keys::{self, PackId, Stored},
    quarantine,
    store::Piece,
};

/// What a location names, where its key is one of ours and belongs to the address.
pub(crate) fn named(address: ContentAddress, location: &Location) -> Result<Option<Stored>, Fault> {
    match keys::parse(&location.key) {
        None => Err(faults::bad_key(&location.key)),
        Some(Stored::Blob(named)) if named != address || location.offset != 0 => Ok(None),
        Some(stored) => Ok(Some(stored)),
    }
}

/// Serves a range of a blob.
pub(crate) async fn serve(
    backend: &Arc<Backend>,
    address: ContentAddress,
    location: &Location,
    range: ByteRange,
) -> Result<Served, Fault> {
    let out_of_range = |refused| faults::out_of_range(address, refused);
    match named(address, location)? {
        None => Err(faults::not_found(address)),
        Some(Stored::Pack(pack)) => {
            let bytes = read_packed(backend, pack, address, location).await?;
            let range = range.resolve(location.length).map_err(out_of_range)?;
            let in_memory = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let part = bytes.slice(in_memory(range.start)..in_memory(range.end));
            let blob = ServedBlob { size_bytes: location.length, range, verified: true };
            let part = (!part.is_empty()).then_some(Ok(part));
            Ok(Served { blob, bytes: stream::iter(part).boxed() })
        }
        Some(Stored::Blob(_)) => {
            let range = range.resolve(location.length).map_err(out_of_range)?;
            let whole = range == (0..location.length);
            let asked = (!whole && !range.is_empty()).then(|| range.clone());
            let found = backend.store.stream(&keys::blob(address), asked).await?;
            let Some((meta, bytes)) = found else { return Err(missing(backend, address).await?) };
            if meta.size != location.length {
                drop(bytes);
                quarantine::doubt_own(backend, address).await;
                return Err(faults::damaged(address));
            }
            let bytes = match (whole, range.is_empty()) {
                (true, _) => verified(Arc::clone(backend), address, bytes),
                (false, true) => stream::empty().boxed(),
                (false, false) => bytes,
            };
            Ok(Served { blob: ServedBlob { size_bytes: meta.size, range, verified: whole }, bytes })
        }
    }
}

/// What is said of a blob of its own that is not there.
async fn missing(backend: &Backend, address: ContentAddress) -> Result<Fault, Fault> {
    let aside = quarantine::find_aside(backend, address).await?;
    Ok(if aside.is_some() { faults::damaged(address) } else { faults::not_found(address) })
}

/// The bytes of a packed blob, checked. Fails with `NotFound` where it is deleted or the pack never held it, with
/// `DataLoss` where the pack held it and its bytes are others now.
pub(crate) async fn read_packed(
    backend: &Backend,
    pack: PackId,
    address: ContentAddress,
    location: &Location,
) -> Result<Bytes, Fault> {
    let end = location.offset.checked_add(location.length).ok_or_else(|| faults::not_found(address))?;
    if location.length > MOST_PACKED_BYTES {
        return Err(faults::not_found(address));
    }
    // Where others have the store open too, both are questions to it: they are asked at once.
    let key = keys::pack(pack);
    let is_dead = backend.index.is_dead(&backend.packs, pack, address);
    let (is_dead, found) = futures::try_join!(is_dead, backend.store.read(&key, location.offset..end))?;
    if is_dead {
        return Err(faults::not_found(address));
    }
    match found {
        Piece::Bytes(bytes) if ContentAddress::of(&bytes) == address => Ok(bytes),
        Piece::Bytes(_) | Piece::Short if quarantine::doubt_packed(backend, pack, address, location).await? => {
            Err(faults::damaged(address))
        }
        Piece::Missing | Piece::Bytes(_) | Piece::Short => Err(faults::not_found(address)),
    }
}

/// No packed blob is larger, whatever the threshold was when it was packed; a location that says so is not one.
pub(crate) const MOST_PACKED_BYTES: u64 = 16 * 1024 * 1024;

/// The same bytes, ended by a fault where they are not those of the address.
fn verified(backend: Arc<Backend>, address: ContentAddress, bytes: ByteStream) -> ByteStream {
    let reading = Some((backend, bytes, Box::new(blake3::Hasher::new())));
    let next = move |reading: Option<(Arc<Backend>, ByteStream, Box<blake3::Hasher>)>| async move {
        let (backend, mut bytes, mut hasher) = reading?;
        match bytes.next().await {
            Some(Ok(chunk)) => {
                hasher.update(&chunk);
                Some((Ok(chunk), Some((backend, bytes, hasher))))
            }
            Some(Err(fault)) => Some((Err(fault), None)),
            None if hasher.finalize() == *address.bytes() => None,
            None => {
                drop(bytes);
                quarantine::doubt_own(&backend, address).await;
                Some((Err(faults::damaged(address)), None))
            }
        }
    };
    stream::unfold(reading, next).boxed()
}
