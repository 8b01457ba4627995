//! Events for tests, and streams of them for property tests.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::catalogue::Family;
use crate::envelope::Event;
use crate::fixtures::FixtureSet;
use crate::validator::validate_event;

/// An identifier from a number.
pub(crate) fn event_id(number: u64) -> String {
    format!("01JQ4T1DE0{number:016}")
}

/// An envelope as JSON.
pub(crate) fn envelope(event_type: &str, clock: u64, id: u64, payload: Value) -> Value {
    let mut envelope = json!({
        "event_id": event_id(id),
        "event_type": event_type,
        "aggregate_id": "aggregate",
        "timestamp": "2026-03-02T06:15:00Z",
        "node_id": "node",
        "lamport_clock": clock,
        "project_uuid": "3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943",
        "correlation_id": event_id(0),
    });
    envelope["payload"] = payload;
    envelope
}

/// An event.
pub(crate) fn event(event_type: &str, clock: u64, id: u64, payload: Value) -> Event {
    serde_json::from_value(envelope(event_type, clock, id, payload)).unwrap()
}

/// The document with this member replaced, or removed if the value is null.
pub(crate) fn with(mut document: Value, member: &str, value: Value) -> Value {
    let members = document.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member)
    } else {
        members.insert(member.to_owned(), value)
    };
    document
}

/// Streams in which identifiers and clocks repeat, out of order, over the given contents. What an event says follows
/// from its identifier and clock, so that repetitions of one event are equal.
pub(crate) fn streams(contents: &'static [fn() -> (&'static str, Value)]) -> impl Strategy<Value = Vec<Event>> {
    vec((0..12_u64, 0..8_u64), 0..40).prop_map(move |keys| {
        let content = |(id, clock): (u64, u64)| {
            let choice = usize::try_from(id * 31 + clock * 17).unwrap() % contents.len();
            let (event_type, payload) = contents[choice]();
            event(event_type, clock, id, payload)
        };
        keys.into_iter().map(content).collect()
    })
}

/// A stream and some permutation of it.
pub(crate) fn shuffled(stream: impl Strategy<Value = Vec<Event>>) -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    stream.prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
}

/// The stream with every event twice.
pub(crate) fn doubled(events: &[Event]) -> Vec<Event> {
    [events, events].concat()
}

/// How many valid documents, invalid documents, replay streams and states a family brings.
pub(crate) fn fixture_counts(family: &Family) -> (usize, usize, usize, usize) {
    let set = FixtureSet::compiled_in().unwrap();
    let cases = set.load_fixtures(family.category).unwrap();
    let valid = cases.iter().filter(|case| case.expected_valid).count();
    let of_type = |wanted: &str| {
        let entries = set.manifest().fixtures.iter().filter(|entry| entry.category() == family.category);
        entries.filter(|entry| entry.fixture_type.as_deref() == Some(wanted)).count()
    };
    (valid, cases.len() - valid, of_type("replay_stream"), of_type("reducer_output"))
}

/// What the model layer finds when the value at a pointer is replaced, or removed if there is no value: fields and
/// types. Valid as a whole exactly when nothing is found.
pub(crate) fn faults(
    (event_type, payload): (&str, Value),
    pointer: &str,
    value: Option<Value>,
) -> Vec<(String, &'static str)> {
    let mut payload = payload;
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = payload.pointer_mut(parent).unwrap();
    match value {
        Some(value) => drop(parent.as_object_mut().unwrap().insert(member.to_owned(), value)),
        None => drop(parent.as_object_mut().unwrap().remove(member)),
    }
    let result = validate_event(&payload, event_type).unwrap();
    assert_eq!(result.valid, result.model_violations.is_empty(), "{pointer}: {result:?}");
    result.model_violations.into_iter().map(|found| (found.field, found.violation_type.as_str())).collect()
}
