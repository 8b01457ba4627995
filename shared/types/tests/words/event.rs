//! Event filters and subject kinds.

use artifactstore_types::{Actor, EventFilter, EventId, EventRecord, EventType, Namespace, SubjectKind, Timestamp};
use bytes::Bytes;
use uuid::Uuid;

fn event(event_type: &str, subject_id: &str) -> EventRecord {
    EventRecord {
        sequence: 1,
        event_id: EventId::new(Uuid::from_u128(1)),
        namespace: Namespace::default(),
        event_type: EventType::new(event_type).unwrap(),
        subject_kind: SubjectKind::Package,
        subject_id: subject_id.to_owned(),
        subject_revision: 1,
        actor: Actor::new("ci").unwrap(),
        recorded_at: Timestamp::EARLIEST,
        payload: Bytes::from_static(b"\xf6"),
        payload_digest: [0; 32],
        leaf_hash: [0; 32],
    }
}

#[test]
fn an_empty_filter_admits_everything() {
    assert!(EventFilter::default().admits(&event("v1.package.created", "a")));
}

#[test]
fn a_filter_admits_what_meets_all_of_it() {
    let types = ["v1.package.created", "v1.file.ingested"].map(|name| EventType::new(name).unwrap()).to_vec();
    let filter = EventFilter { types, subject_id: Some("a".to_owned()) };
    assert!(filter.admits(&event("v1.package.created", "a")));
    assert!(filter.admits(&event("v1.file.ingested", "a")));
    assert!(!filter.admits(&event("v1.file.ingested", "b")));
    assert!(!filter.admits(&event("v1.package.finalized", "a")));
}

#[test]
fn subject_kinds_are_found_by_their_names() {
    for kind in SubjectKind::ALL {
        assert_eq!(SubjectKind::find(kind.name()), Some(kind));
    }
    assert_eq!(SubjectKind::find("Package"), None);
}
