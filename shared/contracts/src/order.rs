//! The order in which events count, shared by every reducer.
//!
//! Events sort by Lamport clock, then by the *text* of their time, then by identifier; of one identifier only the first
//! in that order counts. The order is total over distinct events, so a set of events has one history, however its
//! members arrived.

use std::collections::HashSet;

use crate::envelope::{Envelope, Event};

/// What events sort by. The time is compared as ISO text, so mixed offsets sort as text, not as instants.
pub fn status_event_sort_key(event: &Event) -> (u64, &str, &str) {
    (event.lamport_clock.value(), event.timestamp.isoformat(), event.event_id.as_str())
}

/// The same key as bytes, which order as the keys do: the clock in eight bytes, the ISO text, a zero, the identifier.
pub fn sort_key(envelope: &Envelope<'_>) -> Vec<u8> {
    let mut key = Vec::with_capacity(80);
    write_clock_and_time(&mut key, envelope);
    key.extend_from_slice(envelope.event_id.as_str().as_bytes());
    key
}

/// All of [`sort_key`] but the identifier.
pub(crate) fn write_clock_and_time(key: &mut Vec<u8>, envelope: &Envelope<'_>) {
    key.extend_from_slice(&envelope.lamport_clock.value().to_be_bytes());
    key.extend_from_slice(envelope.timestamp.isoformat().as_bytes());
    key.push(0);
}

/// Keeps the first event of each identifier, in the given order.
pub fn dedup_events<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut seen = HashSet::new();
    events.into_iter().filter(|event| seen.insert(event.event_id)).collect()
}

/// The events that count, in the order in which they count. Equal keys keep the order of arrival.
pub fn history<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut sorted: Vec<&Event> = events.into_iter().collect();
    sorted.sort_by_key(|event| status_event_sort_key(event));
    dedup_events(sorted)
}

#[cfg(test)]
mod tests;
