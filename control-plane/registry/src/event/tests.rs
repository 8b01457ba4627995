//! The encoding of events: what has been written can always be read, byte for byte, by this program and the next.

use artifactstore_manifest::cbor;
use artifactstore_testkit::{START, file_id, new_package, package_id, receipt_for, word};
use artifactstore_types::{
    Algorithm, Digest, EventId, EventRecord, EventType, Metadata, NewPackage, PackageId, Provenance, SubjectKind, Value,
};
use bytes::Bytes;
use proptest::{collection::btree_map, prelude::*};

use super::*;
use crate::{NewFile, Unsealed, leaf_hash, seal};

fn new_file() -> NewFile {
    NewFile {
        file_id: file_id(7),
        relative_path: word("reports/run.json"),
        media_type: word("application/json"),
        executable: true,
        receipt: receipt_for(b"evidence"),
    }
}

fn every_event() -> Vec<Event> {
    let metadata = Metadata::from([("longer".into(), Value::Int(-1)), ("z".into(), Value::List(vec![Value::Null]))]);
    let provenance = Provenance {
        source_refs: vec!["git:0123".into()],
        producer_version: Some("1.2".into()),
        extra: Metadata::from([("k".into(), Value::Bool(true))]),
    };
    let package = NewPackage { kind: Some(word("audit")), metadata, provenance, ..new_package("nightly") };
    let replaced = Replaced { size_bytes: 3, content_address: receipt_for(b"old").address() };
    vec![
        Event::PackageCreated(package.into()),
        Event::FileIngested(FileIngested::from(&new_file())),
        Event::FileReplaced(FileReplaced::new(&new_file(), file_id(1), replaced)),
        Event::PackageFinalized(PackageFinalized { manifest: Bytes::from_static(b"\xa0") }),
        Event::PackageFailed(PackageFailed { reason: "aborted".into() }),
        Event::DefaultApplied(DefaultApplied {
            class: word("transient"),
            expires_at: Some(START.plus_seconds(60)),
            counted_from: START,
            duration_seconds: Some(60),
        }),
    ]
}

fn record(event: &Event) -> EventRecord {
    seal(Unsealed {
        sequence: 3,
        event_id: EventId::from_bytes([1; 16]),
        namespace: word("default"),
        event_type: word(event.event_type()),
        subject_kind: SubjectKind::Package,
        subject_id: PackageId::from_bytes([2; 16]).to_string(),
        subject_revision: 2,
        actor: word("somebody"),
        recorded_at: START,
        payload: event.encode().unwrap(),
    })
    .unwrap()
}

#[test]
fn every_event_is_read_as_it_was_written() {
    let events = every_event();
    assert_eq!(events.iter().map(Event::event_type).collect::<Vec<_>>(), Event::TYPES);
    for event in events {
        let payload = event.encode().unwrap();
        cbor::check(&payload).unwrap();
        let event_type: EventType = word(event.event_type());
        assert_eq!(Event::decode(&event_type, &payload).unwrap(), Some(event));
    }
}

/// Fields in canonical order are written in one pass. Any other order would still be right, only slower.
#[test]
fn fields_are_declared_in_the_order_they_are_written() {
    for event in every_event() {
        let in_order = |written: Vec<u8>| cbor::check(&written).is_ok();
        let mut plain = Vec::new();
        match &event {
            Event::PackageCreated(_) | Event::PackageFinalized(_) => continue,
            Event::FileIngested(payload) => ciborium::into_writer(payload, &mut plain).unwrap(),
            Event::FileReplaced(payload) => ciborium::into_writer(payload, &mut plain).unwrap(),
            Event::PackageFailed(payload) => ciborium::into_writer(payload, &mut plain).unwrap(),
            Event::DefaultApplied(payload) => ciborium::into_writer(payload, &mut plain).unwrap(),
        }
        assert!(in_order(plain), "{}", event.event_type());
    }
}

#[test]
fn a_file_event_keeps_its_bytes_for_ever() {
    let payload = every_event()[1].encode().unwrap();
    let diagnostic = cbor::decode(&payload).unwrap();
    let Value::Map(fields) = diagnostic else { panic!("a payload is a map") };
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["content_address", "executable", "file_id", "media_type", "receipt", "relative_path", "sha256", "size_bytes"]
    );
    assert_eq!(fields["relative_path"], Value::Text("reports/run.json".into()));
    assert_eq!(
        artifactstore_types::ContentAddress::of(&payload).hex(),
        "d95f5851a5b6da7569c5b342501ef19242d8c185b49a1c869fcb1f23a0768fcd"
    );
    let leaf = Digest::new(Algorithm::Sha256, record(&every_event()[1]).leaf_hash);
    assert_eq!(leaf.hex(), "8ed4d2929d419444b787f6a97051056049289c5025cf140be153ea81928b8250");
}

#[test]
fn a_type_that_is_not_known_is_no_event() {
    assert_eq!(Event::decode(&word("v9.package.levitated"), &Bytes::from_static(b"\xff")).unwrap(), None);
}

#[test]
fn a_payload_that_is_not_canonical_or_not_of_its_type_is_refused() {
    let failed: EventType = word(PackageFailed::TYPE);
    for payload in [
        &b""[..],
        b"\xa0",
        b"\xa1\x66reason\x01",
        b"\xa1\x66reason\x78\x01x",
        b"\xa2\x65extra\x01\x66reason\x61x",
        b"\xbf\x66reason\x61x\xff",
    ] {
        assert!(Event::decode(&failed, &Bytes::copy_from_slice(payload)).is_err(), "{payload:?}");
    }
}

#[test]
fn only_events_that_bind_a_file_give_one() {
    let [_, ingested, replaced, finalized, ..] = &every_event()[..] else { panic!("six events") };
    let file = |event: &Event| event.file(package_id(3), START);
    let bound = file(ingested).unwrap();
    assert_eq!((bound.file_id, bound.package_id, bound.created_at), (file_id(7), package_id(3), START));
    assert_eq!(file(replaced).unwrap().file_id, file_id(1));
    assert_eq!(file(finalized), None);
}

#[test]
fn every_column_but_the_payload_is_in_the_leaf() {
    let sealed = record(&every_event()[1]);
    let changed = [
        EventRecord { sequence: 4, ..sealed.clone() },
        EventRecord { event_id: EventId::from_bytes([9; 16]), ..sealed.clone() },
        EventRecord { namespace: word("other"), ..sealed.clone() },
        EventRecord { event_type: word("v1.file.replaced"), ..sealed.clone() },
        EventRecord { subject_id: "other".into(), ..sealed.clone() },
        EventRecord { subject_revision: 3, ..sealed.clone() },
        EventRecord { actor: word("somebody else"), ..sealed.clone() },
        EventRecord { recorded_at: START.plus_seconds(1), ..sealed.clone() },
        EventRecord { payload_digest: [0; 32], ..sealed.clone() },
    ];
    for other in changed {
        assert_ne!(leaf_hash(&other).unwrap(), sealed.leaf_hash, "{other:?}");
    }
    let erased = EventRecord { payload: Bytes::new(), ..sealed.clone() };
    assert_eq!(leaf_hash(&erased).unwrap(), sealed.leaf_hash);
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<String>().prop_map(Value::Text),
    ];
    plain.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            btree_map(any::<String>(), inner, 0..4).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_producer_says_is_read_as_it_was_written(
        metadata in btree_map(any::<String>(), value(), 0..4),
        extra in btree_map(any::<String>(), value(), 0..4),
        source_refs in prop::collection::vec(any::<String>(), 0..3),
        producer_version in any::<Option<String>>(),
    ) {
        let provenance = Provenance { source_refs, producer_version, extra };
        let package = NewPackage { metadata, provenance, ..new_package("run") };
        let payload = Event::PackageCreated(package.clone().into()).encode().unwrap();
        cbor::check(&payload).unwrap();
        let Some(Event::PackageCreated(read)) = Event::decode(&word(PackageCreated::TYPE), &payload).unwrap() else {
            return Err(TestCaseError::fail("another event"));
        };
        prop_assert_eq!(NewPackage::from(read), package);
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(event_type in 0..6_usize, payload in prop::collection::vec(any::<u8>(), 0..80)) {
        let event_type: EventType = word(Event::TYPES[event_type]);
        // Whether they are taken does not matter here.
        let _ = Event::decode(&event_type, &Bytes::from(payload));
    }
}
