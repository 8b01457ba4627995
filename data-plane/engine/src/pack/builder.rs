//! A pack being filled. It holds its blobs in one buffer, so that what it holds of the process's memory is its size, and
//! remembers for each blob who still waits for it: what nobody waits for any more is left out when the pack is sealed.

use std::sync::Weak;

use artifactstore_types::{ContentAddress, DualDigest, Timestamp};
use bytes::Bytes;
use object_store::PutPayload;

use super::format::{self, Entry, Footer};
use crate::keys::PackId;

/// A pack holds no more blobs, whatever their size, so that its footer stays small.
const MOST_BLOBS: usize = 16 * 1024;

/// Alive as long as an ingest is.
pub(crate) type Caller = Weak<()>;

/// A pack that can still take blobs.
pub(crate) struct Builder {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
}

struct Slot {
    entry: Entry,
    caller: Caller,
    /// Further callers, of the same bytes.
    others: Vec<Caller>,
}

impl Slot {
    fn is_wanted(&self) -> bool {
        std::iter::once(&self.caller).chain(&self.others).any(|caller| caller.strong_count() > 0)
    }
}

/// A pack that is decided but for its id.
pub(crate) struct Filled {
    bytes: Bytes,
    entries: Vec<Entry>,
    /// Where each blob that was added lies among the entries; `None` for one that was left out.
    positions: Vec<Option<usize>>,
}

impl Builder {
    pub fn new() -> Self {
        Self { bytes: format::header().to_vec(), slots: Vec::new() }
    }

    /// Adds a blob for a caller; answers its number among those added.
    pub fn add(&mut self, digests: &DualDigest, bytes: &[u8], caller: Caller) -> usize {
        let entry = Entry::new(digests, self.bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
        self.slots.push(Slot { entry, caller, others: Vec::new() });
        self.slots.len() - 1
    }

    /// Notes that another caller waits for blob `number` too.
    pub fn also_for(&mut self, number: usize, caller: Caller) {
        if let Some(slot) = self.slots.get_mut(number) {
            slot.others.push(caller);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn is_full(&self, target_bytes: usize) -> bool {
        self.bytes.len() >= target_bytes || self.slots.len() >= MOST_BLOBS
    }

    pub fn addresses(&self) -> impl Iterator<Item = ContentAddress> + '_ {
        self.slots.iter().map(|slot| slot.entry.address)
    }

    /// Ends the filling. Blobs nobody waits for are left out.
    pub fn fill(self) -> Filled {
        if self.slots.iter().all(Slot::is_wanted) {
            let positions = (0..self.slots.len()).map(Some).collect();
            let entries = self.slots.into_iter().map(|slot| slot.entry).collect();
            return Filled { bytes: self.bytes.into(), entries, positions };
        }
        let (mut bytes, mut entries, mut positions) = (format::header().to_vec(), Vec::new(), Vec::new());
        for slot in self.slots {
            if !slot.is_wanted() {
                positions.push(None);
                continue;
            }
            positions.push(Some(entries.len()));
            let offset = bytes.len() as u64;
            bytes.extend_from_slice(part(&self.bytes, &slot.entry));
            entries.push(Entry { offset, ..slot.entry });
        }
        Filled { bytes: bytes.into(), entries, positions }
    }
}

/// The bytes of an entry in the pack they were read from, or none where the pack is shorter.
pub(crate) fn part<'a>(pack: &'a [u8], entry: &Entry) -> &'a [u8] {
    let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
    let length = usize::try_from(entry.length).unwrap_or(usize::MAX);
    pack.get(start..start.saturating_add(length)).unwrap_or_default()
}

impl Filled {
    pub fn positions(&self) -> &[Option<usize>] {
        &self.positions
    }

    /// The whole pack under a name, and what it says of itself.
    pub fn seal(&self, id: PackId, sealed_at: Timestamp) -> (PutPayload, Footer) {
        let footer = Footer { id, sealed_at, entries: self.entries.clone() };
        let payload = [self.bytes.clone(), footer.encode()].into_iter().collect();
        (payload, footer)
    }
}
