//! One backend of the memory plane: the copies of blobs that lie there. A blob may lie in several places for a while
//! (after a compaction); `current` names the one that is given to whoever asks for the address alone.

use std::collections::BTreeMap;

use artifactstore_types::{BackendHealth, BackendId, ContentAddress, DualDigest, Location, NodeId, Receipt, Timestamp};
use bytes::Bytes;

use super::Key;
use crate::spi::{Compaction, Inventory, InventoryEntry};

/// One copy of a blob.
#[derive(Clone)]
pub(super) struct Stored {
    pub bytes: Bytes,
    pub digests: DualDigest,
    pub location: Location,
    pub at: Timestamp,
}

/// A backend in memory.
pub(super) struct Shelf {
    pub backend_id: BackendId,
    pub reachable: bool,
    copies: BTreeMap<(ContentAddress, String), Stored>,
    current: BTreeMap<ContentAddress, String>,
    /// How many bytes were ever put into each pack.
    packs: BTreeMap<String, u64>,
    opened: u64,
}

impl Shelf {
    pub fn new(backend_id: BackendId) -> Self {
        Self {
            backend_id,
            reachable: true,
            copies: BTreeMap::new(),
            current: BTreeMap::new(),
            packs: BTreeMap::new(),
            opened: 0,
        }
    }

    pub fn open_pack(&mut self) -> u64 {
        self.opened += 1;
        self.opened
    }

    /// Stores a blob unless it is here.
    pub fn store(&mut self, key: &Key, bytes: Bytes, digests: DualDigest, at: Timestamp) -> Stored {
        let address = ContentAddress::from_blake3(*digests.blake3.bytes());
        if let Some(found) = self.find_current(address) {
            return found.clone();
        }
        let key = match key {
            Key::OfItsOwn => format!("blobs/{}", address.hex()),
            Key::Pack(number) => format!("packs/{number}"),
        };
        self.put(address, key, bytes, digests, at)
    }

    fn put(
        &mut self,
        address: ContentAddress,
        key: String,
        bytes: Bytes,
        digests: DualDigest,
        at: Timestamp,
    ) -> Stored {
        let mut offset = 0;
        if key.starts_with("packs/") {
            let pack = self.packs.entry(key.clone()).or_default();
            offset = *pack;
            *pack += digests.size_bytes;
        }
        let backend_id = self.backend_id.clone();
        let location = Location { backend_id, key: key.clone(), offset, length: digests.size_bytes };
        let stored = Stored { bytes, digests, location, at };
        self.current.insert(address, key.clone());
        self.copies.insert((address, key), stored.clone());
        stored
    }

    pub fn find(&self, address: ContentAddress, location: &Location) -> Option<&Stored> {
        self.copies.get(&(address, location.key.clone())).filter(|stored| stored.location == *location)
    }

    pub fn find_current(&self, address: ContentAddress) -> Option<&Stored> {
        self.copies.get(&(address, self.current.get(&address)?.clone()))
    }

    pub fn tamper(&mut self, location: &Location, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) -> bool {
        let found = self.copies.iter_mut().find(|(_, stored)| stored.location == *location);
        let Some(((address, key), stored)) = found else { return false };
        if let Some(bytes) = change(stored.bytes.to_vec()) {
            stored.bytes = bytes.into();
        } else {
            let (address, key) = (*address, key.clone());
            self.forget(address, &key);
        }
        true
    }

    pub fn delete(&mut self, address: ContentAddress, location: &Location) -> bool {
        let there = self.find(address, location).is_some();
        if there {
            self.forget(address, &location.key);
        }
        there
    }

    /// The copy stays where it is, but is given to nobody who asks for the address alone.
    pub fn lose(&mut self, address: ContentAddress, key: &str) {
        if self.current.get(&address).is_some_and(|current| current == key) {
            self.current.remove(&address);
        }
    }

    fn forget(&mut self, address: ContentAddress, key: &str) {
        self.copies.remove(&(address, key.to_owned()));
        self.lose(address, key);
        if self.copies.keys().all(|(_, other)| other != key) {
            self.packs.remove(key);
        }
    }

    pub fn health(&self) -> BackendHealth {
        BackendHealth {
            backend_id: self.backend_id.clone(),
            reachable: self.reachable,
            reason: (!self.reachable).then(|| "it was made unreachable".to_owned()),
            used_bytes: Some(self.copies.values().map(|stored| stored.bytes.len() as u64).sum()),
            free_bytes: None,
        }
    }

    pub fn page(&self, after: Option<ContentAddress>, limit: usize) -> Inventory {
        let start = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let listed = self.current.range((start, std::ops::Bound::Unbounded));
        let mut entries: Vec<_> = listed
            .filter_map(|(address, _)| self.find_current(*address).map(|stored| (address, stored)))
            .map(|(address, stored)| InventoryEntry {
                content_address: *address,
                location: stored.location.clone(),
                stored_at: stored.at,
            })
            .take(limit.saturating_add(1))
            .collect();
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(|last| last.content_address.to_string());
        Inventory { entries, next }
    }

    pub fn compact(&mut self, key: &str, node_id: &NodeId, now: Timestamp) -> Option<Compaction> {
        let before_bytes = *self.packs.get(key)?;
        let left: Vec<_> = self
            .copies
            .iter()
            .filter(|((_, at), _)| at == key)
            .map(|((address, _), s)| (*address, s.clone()))
            .collect();
        let new_key = format!("packs/{}", self.open_pack());
        let mut moved = Vec::new();
        for (address, old) in left {
            // What is damaged stays where it lies.
            if ContentAddress::of(&old.bytes) != address {
                continue;
            }
            // Compacting the same pack twice moves nothing twice: it names where the blobs lie by now.
            let new = match self.find_current(address) {
                Some(current) if current.location.key != key => current.clone(),
                _ => self.put(address, new_key.clone(), old.bytes, old.digests, now),
            };
            let (digests, location, stored_at) = (new.digests, new.location, new.at);
            moved.push(Receipt { digests, location, node_id: node_id.clone(), stored_at });
        }
        let after_bytes = moved.iter().map(|receipt| receipt.location.length).sum();
        Some(Compaction { moved, before_bytes, after_bytes })
    }
}
