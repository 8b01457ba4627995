//! Arbitrary parts of a manifest.

use artifactstore_types::{
    Actor, Algorithm, BackendId, ClassName, ContentAddress, Digest, Location, MAX_SAFE_INTEGER, MediaType, Metadata,
    Name, Namespace, NodeId, PackageId, Producer, Provenance, RelativePath, Subject, Timestamp,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::values;
use crate::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt};

const SAFE: std::ops::RangeInclusive<i64> = -MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER;

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{1,60}", "[a-zäöß水🦀]{1,20}( [!-~]{1,10})?"]
}

fn slugs() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9._-]{0,12}"
}

fn times() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_000..=Timestamp::LATEST.micros()).prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

fn sizes() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..100_000, 0..=MAX_SAFE_INTEGER.unsigned_abs(), Just(MAX_SAFE_INTEGER.unsigned_abs())]
}

fn addresses() -> impl Strategy<Value = ContentAddress> {
    // Few enough that blobs are shared by files and receipts.
    prop_oneof![
        (0_u8..4).prop_map(|byte| ContentAddress::of(&[byte])),
        any::<[u8; 32]>().prop_map(ContentAddress::from_blake3)
    ]
}

fn metadata() -> impl Strategy<Value = Metadata> {
    prop::collection::btree_map("[a-zA-Z._-]{0,6}", values(SAFE), 0..4)
        .prop_filter("within bounds", |metadata| artifactstore_types::Value::check_metadata(metadata).is_ok())
}

fn paths() -> impl Strategy<Value = RelativePath> {
    prop_oneof![
        "[a-c]{1,3}(/[a-c.]{1,2}x){0,3}".prop_map(|text| RelativePath::new(text).unwrap()),
        "[!-.0-\\[\\]-~]{3,30}".prop_map(|text| RelativePath::new(text).unwrap()),
        any::<String>().prop_filter_map("a path", |text| RelativePath::normalized(&text).ok()),
    ]
}

prop_compose! {
    fn packages()(
        id in any::<u128>(), names in prop::array::uniform3(texts()), kind in prop::option::of(texts()),
        namespace in slugs(), created_at in times(), finalized_at in times(), metadata in metadata(),
    ) -> PackageSection {
        let [name, producer, subject] = names;
        PackageSection {
            id: PackageId::new(Uuid::from_u128(id)),
            namespace: Namespace::new(namespace).unwrap(),
            name: Name::new(name).unwrap(),
            producer: Producer::new(producer).unwrap(),
            subject: Subject::new(subject).unwrap(),
            kind: kind.map(|kind| Name::new(kind).unwrap()),
            created_at,
            finalized_at,
            metadata,
        }
    }
}

prop_compose! {
    fn files()(
        relative_path in paths(), media_type in "[a-z]{1,8}/[a-z0-9][a-z0-9.+-]{0,9}(; charset=utf-8)?", size_bytes in sizes(),
        content_address in addresses(), sha256: [u8; 32], executable: bool,
    ) -> FileEntry {
        let media_type = MediaType::new(media_type).unwrap();
        let sha256 = Digest::new(Algorithm::Sha256, sha256);
        FileEntry { relative_path, media_type, size_bytes, content_address, sha256, executable }
    }
}

prop_compose! {
    fn receipts()(
        content_address in addresses(), backend in "(local|rgw-[a-c])", key in any::<String>(), offset in sizes(),
        length in sizes(), node in slugs(), stored_at in times(),
    ) -> StorageReceipt {
        let backend_id = BackendId::new(backend).unwrap();
        let location = Location { backend_id, key, offset, length };
        StorageReceipt { content_address, location, node_id: NodeId::new(node).unwrap(), stored_at }
    }
}

prop_compose! {
    fn provenances()(
        actor in texts(), source_refs in prop::collection::vec(texts(), 0..4),
        producer_version in prop::option::of(texts()), extra in metadata(),
    ) -> ProvenanceSection {
        let origin = Provenance { source_refs, producer_version, extra };
        ProvenanceSection { actor: Actor::new(actor).unwrap(), origin }
    }
}

/// Files with distinct paths, in any order.
pub(crate) fn file_lists() -> impl Strategy<Value = Vec<FileEntry>> {
    prop::collection::vec(files(), 0..8).prop_map(|mut files| {
        let mut seen = std::collections::HashSet::new();
        files.retain(|file| seen.insert(file.relative_path.clone()));
        files
    })
}

prop_compose! {
    /// Manifests with anything in them that may be there.
    pub(crate) fn manifests()(
        package in packages(), files in file_lists(), receipts in prop::collection::vec(receipts(), 0..8),
        class in slugs(), expires_at in prop::option::of(times()), provenance in provenances(),
    ) -> Manifest {
        let retention = RetentionSummary { class: ClassName::new(class).unwrap(), expires_at };
        Manifest::new(package, files, receipts, retention, provenance).unwrap()
    }
}
