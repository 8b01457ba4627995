//! What a backend holds: first the blobs of their own in the order of their keys, then the packed ones in the order of
//! their addresses. A cursor names the last thing looked at.

use artifactstore_dataplane::{Inventory, InventoryEntry};
use artifactstore_types::{BackendId, ContentAddress, Fault, Location};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectMeta, path::Path};

use crate::{
    backend::Backend,
    faults,
    index::PackedAt,
    keys::{self, Stored},
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
    let after = match cursor {
        Some(Cursor::Packed(after)) => return packed(backend, after, limit).await,
        Some(Cursor::Own(key)) => Some(key),
        None => None,
    };
    let listed = backend.store.list(&keys::blobs(), after.as_ref());
    let metas: Vec<ObjectMeta> = listed.take(limit).try_collect().await?;
    let next = match metas.last() {
        Some(last) if metas.len() == limit => Cursor::Own(last.location.clone()),
        _ => Cursor::Packed(None),
    };
    let own = metas.iter().filter_map(|meta| match keys::parse(meta.location.as_ref()) {
        Some(Stored::Blob(address)) => Some((address, meta)),
        _ => None,
    });
    // The threshold may have been another: what is packed too is listed there.
    let small = own.clone().filter(|(_, meta)| meta.size <= crate::serve::MOST_PACKED_BYTES);
    let small = small.map(|(address, _)| address).collect();
    let packed_too = backend.index.find_present(&backend.packs, small).await?;
    let entry = |(address, meta): (ContentAddress, &ObjectMeta)| InventoryEntry {
        content_address: address,
        location: own_location(&backend.id, address, meta.size),
        stored_at: written_at(meta),
    };
    let only_own = own.filter(|(address, _)| !packed_too.iter().any(|(packed, _)| packed == address));
    Ok(Inventory { entries: only_own.map(entry).collect(), next: Some(next.encode()) })
}

async fn packed(backend: &Backend, after: Option<ContentAddress>, limit: usize) -> Result<Inventory, Fault> {
    let (found, last) = backend.index.page(&backend.packs, after, limit).await?;
    let entry = |(address, at): (ContentAddress, PackedAt)| InventoryEntry {
        content_address: address,
        location: packed_location(&backend.id, &at),
        stored_at: at.sealed_at,
    };
    let entries = found.into_iter().map(entry).collect();
    Ok(Inventory { entries, next: last.map(|last| Cursor::Packed(Some(last)).encode()) })
}

/// Where these blobs lie, if they are here.
pub(crate) async fn have(backend: &Backend, addresses: &[ContentAddress]) -> Result<Vec<Option<Location>>, Fault> {
    if addresses.len() > MOST_ADDRESSES {
        return Err(faults::too_many_addresses(MOST_ADDRESSES));
    }
    let packed = backend.index.find_present(&backend.packs, addresses.to_vec()).await?;
    let packed: std::collections::HashMap<_, _> = packed.into_iter().collect();
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
