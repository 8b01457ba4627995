//! The external sort against the sort of the standard library.

use proptest::prelude::*;

use super::*;

type Entry = (Vec<u8>, Vec<u8>);

fn sorted_in(buffer_bytes: usize, entries: &[Entry]) -> Vec<Entry> {
    let mut sorter = Sorter::new(buffer_bytes, None);
    for (key, body) in entries {
        let (first, second) = key.split_at(key.len() / 2);
        sorter.push(&[first, second], body).unwrap();
    }
    let mut entries = sorter.finish().unwrap();
    let mut read = Vec::new();
    while let Some((key, body)) = entries.advance().unwrap() {
        read.push((key.to_vec(), body.to_vec()));
    }
    assert!(entries.advance().unwrap().is_none(), "the end stays the end");
    read
}

fn sorted_in_memory(entries: &[Entry]) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    entries
}

fn entry() -> impl Strategy<Value = Entry> {
    let key = prop::collection::vec(0..4_u8, 0..12);
    let body = prop::collection::vec(any::<u8>(), 0..30);
    (key, body)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn entries_come_sorted_and_equal_keys_in_order_of_arrival(
        entries in prop::collection::vec(entry(), 0..200),
        buffer_bytes in prop_oneof![Just(1_usize), 100..2000_usize, Just(1 << 20)],
    ) {
        prop_assert_eq!(sorted_in(buffer_bytes, &entries), sorted_in_memory(&entries));
    }
}

#[test]
fn more_runs_than_are_merged_at_once_are_merged_in_rounds() {
    let entries: Vec<Entry> = (0..2000_u32)
        .rev()
        .map(|number| ((number / 3).to_be_bytes().to_vec(), number.to_be_bytes().to_vec()))
        .collect();
    assert_eq!(sorted_in(1, &entries), sorted_in_memory(&entries));
}

#[test]
fn an_entry_larger_than_every_buffer_passes_through() {
    let large = vec![7; 6 << 20];
    let entries = vec![(vec![2], large.clone()), (vec![1], Vec::new()), (vec![3], large)];
    assert_eq!(sorted_in(100, &entries), sorted_in_memory(&entries));
}

#[test]
fn entries_in_order_stay_one_run() {
    let mut sorter = Sorter::new(1, None);
    for number in 0..100_u8 {
        sorter.push(&[&[number]], &[]).unwrap();
    }
    assert_eq!(sorter.spill.as_ref().unwrap().runs(), 1);
    sorter.push(&[&[0]], &[]).unwrap();
    sorter.push(&[&[1]], &[]).unwrap();
    assert_eq!(sorter.spill.as_ref().unwrap().runs(), 2);
}

#[test]
fn nothing_sorts_to_nothing() {
    assert_eq!(sorted_in(1, &[]), []);
}
