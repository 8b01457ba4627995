//! However often a stream is put down and taken up, its digests are those of all its bytes.

use proptest::prelude::*;

use super::*;

const GROUP: usize = 1024 * 1024;

fn bytes(size: usize) -> Bytes {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(size.next_multiple_of(8));
    while bytes.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// Digests `whole` in chunks of `chunk` bytes, put down and taken up again after each of these numbers of groups.
async fn digested(whole: &Bytes, chunk: usize, put_down_after: &[usize]) -> DualDigest {
    let mut digests = Digests::start(None).unwrap();
    let mut at = 0;
    for groups in put_down_after {
        let end = groups * GROUP;
        add(&mut digests, &whole.slice(at..end), chunk).await;
        let snapshot = digests.snapshot().await.unwrap().await.unwrap();
        assert_eq!(snapshot.offset, end as u64);
        digests = Digests::start(Some(&snapshot)).unwrap();
        at = end;
    }
    add(&mut digests, &whole.slice(at..), chunk).await;
    digests.finish().await.unwrap()
}

async fn add(digests: &mut Digests, bytes: &Bytes, chunk: usize) {
    let mut left = bytes.clone();
    while !left.is_empty() {
        digests.update(left.split_to(left.len().min(chunk))).await.unwrap();
    }
}

#[tokio::test]
async fn digests_of_any_number_of_groups_are_right() {
    let whole = bytes(9 * GROUP + 1);
    let sizes = (0..9).flat_map(|groups| [groups * GROUP, groups * GROUP + 1, (groups + 1) * GROUP - 1]);
    for size in sizes {
        let part = whole.slice(..size);
        assert_eq!(digested(&part, 300_000, &[]).await, DualDigest::of(&part), "{size}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_where_it_was_put_down_is_right() {
    for groups in 2..18 {
        let whole = bytes(groups * GROUP);
        assert_eq!(digested(&whole, GROUP, &[groups]).await, DualDigest::of(&whole), "{groups}");
        // Taken up twice without a byte in between.
        assert_eq!(digested(&whole, GROUP, &[groups, groups]).await, DualDigest::of(&whole), "{groups}");
    }
}

#[tokio::test]
async fn a_snapshot_goes_on_where_the_stream_it_was_made_of_does() {
    let whole = bytes(5 * GROUP + 7);
    let mut digests = Digests::start(None).unwrap();
    add(&mut digests, &whole.slice(..4 * GROUP), 70_000).await;
    let snapshot = digests.snapshot().await.unwrap().await.unwrap();
    add(&mut digests, &whole.slice(4 * GROUP..), 70_000).await;
    let mut again = Digests::start(Some(&snapshot)).unwrap();
    add(&mut again, &whole.slice(4 * GROUP..), 1_000_000).await;
    assert_eq!(digests.finish().await.unwrap(), DualDigest::of(&whole));
    assert_eq!(again.finish().await.unwrap(), DualDigest::of(&whole));
}

#[tokio::test]
async fn what_is_no_snapshot_is_refused() {
    let whole = bytes(4 * GROUP);
    let mut digests = Digests::start(None).unwrap();
    add(&mut digests, &whole, GROUP).await;
    let good = digests.snapshot().await.unwrap().await.unwrap();
    assert!(Digests::start(Some(&good)).is_ok());
    for bad in [
        Snapshot { offset: good.offset + 1, ..good.clone() },
        Snapshot { offset: 0, ..good.clone() },
        Snapshot { offset: GROUP as u64, subtrees: good.subtrees[..1].to_vec(), ..good.clone() },
        Snapshot { subtrees: Vec::new(), ..good.clone() },
        Snapshot { subtrees: vec![[0; 32]; 9], ..good.clone() },
        Snapshot { sha256: good.sha256.slice(1..), ..good.clone() },
        Snapshot { sha256: vec![0xff; good.sha256.len()].into(), ..good.clone() },
    ] {
        assert!(Digests::start(Some(&bad)).is_err(), "{bad:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn wherever_a_stream_is_put_down_its_digests_are_those_of_all_its_bytes(
        mut groups in proptest::collection::vec(2_usize..20, 0..5),
        tail in 0_usize..2 * GROUP,
        chunk in 50_000_usize..3 * GROUP,
    ) {
        groups.sort_unstable();
        let whole = bytes(groups.last().copied().unwrap_or(0) * GROUP + tail);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let digests = runtime.block_on(digested(&whole, chunk, &groups));
        prop_assert_eq!(digests, DualDigest::of(&whole));
    }
}
