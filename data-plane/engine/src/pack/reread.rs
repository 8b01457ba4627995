//! Reading packed blobs again before they are said to be here, so that a receipt is given only for bytes that are what
//! they were a moment ago. Many are read at a time, neighbours together.

use artifactstore_types::{ContentAddress, Fault};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::packs::Packs;
use crate::{index::PackedAt, keys, store::Piece};

/// A read has at most this many bytes, or one blob.
const MOST_BYTES: u64 = 1024 * 1024;
/// What lies between two blobs is read too where it is less.
const GAP_BYTES: u64 = 64 * 1024;
/// How many reads are under way at once.
const READS_AT_ONCE: usize = 4;

type Found = (ContentAddress, PackedAt);

/// What reading again found.
#[derive(Debug, Default)]
pub(crate) struct Reread {
    /// Those that are what they were.
    pub sound: Vec<Found>,
    /// Those whose bytes are others.
    pub altered: Vec<Found>,
}

/// Reads these blobs again. Those whose pack is gone or cut are in neither answer.
pub(crate) async fn reread(packs: &Packs, found: Vec<Found>) -> Result<Reread, Fault> {
    let read = |run: Vec<Found>| async move { read_run(packs, run).await };
    let fold = |mut all: Reread, run: Reread| async move {
        all.sound.extend(run.sound);
        all.altered.extend(run.altered);
        Ok(all)
    };
    stream::iter(runs(found)).map(read).buffer_unordered(READS_AT_ONCE).try_fold(Reread::default(), fold).await
}

async fn read_run(packs: &Packs, run: Vec<Found>) -> Result<Reread, Fault> {
    let mut reread = Reread::default();
    let (Some((_, first)), Some((_, last))) = (run.first(), run.last()) else { return Ok(reread) };
    let (pack, start, end) = (first.pack, first.offset, last.offset.saturating_add(last.length));
    let Piece::Bytes(bytes) = packs.store.read(&keys::pack(pack), start..end).await? else { return Ok(reread) };
    for (address, at) in run {
        let in_memory = |at: u64| usize::try_from(at - start).unwrap_or(usize::MAX).min(bytes.len());
        let blob = &bytes[in_memory(at.offset)..in_memory(at.offset.saturating_add(at.length))];
        let same = ContentAddress::of(blob) == address;
        if same { &mut reread.sound } else { &mut reread.altered }.push((address, at));
    }
    Ok(reread)
}

/// The same blobs, those that are read together beside each other.
fn runs(mut found: Vec<Found>) -> Vec<Vec<Found>> {
    found.sort_unstable_by_key(|(_, at)| (at.pack, at.offset));
    let mut runs: Vec<Vec<Found>> = Vec::new();
    for (address, at) in found {
        let end = at.offset.saturating_add(at.length);
        let joins = |run: &&mut Vec<Found>| {
            let (Some((_, first)), Some((_, last))) = (run.first(), run.last()) else { return false };
            let gap = at.offset.saturating_sub(last.offset.saturating_add(last.length));
            first.pack == at.pack && gap <= GAP_BYTES && end.saturating_sub(first.offset) <= MOST_BYTES
        };
        match runs.last_mut().filter(joins) {
            Some(run) => run.push((address, at)),
            None => runs.push(vec![(address, at)]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use artifactstore_types::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::keys::PackId;

    fn any_found() -> impl Strategy<Value = Vec<Found>> {
        // In every pack one blob after the other, with gaps.
        let pack = proptest::collection::vec((0..200_000_u64, 0..70_000_u64), 0..60);
        proptest::collection::vec(pack, 0..4).prop_map(|packs| {
            let mut found = Vec::new();
            for (nth, blobs) in (0_u8..).zip(packs) {
                let mut offset = 16;
                for (number, (gap, length)) in (0_u64..).zip(blobs) {
                    offset += gap;
                    let address = ContentAddress::of(&[[nth].as_slice(), &number.to_be_bytes()].concat());
                    let sealed_at = Timestamp::from_micros(0).unwrap();
                    let pack = PackId::from_bytes([nth; 16]);
                    found.push((address, PackedAt { pack, offset, length, pack_bytes: u64::MAX, sealed_at }));
                    offset += length;
                }
            }
            found
        })
    }

    proptest! {
        #[test]
        fn every_blob_is_read_once_and_no_read_is_large(found in any_found(), seed: u64) {
            let mut shuffled = found.clone();
            shuffled.sort_by_key(|(address, _)| u64::from_be_bytes(*address.bytes().first_chunk().unwrap()) ^ seed);
            let runs = runs(shuffled);
            for run in &runs {
                let (first, last) = (run.first().unwrap().1, run.last().unwrap().1);
                prop_assert!(run.iter().all(|(_, at)| at.pack == first.pack));
                prop_assert!(run.is_sorted_by_key(|(_, at)| at.offset));
                prop_assert!(run.len() == 1 || last.offset + last.length - first.offset <= MOST_BYTES);
            }
            prop_assert_eq!(runs.concat(), found);
        }
    }
}
