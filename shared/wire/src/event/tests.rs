//! Payloads of any size come back whole, and parts that do not fit together are refused.

use artifactstore_types::{Algorithm, Category, EventId, Timestamp};

use super::*;
use crate::codes;

fn event(payload_bytes: usize) -> EventRecord {
    let payload: Bytes = (0..=250).cycle().take(payload_bytes).collect();
    EventRecord {
        sequence: 7,
        event_id: EventId::new(uuid::Uuid::from_u128(1)),
        namespace: "default".parse().unwrap(),
        event_type: "v1.package.finalized".parse().unwrap(),
        subject_kind: SubjectKind::Package,
        subject_id: "00000000-0000-0000-0000-000000000002".to_owned(),
        subject_revision: 3,
        actor: "ci".parse().unwrap(),
        recorded_at: Timestamp::from_micros(-1).unwrap(),
        payload_digest: *Algorithm::Blake3.digest(&payload).bytes(),
        payload,
        leaf_hash: [9; 32],
    }
}

fn pushed(assembly: &mut EventAssembly, parts: impl IntoIterator<Item = v1::TailResponse>) -> Vec<EventRecord> {
    parts.into_iter().filter_map(|part| assembly.push(part).expect("a part in order")).collect()
}

#[test]
fn payloads_at_the_boundaries_of_a_message_come_back_whole() {
    let chunk = limits::MAX_CHUNK_BYTES;
    let mut assembly = EventAssembly::default();
    for (size, messages) in [(0, 1), (1, 1), (chunk - 1, 1), (chunk, 1), (chunk + 1, 2), (3 * chunk + 5, 4)] {
        let event = event(size);
        let parts: Vec<_> = event_parts(&event).collect();
        assert_eq!(parts.len(), messages, "{size}");
        assert!(parts.iter().all(|part| prost::Message::encoded_len(part) < limits::MESSAGE_BYTES));
        assert_eq!(pushed(&mut assembly, parts), [event], "{size}");
        assembly.finish().unwrap();
    }
}

#[test]
fn refuses_a_stream_that_ends_within_a_payload() {
    let mut assembly = EventAssembly::default();
    pushed(&mut assembly, event_parts(&event(2 * limits::MAX_CHUNK_BYTES)).take(1));
    assert_eq!(assembly.finish().unwrap_err().code, codes::TRUNCATED);
}

#[test]
fn refuses_parts_out_of_order() {
    let large = event(2 * limits::MAX_CHUNK_BYTES);
    let chunk = |bytes: &'static [u8]| v1::TailResponse { part: Some(Part::PayloadChunk(bytes.into())) };

    let mut assembly = EventAssembly::default();
    assert_eq!(assembly.push(chunk(b"first")).unwrap_err().code, codes::ORDER);

    pushed(&mut assembly, event_parts(&large).take(1));
    let other = event_parts(&event(1)).next().unwrap();
    assert_eq!(assembly.push(other).unwrap_err().code, codes::ORDER);

    let mut assembly = EventAssembly::default();
    pushed(&mut assembly, event_parts(&large).take(1));
    assert_eq!(assembly.push(chunk(b"")).unwrap_err().code, codes::ORDER);
}

#[test]
fn refuses_more_payload_than_announced() {
    let mut part = event_parts(&event(10)).next().unwrap();
    if let Some(Part::Event(event)) = &mut part.part {
        event.payload_size_bytes = 9;
    }
    assert_eq!(EventAssembly::default().push(part).unwrap_err().code, codes::ORDER);
}

#[test]
fn names_the_field_of_an_event_that_cannot_be_read() {
    let mut part = event_parts(&event(10)).next().unwrap();
    if let Some(Part::Event(event)) = &mut part.part {
        event.leaf_hash = Bytes::from_static(&[0; 31]);
    }
    let fault = EventAssembly::default().push(part).unwrap_err();
    assert_eq!((fault.category, fault.subject.as_deref()), (Category::Invalid, Some("event.leaf_hash")));
}

#[test]
fn a_message_without_a_part_is_refused() {
    let fault = EventAssembly::default().push(v1::TailResponse { part: None }).unwrap_err();
    assert_eq!(fault.subject.as_deref(), Some("part"));
}
