//! Rewriting a pack without its dead. What lives is checked, written into a new pack, and found there from then on; the
//! old pack stays as it is, so that what the registry says stays true until it has taken in the move. Doing it again
//! moves nothing twice: it answers the same receipts, for whoever did not get the first answer. Only a copy that was read
//! just now counts: the old one may be the last that is good.

use std::{collections::HashMap, sync::Arc};

use artifactstore_dataplane::Compaction;
use artifactstore_types::{Category, ContentAddress, Fault, Receipt};

use crate::{
    backend::Backend,
    faults,
    keys::{self, PackId, Stored},
    pack::{
        builder::{Builder, part},
        format::{Entry, Footer},
        packer::Place,
        packs::FooterFound,
    },
    quarantine, serve,
    store::Piece,
};

/// Compacts the pack of `key`.
pub(crate) async fn compact(backend: &Backend, key: &str) -> Result<Compaction, Fault> {
    let Some(Stored::Pack(old)) = keys::parse(key) else { return Err(faults::bad_key(key)) };
    let _rewriting = backend.rewriting.lock().await;
    let footer = match backend.packs.footer(old).await? {
        FooterFound::Intact(footer) => footer,
        FooterFound::Missing => return Err(faults::no_such_pack(key)),
        FooterFound::Damaged => return Err(faults::damaged_pack(key)),
    };
    // What lies elsewhere already has to be known, or it would be moved again.
    backend.index.require_complete(&backend.packs).await?;
    let before_bytes = footer.pack_bytes();
    let dead = backend.index.dead_of(&backend.packs, old).await?;
    let left: Vec<Entry> = footer.entries.iter().filter(|e| !dead.contains_key(&e.address)).copied().collect();
    if left.is_empty() {
        backend.packs.remove(old).await?;
        let addresses = footer.entries.iter().map(|entry| entry.address).collect();
        backend.index.forget_pack(old, addresses).await;
        return Ok(Compaction { moved: Vec::new(), before_bytes, after_bytes: 0 });
    }
    let mut places = find_elsewhere(backend, old, &left).await?;
    let moving: Vec<_> = left.iter().filter(|entry| !places.contains_key(&entry.address)).collect();
    if let Some(written) = rewrite(backend, old, before_bytes, &moving).await? {
        for Entry { address, offset, length, .. } in written.entries {
            places.insert(address, Place { pack: written.id, offset, length, sealed_at: written.sealed_at });
        }
    }
    let receipt =
        |entry: &Entry| places.get(&entry.address).map(|place| backend.receipt_of_packed(entry.digests(), *place));
    let moved: Vec<Receipt> = left.iter().filter_map(receipt).collect();
    let after_bytes = moved.iter().map(|receipt| receipt.location.length).sum();
    Ok(Compaction { moved, before_bytes, after_bytes })
}

/// Where else these blobs lie, whole.
async fn find_elsewhere(
    backend: &Backend,
    old: PackId,
    left: &[Entry],
) -> Result<HashMap<ContentAddress, Place>, Fault> {
    let addresses = left.iter().map(|entry| entry.address).collect();
    let known = backend.index.find_present(&backend.packs, addresses).await?;
    let mut places = HashMap::new();
    for (address, at) in known.into_iter().filter(|(_, at)| at.pack != old) {
        let place = Place { pack: at.pack, offset: at.offset, length: at.length, sealed_at: at.sealed_at };
        match serve::read_packed(backend, at.pack, address, &backend.location_of_packed(place)).await {
            Ok(_) => drop(places.insert(address, place)),
            Err(fault) if matches!(fault.category, Category::NotFound | Category::DataLoss) => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(places)
}

/// Writes the blobs that are what they were into a new pack. One that is not stays where it lies, to be found there by
/// verification.
async fn rewrite(backend: &Backend, old: PackId, pack_bytes: u64, moving: &[&Entry]) -> Result<Option<Footer>, Fault> {
    let key = keys::pack(old);
    let bytes = match backend.store.read(&key, 0..pack_bytes).await? {
        Piece::Bytes(bytes) => bytes,
        Piece::Missing => return Err(faults::no_such_pack(key.as_ref())),
        Piece::Short => return Err(faults::damaged_pack(key.as_ref())),
    };
    let wanted = Arc::new(());
    let mut builder = Builder::new();
    for entry in moving {
        let blob = part(&bytes, entry);
        if ContentAddress::of(blob) == entry.address {
            builder.add(&entry.digests(), blob, Arc::downgrade(&wanted));
        } else {
            quarantine::note_damage(&backend.packs, &backend.index, old, entry.address).await;
        }
    }
    if builder.is_empty() {
        return Ok(None);
    }
    let footer = backend.packs.write(&builder.fill()).await?;
    backend.index.record(&footer).await;
    Ok(Some(footer))
}
