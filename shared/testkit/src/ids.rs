//! Identifiers that are the same in every run.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use artifactstore_types::Ids;
use uuid::{Builder, Uuid};

use crate::START;

/// Identifiers in order: the first, the second, and so on. Clones go on in one row, so none is given out twice. They are
/// UUIDv7 of consecutive milliseconds.
#[derive(Clone, Debug)]
pub struct SequentialIds(Arc<AtomicU64>);

impl SequentialIds {
    /// Identifiers from the `first` on, so that two rows of them need not meet.
    pub fn starting_at(first: u64) -> Self {
        Self(Arc::new(AtomicU64::new(first)))
    }

    /// The identifier at this place of the row, whether it has been given out or not.
    pub fn nth(place: u64) -> Uuid {
        let start = START.micros().unsigned_abs() / 1000;
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&place.to_be_bytes());
        Builder::from_unix_timestamp_millis(start + place, &rest).into_uuid()
    }
}

impl Default for SequentialIds {
    fn default() -> Self {
        Self::starting_at(1)
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> Uuid {
        Self::nth(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::{Variant, Version};

    use super::*;

    #[test]
    fn ids_are_version_7_and_ascend() {
        let ids = SequentialIds::default();
        let row: Vec<Uuid> = (0..1000).map(|_| ids.next()).collect();
        assert!(row.is_sorted_by(|one, next| one < next));
        for id in row {
            assert_eq!(id.get_version(), Some(Version::SortRand));
            assert_eq!(id.get_variant(), Variant::RFC4122);
        }
    }

    #[test]
    fn two_runs_have_the_same_ids() {
        let (one, other) = (SequentialIds::default(), SequentialIds::default());
        assert_eq!(one.next(), other.next());
        assert_eq!(one.next(), SequentialIds::nth(2));
    }

    #[test]
    fn clones_never_give_an_id_out_twice() {
        let ids = SequentialIds::starting_at(7);
        let clone = ids.clone();
        let given: BTreeSet<Uuid> = [ids.next(), clone.next(), ids.next(), clone.next()].into();
        assert_eq!(given.len(), 4);
        assert!(given.contains(&SequentialIds::nth(7)));
    }
}
