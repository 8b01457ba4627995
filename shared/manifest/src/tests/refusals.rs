//! Every rule of a manifest, broken once, in its parts or in its bytes.

use artifactstore_types::{
    Actor, Algorithm, BackendId, ClassName, ContentAddress, Location, MAX_SAFE_INTEGER, MediaType, Metadata, Name,
    Namespace, NodeId, PackageId, Producer, Provenance, ProvenanceRefused, Subject, Timestamp, Value, ValueRefused,
};
use uuid::Uuid;

use crate::{
    FileEntry, Manifest, ManifestRefused, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt,
    WordRefused,
    cbor::{self, CborRefused, CborRule},
    to_json,
};

struct Parts {
    package: PackageSection,
    files: Vec<FileEntry>,
    receipts: Vec<StorageReceipt>,
    provenance: ProvenanceSection,
}

impl Parts {
    fn build(self) -> Result<Manifest, ManifestRefused> {
        let retention = RetentionSummary { class: ClassName::new("raw-evidence").unwrap(), expires_at: None };
        Manifest::new(self.package, self.files, self.receipts, retention, self.provenance)
    }
}

fn file(path: &str, content: &[u8]) -> FileEntry {
    FileEntry {
        relative_path: path.parse().unwrap(),
        media_type: MediaType::default(),
        size_bytes: content.len() as u64,
        content_address: ContentAddress::of(content),
        sha256: Algorithm::Sha256.digest(content),
        executable: false,
    }
}

fn receipt(content: &[u8], key: &str) -> StorageReceipt {
    let backend_id = BackendId::new("local").unwrap();
    StorageReceipt {
        content_address: ContentAddress::of(content),
        location: Location { backend_id, key: key.to_owned(), offset: 0, length: content.len() as u64 },
        node_id: NodeId::new("node-a").unwrap(),
        stored_at: Timestamp::from_micros(0).unwrap(),
    }
}

fn parts() -> Parts {
    let time = Timestamp::from_micros(1_700_000_000_000_000).unwrap();
    Parts {
        package: PackageSection {
            id: PackageId::new(Uuid::from_u128(1)),
            namespace: Namespace::default(),
            name: Name::new("run").unwrap(),
            producer: Producer::new("guide-board").unwrap(),
            subject: Subject::new("open-cmis-tck").unwrap(),
            kind: None,
            created_at: time,
            finalized_at: time,
            metadata: Metadata::new(),
        },
        files: vec![file("a", b"1"), file("b", b"22")],
        receipts: vec![receipt(b"1", "k1"), receipt(b"22", "k2")],
        provenance: ProvenanceSection { actor: Actor::new("ci").unwrap(), origin: Provenance::default() },
    }
}

/// The bytes of a good manifest with a change made to its tree.
fn changed(change: impl FnOnce(&mut Metadata)) -> Result<Manifest, ManifestRefused> {
    let Value::Map(mut manifest) = cbor::decode(&parts().build().unwrap().encode()).unwrap() else { unreachable!() };
    change(&mut manifest);
    Manifest::decode(&cbor::encode(&Value::Map(manifest)))
}

fn map(value: &mut Value) -> &mut Metadata {
    let Value::Map(entries) = value else { panic!("not a map: {value:?}") };
    entries
}

fn section<'a>(manifest: &'a mut Metadata, key: &str) -> &'a mut Metadata {
    map(manifest.get_mut(key).unwrap())
}

fn item<'a>(manifest: &'a mut Metadata, key: &str, index: usize) -> &'a mut Metadata {
    let Some(Value::List(items)) = manifest.get_mut(key) else { panic!("not a list: {key}") };
    map(&mut items[index])
}

fn set(entries: &mut Metadata, key: &str, value: Value) {
    assert!(entries.insert(key.to_owned(), value).is_some(), "no key {key}");
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn the_manifest_that_is_broken_below_is_good() {
    assert_eq!(changed(|_| {}), parts().build());
}

#[test]
fn two_files_at_one_path_are_refused() {
    let mut twice = parts();
    twice.files.push(file("a", b"other"));
    assert_eq!(twice.build(), Err(ManifestRefused::DuplicatePath("a".parse().unwrap())));
    let bytes = changed(|manifest| set(item(manifest, "files", 1), "relative_path", text("a")));
    assert_eq!(bytes, Err(ManifestRefused::DuplicatePath("a".parse().unwrap())));
}

#[test]
fn files_and_receipts_out_of_order_are_refused() {
    let files = changed(|manifest| set(item(manifest, "files", 0), "relative_path", text("c")));
    assert_eq!(files, Err(ManifestRefused::FileOrder("b".parse().unwrap())));
    let receipts = changed(|manifest| {
        let Some(Value::List(items)) = manifest.get_mut("storage_receipts") else { unreachable!() };
        items.swap(0, 1);
    });
    assert!(matches!(receipts, Err(ManifestRefused::ReceiptOrder(_))));
    let twice = changed(|manifest| {
        let Some(Value::List(items)) = manifest.get_mut("storage_receipts") else { unreachable!() };
        items[1] = items[0].clone();
    });
    assert!(matches!(twice, Err(ManifestRefused::ReceiptOrder(_))));
}

#[test]
fn paths_are_ordered_by_bytes_not_by_parts() {
    let mut built = parts();
    built.files = ["a/b", "a.b", "a", "B", "é", "z"].map(|path| file(path, b"1")).to_vec();
    let manifest = built.build().unwrap();
    let paths: Vec<_> = manifest.files().iter().map(|file| file.relative_path.as_str()).collect();
    assert_eq!(paths, ["B", "a", "a.b", "a/b", "z", "é"]);
}

#[test]
fn digests_must_be_of_the_algorithm_they_stand_for() {
    let mut wrong = parts();
    wrong.files[0].sha256 = Algorithm::Blake3.digest(b"1");
    assert_eq!(wrong.build(), Err(ManifestRefused::NotSha256("a".parse().unwrap())));
    let mismatch = changed(|manifest| {
        let digests = section(item(manifest, "files", 0), "digests");
        set(digests, "blake3", text(&Algorithm::Blake3.digest(b"other").hex()));
    });
    assert_eq!(mismatch, Err(ManifestRefused::AddressMismatch("a".parse().unwrap())));
}

#[test]
fn integers_beyond_what_json_holds_are_refused() {
    let too_large = MAX_SAFE_INTEGER.unsigned_abs() + 1;
    let mut built = parts();
    built.files[0].size_bytes = too_large;
    assert_eq!(built.build(), Err(ManifestRefused::IntegerTooLarge { field: "size_bytes" }));
    let mut built = parts();
    built.receipts[0].location.offset = too_large;
    assert_eq!(built.build(), Err(ManifestRefused::IntegerTooLarge { field: "offset" }));
    let mut built = parts();
    built.receipts[0].location.length = u64::MAX;
    assert_eq!(built.build(), Err(ManifestRefused::IntegerTooLarge { field: "length" }));
    let mut built = parts();
    built.package.metadata.insert("n".to_owned(), Value::Int(i64::MIN));
    assert_eq!(built.build(), Err(ManifestRefused::Metadata(ValueRefused::IntegerTooLarge)));
    let bytes = changed(|manifest| {
        section(section(manifest, "package"), "metadata").insert("n".to_owned(), Value::Int(i64::MAX));
    });
    assert_eq!(bytes, Err(ManifestRefused::Metadata(ValueRefused::IntegerTooLarge)));
}

#[test]
fn metadata_and_provenance_out_of_bounds_are_refused() {
    let mut built = parts();
    built.package.metadata.insert("text".to_owned(), text(&"x".repeat(Value::MAX_BYTES)));
    assert_eq!(built.build(), Err(ManifestRefused::Metadata(ValueRefused::TooLarge)));
    let mut built = parts();
    built.provenance.origin.source_refs = vec![String::new(); Provenance::MAX_SOURCE_REFS + 1];
    assert_eq!(built.build(), Err(ManifestRefused::Provenance(ProvenanceRefused::TooManySourceRefs)));
    let mut built = parts();
    built.provenance.origin.producer_version = Some("v".repeat(Provenance::MAX_TEXT_BYTES + 1));
    assert_eq!(built.build(), Err(ManifestRefused::Provenance(ProvenanceRefused::TextTooLong)));
}

#[test]
fn metadata_as_deep_as_a_value_may_be_is_carried_in_both_forms() {
    let nested = |lists| (0..lists).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let mut deepest = parts();
    // The map itself is one level.
    deepest.package.metadata.insert("deep".to_owned(), nested(Value::MAX_DEPTH - 1));
    let manifest = deepest.build().unwrap();
    assert_eq!(Manifest::decode(&manifest.encode()).as_ref(), Ok(&manifest));
    assert_eq!(Manifest::from_jcs(&manifest.jcs()), Ok(manifest));
    let mut deeper = parts();
    deeper.package.metadata.insert("deep".to_owned(), nested(Value::MAX_DEPTH));
    assert_eq!(deeper.build(), Err(ManifestRefused::Metadata(ValueRefused::TooDeep)));
}

#[test]
fn another_version_is_refused_as_such_whatever_else_has_changed() {
    for version in [0, 2, MAX_SAFE_INTEGER] {
        let refused = changed(|manifest| {
            set(manifest, "manifest_version", Value::Int(version));
            set(manifest, "files", Value::Null);
            manifest.insert("new".to_owned(), Value::Null);
        });
        assert_eq!(refused, Err(ManifestRefused::UnknownVersion(version.unsigned_abs())));
    }
    let absent = changed(|manifest| drop(manifest.remove("manifest_version")));
    assert!(matches!(absent, Err(ManifestRefused::Layout { expected: "manifest_version", .. })));
}

#[test]
fn a_key_too_many_or_too_few_is_refused_in_every_section() {
    type Change = fn(&mut Metadata) -> &mut Metadata;
    let sections: [Change; 7] = [
        |manifest| manifest,
        |manifest| section(manifest, "package"),
        |manifest| section(manifest, "provenance"),
        |manifest| section(manifest, "retention_summary"),
        |manifest| item(manifest, "files", 0),
        |manifest| section(item(manifest, "files", 1), "digests"),
        |manifest| item(manifest, "storage_receipts", 1),
    ];
    for of in sections {
        let more = changed(|manifest| drop(of(manifest).insert("zz".to_owned(), Value::Null)));
        assert!(matches!(more, Err(ManifestRefused::Layout { .. })), "{more:?}");
        let mut keys = Vec::new();
        assert!(changed(|manifest| keys.extend(of(manifest).keys().cloned())).is_ok());
        for key in keys {
            let fewer = changed(|manifest| drop(of(manifest).remove(&key)));
            assert!(matches!(fewer, Err(ManifestRefused::Layout { .. })), "{key}: {fewer:?}");
            let renamed = changed(|manifest| {
                let entries = of(manifest);
                let value = entries.remove(&key).unwrap();
                entries.insert(format!("{key}x"), value);
            });
            assert!(matches!(renamed, Err(ManifestRefused::Layout { .. })), "{key}: {renamed:?}");
            let retyped = changed(|manifest| drop(of(manifest).insert(key.clone(), Value::List(vec![Value::Int(-1)]))));
            assert!(matches!(retyped, Err(ManifestRefused::Layout { .. })), "{key}: {retyped:?}");
        }
    }
}

#[test]
fn texts_that_are_not_the_words_they_stand_for_are_refused() {
    let upper = ContentAddress::of(b"1").to_string().to_uppercase();
    for (key, bad) in [("relative_path", "../x"), ("media_type", "text/plain\r\nx: y"), ("content_address", &upper)] {
        let refused = changed(|manifest| set(item(manifest, "files", 0), key, text(bad)));
        assert!(matches!(refused, Err(ManifestRefused::Word { field, .. }) if field == key), "{refused:?}");
    }
    for (key, bad) in [("id", "1"), ("name", ""), ("namespace", "A"), ("created_at", "2026-01-31"), ("kind", " ")] {
        let refused = changed(|manifest| set(section(manifest, "package"), key, text(bad)));
        assert!(matches!(refused, Err(ManifestRefused::Word { field, .. }) if field == key), "{refused:?}");
    }
    let sha256 = Algorithm::Sha256.digest(b"1");
    for bad in [sha256.to_string(), sha256.hex().to_uppercase(), sha256.hex()[1..].to_owned()] {
        let refused = changed(|manifest| set(section(item(manifest, "files", 0), "digests"), "sha256", text(&bad)));
        let Err(ManifestRefused::Word { field: "sha256", refused: WordRefused::Digest(_) }) = refused else {
            panic!("{refused:?}")
        };
    }
}

#[test]
fn bytes_that_are_not_a_map_or_not_deterministic_are_refused() {
    for bytes in [&[0xf6][..], &[0x80], &[0x61, b'a'], &[0x00]] {
        assert!(matches!(Manifest::decode(bytes), Err(ManifestRefused::Layout { .. })));
        assert!(matches!(to_json(bytes), Err(ManifestRefused::Layout { .. })));
    }
    let good = parts().build().unwrap().encode();
    let trailing = [good.clone(), vec![0xf6]].concat();
    let refused = CborRefused::Broken { rule: CborRule::Trailing, offset: good.len() };
    assert_eq!(Manifest::decode(&trailing), Err(ManifestRefused::Cbor(refused)));
    // The same map with its length given at the end.
    let indefinite = [&[0xbf], &good[1..], &[0xff]].concat();
    let refused = CborRefused::Broken { rule: CborRule::Indefinite, offset: 0 };
    assert_eq!(Manifest::decode(&indefinite), Err(ManifestRefused::Cbor(refused)));
}

#[test]
fn a_receipt_given_twice_is_kept_once() {
    let mut twice = parts();
    twice.receipts.extend(twice.receipts.clone());
    assert_eq!(twice.build(), parts().build());
}

#[test]
fn one_blob_may_lie_at_several_places() {
    let mut built = parts();
    built.receipts = vec![receipt(b"1", "k2"), receipt(b"1", "k1")];
    built.receipts[0].node_id = NodeId::new("node-b").unwrap();
    let manifest = built.build().unwrap();
    let keys: Vec<_> = manifest.storage_receipts().iter().map(|receipt| receipt.location.key.as_str()).collect();
    assert_eq!(keys, ["k1", "k2"]);
    assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
}

#[test]
fn two_nodes_may_vouch_for_one_place_in_either_order() {
    let here = receipt(b"1", "k");
    let later = StorageReceipt { stored_at: Timestamp::LATEST, ..here.clone() };
    let other_node = StorageReceipt { node_id: NodeId::new("node-b").unwrap(), ..here.clone() };
    let (mut one, mut other) = (parts(), parts());
    one.receipts = vec![here.clone(), later.clone(), other_node.clone()];
    other.receipts = vec![other_node.clone(), later.clone(), here.clone()];
    let manifest = one.build().unwrap();
    assert_eq!(manifest.storage_receipts(), [here, later, other_node]);
    assert_eq!(other.build().unwrap().encode(), manifest.encode());
}
