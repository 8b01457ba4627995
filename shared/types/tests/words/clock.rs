//! The machine's clock and ids, where they are let in.

use artifactstore_types::{Clock as _, Ids as _, SystemClock, SystemIds, Timestamp};

#[test]
fn the_machine_knows_a_time_after_this_was_written_and_before_the_last() {
    let now = SystemClock.now();
    assert!(now > "2025-01-01T00:00:00.000000Z".parse().unwrap());
    assert!(now < Timestamp::LATEST);
}

#[test]
fn ids_are_of_version_7_distinct_and_in_order() {
    let ids: Vec<_> = (0..1000).map(|_| SystemIds.next()).collect();
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
    assert!(ids.is_sorted_by(|left, right| left < right));
}
