//! Which events do not count because another event of their identifier comes before them.

use std::io;

use super::Limits;
use super::sorter::{Sorted, Sorter};

/// The keys of the events that do not count, in order. Repetitions under one key are not among them: the merge sees
/// those side by side.
pub(super) struct Losers {
    keys: Sorted,
    /// The first of `keys` that was not passed yet; empty at the end, which no key is.
    next: Vec<u8>,
}

impl Losers {
    /// Finds them among identities, sorted: the identifier, a zero, and the rest of the event's key.
    pub(super) fn find(mut identities: Sorted, limits: &Limits) -> io::Result<Self> {
        let mut losers = Sorter::new(limits.buffer_bytes / 2, limits.spill_directory.clone());
        let mut winner = Vec::new();
        let mut id_length = 0;
        while let Some((identity, _)) = identities.advance()? {
            let id = identity.split(|byte| *byte == 0).next().unwrap_or_default();
            if winner.get(..id_length) != Some(id) {
                winner.clear();
                winner.extend_from_slice(identity);
                id_length = id.len();
            } else if winner != identity {
                losers.push(&[identity.get(id_length + 1..).unwrap_or_default(), id], &[])?;
            }
        }
        let mut losers = Self { keys: losers.finish()?, next: Vec::new() };
        losers.advance()?;
        Ok(losers)
    }

    /// Whether the event with this key does not count. Keys must be asked for in order.
    pub(super) fn contain(&mut self, key: &[u8]) -> io::Result<bool> {
        while !self.next.is_empty() && self.next.as_slice() < key {
            self.advance()?;
        }
        Ok(self.next == key)
    }

    fn advance(&mut self) -> io::Result<()> {
        self.next.clear();
        if let Some((key, _)) = self.keys.advance()? {
            self.next.extend_from_slice(key);
        }
        Ok(())
    }
}
