//! The order of events and what counts once.

use serde_json::json;

use super::*;
use crate::catalogue::testing::{event, event_id};

fn at(mut event: Event, time: &str) -> Event {
    event.timestamp = time.parse().unwrap();
    event
}

#[test]
fn events_sort_by_clock_then_text_of_time_then_identifier() {
    let events = [
        event("E", 2, 1, json!({})),
        at(event("E", 1, 3, json!({})), "2026-01-01T10:00:00Z"),
        at(event("E", 1, 2, json!({})), "2026-01-01T10:00:00Z"),
        at(event("E", 1, 9, json!({})), "2026-01-01T09:00:00Z"),
    ];
    let ids: Vec<_> = history(&events).iter().map(|event| event.event_id.to_string()).collect();
    assert_eq!(ids, [event_id(9), event_id(2), event_id(3), event_id(1)]);
}

#[test]
fn times_sort_as_text_and_not_as_instants() {
    let later = at(event("E", 1, 1, json!({})), "2026-01-01T10:00:00+00:00");
    let earlier = at(event("E", 1, 2, json!({})), "2026-01-01T11:00:00+02:00");
    let events = [earlier, later];
    let history = history(&events);
    assert_eq!(history[0].timestamp.isoformat(), "2026-01-01T10:00:00+00:00");
}

#[test]
fn a_key_is_clock_text_and_identifier() {
    let event = at(event("E", 7, 1, json!({})), "2026-01-01T10:00:00.500000Z");
    assert_eq!(status_event_sort_key(&event), (7, "2026-01-01T10:00:00.500000+00:00", event_id(1).as_str()));
}

#[test]
fn the_first_of_each_identifier_is_kept_in_the_given_order() {
    let events = [event("A", 5, 1, json!({})), event("B", 1, 1, json!({})), event("C", 0, 2, json!({}))];
    let kept: Vec<_> = dedup_events(&events).iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(kept, ["A", "C"]);
}

#[test]
fn of_one_identifier_at_two_clocks_the_lower_survives() {
    let events = [event("A", 5, 1, json!({})), event("B", 1, 1, json!({}))];
    let survivors: Vec<_> = history(&events).iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(survivors, ["B"]);
}

#[test]
fn of_two_events_with_one_key_the_first_to_arrive_survives() {
    let events = [event("A", 1, 1, json!({})), event("B", 1, 1, json!({}))];
    let survivors: Vec<_> = history(&events).iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(survivors, ["A"]);
}

/// Clocks beyond what a text of digits would order, times one of which begins like another, identifiers of both kinds.
#[test]
fn keys_as_bytes_order_as_keys_do() {
    let mut events = Vec::new();
    for clock in [0, 1, 9, 10, 255, 256, u64::MAX] {
        for time in
            ["2026-01-01T10:00:00", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00.5Z", "2026-01-01T10:00:00-02:00"]
        {
            for id in ["01JQ4T1DE00000000000000001", "5b1f0c9a-7d24-4f6e-8b3a-0c1d2e3f4a50"] {
                let mut event = at(event("E", clock, 1, json!({})), time);
                event.event_id = id.parse().unwrap();
                events.push(event);
            }
        }
    }
    for one in &events {
        for other in &events {
            let (left, right) = (Envelope::from(one.clone()), Envelope::from(other.clone()));
            let as_bytes = sort_key(&left).cmp(&sort_key(&right));
            assert_eq!(as_bytes, status_event_sort_key(one).cmp(&status_event_sort_key(other)), "{one:?} {other:?}");
        }
    }
}
