//! Byte ranges against a known size.

use artifactstore_types::{ByteRange, RangeRefused};
use proptest::prelude::*;

fn range(offset: u64, length: Option<u64>) -> ByteRange {
    ByteRange { offset, length }
}

proptest! {
    #[test]
    fn gives_the_bytes_that_slicing_would(offset in 0_u64..300, length in prop::option::of(0_u64..300), size in 0_u64..300) {
        let bytes: Vec<u64> = (0..size).collect();
        let wanted: Vec<u64> =
            bytes.iter().copied().filter(|at| *at >= offset && length.is_none_or(|length| *at < offset + length)).collect();
        match range(offset, length).resolve(size) {
            Ok(resolved) => prop_assert_eq!(resolved.collect::<Vec<_>>(), wanted),
            Err(refused) => {
                prop_assert_eq!(refused, RangeRefused { offset, size_bytes: size });
                prop_assert!(wanted.is_empty());
            }
        }
    }

    #[test]
    fn never_reaches_beyond_the_size(offset: u64, length in prop::option::of(any::<u64>()), size: u64) {
        if let Ok(resolved) = range(offset, length).resolve(size) {
            prop_assert!(resolved.start <= resolved.end && resolved.end <= size);
            prop_assert_eq!(resolved.start, offset);
        }
    }
}

#[test]
fn everything_of_an_empty_blob_is_nothing_and_right() {
    assert_eq!(ByteRange::ALL.resolve(0), Ok(0..0));
    assert_eq!(ByteRange::default(), ByteRange::ALL);
    assert_eq!(ByteRange::ALL.resolve(u64::MAX), Ok(0..u64::MAX));
}

#[test]
fn a_range_that_starts_at_or_beyond_the_end_is_refused() {
    for (offset, length, size) in [(1, None, 0), (0, Some(1), 0), (10, None, 10), (10, Some(1), 10), (11, Some(0), 10)]
    {
        assert_eq!(range(offset, length).resolve(size), Err(RangeRefused { offset, size_bytes: size }));
    }
    assert_eq!(range(9, None).resolve(10), Ok(9..10));
}

#[test]
fn a_range_that_ends_beyond_the_end_ends_there() {
    assert_eq!(range(3, Some(100)).resolve(10), Ok(3..10));
    assert_eq!(range(3, Some(u64::MAX)).resolve(10), Ok(3..10));
    assert_eq!(range(3, Some(0)).resolve(10), Ok(3..3));
}
