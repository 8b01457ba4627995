//! Sorts entries of bytes by their keys, in bounded memory and stably.
//!
//! Entries gather in a batch. A full batch is sorted and spilled; at the end what was spilled is merged. Of equal keys,
//! the entry that arrived first comes first: within a batch because the sort is stable, across batches because the
//! merge prefers the earlier one.

use std::io;
use std::ops::Range;
use std::path::PathBuf;

use super::runs::{Merge, Spill};

/// Takes entries.
pub(super) struct Sorter {
    batch: Batch,
    buffer_bytes: usize,
    directory: Option<PathBuf>,
    spill: Option<Spill>,
}

impl Sorter {
    /// A sorter that spills when it holds more than `buffer_bytes`; one entry is held whatever its size.
    pub(super) fn new(buffer_bytes: usize, directory: Option<PathBuf>) -> Self {
        Self { batch: Batch::default(), buffer_bytes, directory, spill: None }
    }

    /// Takes one entry, its key in parts.
    pub(super) fn push(&mut self, key: &[&[u8]], body: &[u8]) -> io::Result<()> {
        let bytes = key.iter().map(|part| part.len()).sum::<usize>() + body.len();
        if !self.batch.places.is_empty() && self.batch.bytes() + bytes > self.buffer_bytes {
            let spill = match self.spill.take() {
                Some(spill) => spill,
                None => Spill::create(self.directory.as_deref())?,
            };
            self.batch.sort();
            self.spill.insert(spill).append(&self.batch)?;
            self.batch.clear();
        }
        self.batch.push(key, body);
        Ok(())
    }

    /// Gives the entries in order.
    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        self.batch.sort();
        match self.spill {
            None => Ok(Sorted::Held { batch: self.batch, next: 0 }),
            Some(mut spill) => {
                spill.append(&self.batch)?;
                Ok(Sorted::Spilled(spill.merge()?))
            }
        }
    }
}

/// Entries in order, each lent until the next is asked for.
pub(super) enum Sorted {
    Held { batch: Batch, next: usize },
    Spilled(Merge),
}

impl Sorted {
    /// The next entry: its key and its body.
    pub(super) fn advance(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        match self {
            Self::Held { batch, next } => {
                let entry = batch.find(*next);
                *next += 1;
                Ok(entry)
            }
            Self::Spilled(merge) => merge.advance(),
        }
    }
}

/// Entries in memory, in the order in which they arrived until they are sorted.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// Where an entry lies among the bytes: its key, and after it its body.
#[derive(Clone)]
struct Place {
    /// The first bytes of the key, as a number: most comparisons end here, without a look at the bytes.
    prefix: u64,
    key: Range<usize>,
    end: usize,
}

impl Batch {
    fn bytes(&self) -> usize {
        self.bytes.len() + self.places.len() * size_of::<Place>()
    }

    fn push(&mut self, key: &[&[u8]], body: &[u8]) {
        let start = self.bytes.len();
        for part in key {
            self.bytes.extend_from_slice(part);
        }
        let key = start..self.bytes.len();
        let mut prefix = [0; size_of::<u64>()];
        for (slot, byte) in prefix.iter_mut().zip(&self.bytes[key.clone()]) {
            *slot = *byte;
        }
        self.bytes.extend_from_slice(body);
        self.places.push(Place { prefix: u64::from_be_bytes(prefix), key, end: self.bytes.len() });
    }

    fn sort(&mut self) {
        let Self { bytes, places } = self;
        places.sort_by(|one, other| {
            let by_prefix = one.prefix.cmp(&other.prefix);
            by_prefix.then_with(|| bytes[one.key.clone()].cmp(&bytes[other.key.clone()]))
        });
    }

    /// Forgets the entries and keeps their memory for the next ones.
    fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    fn find(&self, position: usize) -> Option<(&[u8], &[u8])> {
        self.places.get(position).map(|place| self.entry(place))
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.places.iter().map(|place| self.entry(place))
    }

    fn entry(&self, place: &Place) -> (&[u8], &[u8]) {
        (&self.bytes[place.key.clone()], &self.bytes[place.key.end..place.end])
    }
}

#[cfg(test)]
mod tests;
