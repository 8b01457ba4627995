//! The order in which events count, shared by every reducer.
//!
//! Events sort by Lamport clock, then by the *text* of their time, then by identifier; of one identifier only the first
//! in that order counts. The order is total over distinct events, so a set of events has one history, however its
//! members arrived.

use std::collections::HashSet;

use crate::envelope::Event;

/// What events sort by. The time is compared as ISO text, so mixed offsets sort as text, not as instants.
pub fn status_event_sort_key(event: &Event) -> (u64, &str, &str) {
    (event.lamport_clock.value(), event.timestamp.isoformat(), event.event_id.as_str())
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
