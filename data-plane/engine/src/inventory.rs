//! What a backend holds: first the blobs of their own in the order of their keys, then the packed ones in the order of
//! their addresses. A cursor names the last thing looked at.

use std::collections::HashSet;

use artifactstore_dataplane::{Inventory, InventoryEntry};
use artifactstore_types::{BackendId, ContentAddress, Fault, Location};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectMeta, path::Path};

use crate::{
    backend::Backend,
    faults,
    index::PackedAt,
    keys::{self, Stored},
    serve,
    store::written_at,
};

/// A page has at most this many blobs.
const PAGE: usize = 10_000;
/// How many addresses are asked for at once.
const MOST_ADDRESSES: usize = 10_000;
/// How many objects are looked for at once.
const LOOKS_AT_ONCE: usize = 32;

/// Where a page starts.
enum Cursor {
    /// Behind this key of a blob of its own.
    Own(Path),
    /// Behind this packed blob, or at the first.
    Packed(Option<ContentAddress>),
}

impl Cursor {
    fn encode(&self) -> String {
        match self {
            Self::Own(key) => key.to_string(),
            Self::Packed(None) => "packed".to_owned(),
            Self::Packed(Some(address)) => format!("packed/{}", address.hex()),
        }
    }

    fn decode(text: &str) -> Option<Self> {
        match text.strip_prefix("packed") {
            Some("") => Some(Self::Packed(None)),
            Some(rest) => {
                let address = format!("blake3:{}", rest.strip_prefix('/')?).parse().ok()?;
                Some(Self::Packed(Some(address)))
            }
            None => match keys::parse(text)? {
                Stored::Blob(address) => Some(Self::Own(keys::blob(address))),
                Stored::Pack(_) => None,
            },
        }
    }
}

/// One page.
pub(crate) async fn page(backend: &Backend, cursor: Option<String>, limit: usize) -> Result<Inventory, Fault> {
    let limit = limit.clamp(1, PAGE);
    let cursor = cursor.map(|text| Cursor::decode(&text).ok_or_else(faults::bad_cursor)).transpose()?;
    if cursor.is_none() {
        backend.index.catch_up(&backend.packs).await?;
    }
    let mut entries = Vec::new();
    let next = match cursor {
        Some(Cursor::Packed(after)) => Cursor::Packed(after),
        Some(Cursor::Own(key)) => list_own(backend, Some(&key), limit, &mut entries).await?,
        None => list_own(backend, None, limit, &mut entries).await?,
    };
    let next = match (next, limit - entries.len()) {
        (Cursor::Packed(after), room) if room > 0 => list_packed(backend, after, room, &mut entries).await?,
        (next, _) => Some(next),
    };
    Ok(Inventory { entries, next: next.map(|next| next.encode()) })
}

/// Adds blobs of their own; says where the listing goes on.
async fn list_own(
    backend: &Backend,
    after: Option<&Path>,
    limit: usize,
    entries: &mut Vec<InventoryEntry>,
) -> Result<Cursor, Fault> {
    let listed = backend.store.list(&keys::blobs(), after);
    let metas: Vec<ObjectMeta> = listed.take(limit).try_collect().await?;
    let own: Vec<_> = metas
        .iter()
        .filter_map(|meta| match keys::parse(meta.location.as_ref()) {
            Some(Stored::Blob(address)) => Some((address, meta)),
            _ => None,
        })
        .collect();
    // The threshold may have been another: what is packed too is listed among the packed.
    let small = own.iter().filter(|(_, meta)| meta.size <= serve::MOST_PACKED_BYTES).map(|(address, _)| *address);
    let packed_too = backend.index.find_present(&backend.packs, small.collect()).await?;
    let packed_too: HashSet<_> = packed_too.into_iter().map(|(address, _)| address).collect();
    entries.extend(own.into_iter().filter(|(address, _)| !packed_too.contains(address)).map(|(address, meta)| {
        InventoryEntry {
            content_address: address,
            location: own_location(&backend.id, address, meta.size),
            stored_at: written_at(meta),
        }
    }));
    Ok(match metas.last() {
        Some(last) if metas.len() == limit => Cursor::Own(last.location.clone()),
        _ => Cursor::Packed(None),
    })
}

/// Adds packed blobs; says where the listing goes on.
async fn list_packed(
    backend: &Backend,
    after: Option<ContentAddress>,
    limit: usize,
    entries: &mut Vec<InventoryEntry>,
) -> Result<Option<Cursor>, Fault> {
    let (found, last) = backend.index.page(&backend.packs, after, limit).await?;
    entries.extend(found.into_iter().map(|(address, at): (ContentAddress, PackedAt)| InventoryEntry {
        content_address: address,
        location: packed_location(&backend.id, &at),
        stored_at: at.sealed_at,
    }));
    Ok(last.map(|last| Cursor::Packed(Some(last))))
}

/// Where these blobs lie, if they are here.
pub(crate) async fn have(backend: &Backend, addresses: &[ContentAddress]) -> Result<Vec<Option<Location>>, Fault> {
    if addresses.len() > MOST_ADDRESSES {
        return Err(faults::too_many_addresses(MOST_ADDRESSES));
    }
    let packed = backend.index.find_anywhere(&backend.packs, addresses).await?;
    let look = |address: ContentAddress| {
        let known = packed.get(&address).map(|at| packed_location(&backend.id, at));
        async move {
            if known.is_some() {
                return Ok(known);
            }
            let meta = backend.store.find(&keys::blob(address)).await?;
            Ok(meta.map(|meta| own_location(&backend.id, address, meta.size)))
        }
    };
    stream::iter(addresses.to_vec()).map(look).buffered(LOOKS_AT_ONCE).try_collect().await
}

fn own_location(backend_id: &BackendId, address: ContentAddress, length: u64) -> Location {
    Location { backend_id: backend_id.clone(), key: keys::blob(address).to_string(), offset: 0, length }
}

fn packed_location(backend_id: &BackendId, at: &PackedAt) -> Location {
    let key = keys::pack(at.pack).to_string();
    Location { backend_id: backend_id.clone(), key, offset: at.offset, length: at.length }
}
