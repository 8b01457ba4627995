//! What is sent comes back equal, and what is hostile is refused with the name of its field.

use crate::{codes, v1};
use artifactstore_types::{
    Algorithm, BackendHealth, ByteRange, Category, ContentAddress, EventFilter, Fault, FileHeader, FileRecord,
    FileVerification, Health, MAX_SAFE_INTEGER, Metadata, Mismatch, NewPackage, PackageFilter, PackageRecord,
    PackageStatus, Page, PageToken, PlanAnswer, PlannedFile, Provenance, SmallFile, Timestamp, Upload, Value,
};
use bytes::Bytes;
use proptest::{collection::btree_map, option, prelude::*, sample::select};

fn named<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    "[a-z0-9][a-z0-9._-]{0,40}".prop_map(|text| text.parse().unwrap())
}

fn id<T>(new: fn(uuid::Uuid) -> T) -> impl Strategy<Value = T>
where
    T: std::fmt::Debug,
{
    any::<u128>().prop_map(move |bits| new(uuid::Uuid::from_u128(bits)))
}

fn address() -> impl Strategy<Value = ContentAddress> {
    any::<[u8; 32]>().prop_map(ContentAddress::from_blake3)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_000_i64..=253_402_207_200_999_999).prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).prop_map(Value::Int),
        "\\PC{0,12}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            btree_map("\\PC{0,6}", inner, 0..4).prop_map(Value::Map),
        ]
    })
}

fn metadata() -> impl Strategy<Value = Metadata> {
    btree_map("\\PC{0,6}", value(), 0..4)
}

prop_compose! {
    fn provenance()(
        source_refs in proptest::collection::vec("\\PC{0,20}", 0..4),
        producer_version in option::of("\\PC{0,20}"),
        extra in metadata(),
    ) -> Provenance {
        Provenance { source_refs, producer_version, extra }
    }
}

prop_compose! {
    fn new_package()(
        namespace in named(), name in named(), producer in named(), subject in named(), kind in option::of(named()),
        class in named(), metadata in metadata(), provenance in provenance(),
    ) -> NewPackage {
        NewPackage { namespace, name, producer, subject, kind, class, metadata, provenance }
    }
}

prop_compose! {
    fn package()(
        package_id in id(artifactstore_types::PackageId::new), package in new_package(), actor in named(),
        status in select(&PackageStatus::ALL[..]), created_at in time(), finalized_at in option::of(time()),
        manifest_digest in option::of(address()), failure_reason in option::of("\\PC{0,20}"),
        expires_at in option::of(time()), counts in any::<[u64; 4]>(),
    ) -> PackageRecord {
        let [file_count, size_bytes, revision, last_event_sequence] = counts;
        PackageRecord {
            package_id, package, actor, status, created_at, finalized_at, manifest_digest, failure_reason, expires_at,
            file_count, size_bytes, revision, last_event_sequence,
        }
    }
}

prop_compose! {
    fn file()(
        file_id in id(artifactstore_types::FileId::new), package_id in id(artifactstore_types::PackageId::new),
        relative_path in named(), executable in any::<bool>(), size_bytes in any::<u64>(), content_address in address(),
        sha256 in any::<[u8; 32]>(), created_at in time(),
    ) -> FileRecord {
        FileRecord {
            file_id, package_id, relative_path, media_type: "text/plain; charset=utf-8".parse().unwrap(), executable,
            size_bytes, content_address, sha256: artifactstore_types::Digest::new(Algorithm::Sha256, sha256), created_at,
        }
    }
}

prop_compose! {
    fn header()(
        relative_path in named(), executable in any::<bool>(), declared in option::of(address()),
    ) -> FileHeader {
        FileHeader { relative_path, media_type: "application/json".parse().unwrap(), executable, declared }
    }
}

prop_compose! {
    fn health()(
        version in "\\PC{0,9}", database_fault in option::of("\\PC{0,9}"), head in option::of(any::<u64>()),
        backend_id in named(), reachable in any::<bool>(), reason in option::of("\\PC{0,9}"),
        used_bytes in option::of(any::<u64>()), free_bytes in option::of(any::<u64>()),
    ) -> Health {
        let backend = BackendHealth { backend_id, reachable, reason, used_bytes, free_bytes };
        Health { version, database_fault, head, backends: vec![backend] }
    }
}

/// Sends a value as bytes and receives it.
fn sent<W: prost::Message + Default + From<T>, T: TryFrom<W, Error = Fault>>(value: T) -> T {
    let bytes = W::from(value).encode_to_vec();
    T::try_from(W::decode(bytes.as_slice()).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn packages_come_back(one in new_package(), page in proptest::collection::vec(package(), 0..3)) {
        prop_assert_eq!(sent::<v1::NewPackage, _>(one.clone()), one);
        let page = Page { items: page, next: Some(PageToken("next".to_owned())) };
        prop_assert_eq!(sent::<v1::ListPackagesResponse, _>(page.clone()), page);
    }

    #[test]
    fn files_come_back(page in proptest::collection::vec(file(), 0..3), header in header(), content: Vec<u8>) {
        let small = SmallFile { header, bytes: Bytes::from(content) };
        prop_assert_eq!(sent::<v1::SmallFile, _>(small.clone()), small);
        let page = Page { items: page, next: None };
        prop_assert_eq!(sent::<v1::ListFilesResponse, _>(page.clone()), page);
    }

    #[test]
    fn findings_come_back(file in file(), mismatch in option::of(select(&Mismatch::ALL[..]))) {
        let finding = FileVerification { file, mismatch };
        prop_assert_eq!(sent::<v1::FileVerification, _>(finding.clone()), finding);
    }

    #[test]
    fn plans_come_back(
        size_bytes: u64, address in option::of(address()), package_id in id(artifactstore_types::PackageId::new),
        actor in named(), replace: bool, idempotency_key in option::of(id(artifactstore_types::IdempotencyKey::new)),
    ) {
        let file = PlannedFile { size_bytes, address };
        prop_assert_eq!(sent::<v1::PlannedFile, _>(file), file);
        let upload = Upload { package_id, actor, replace, idempotency_key };
        prop_assert_eq!(sent::<v1::Upload, _>(upload.clone()), upload);
    }

    #[test]
    fn filters_come_back(
        status in option::of(select(&PackageStatus::ALL[..])), namespace in named(), producer in option::of(named()),
        subject in option::of(named()), class in option::of(named()), name in option::of(named()),
        types in proptest::collection::vec(named(), 0..3), subject_id in option::of("\\PC{0,9}"),
    ) {
        let filter = PackageFilter { namespace, status, producer, subject, class, name };
        prop_assert_eq!(sent::<v1::PackageFilter, _>(filter.clone()), filter);
        let filter = EventFilter { types, subject_id };
        prop_assert_eq!(sent::<v1::EventFilter, _>(filter.clone()), filter);
    }

    #[test]
    fn health_comes_back(health in health()) {
        prop_assert_eq!(v1::Health::from(health.clone()).serving, health.serving());
        prop_assert_eq!(sent::<v1::Health, _>(health.clone()), health);
    }

    #[test]
    fn results_come_back(file in file()) {
        let fault = Fault::new("AS-STORE-0001", Category::NotFound, "no such blob").about("x");
        for result in [Ok(file.clone()), Err(fault.clone())] {
            prop_assert_eq!(v1::FileResult::from(result.clone()).decoded().unwrap(), result);
        }
    }
}

#[test]
fn plan_answers_and_ranges_come_back() {
    let answers = [PlanAnswer::Have, PlanAnswer::Send, PlanAnswer::DigestFirst];
    let message = v1::PlanUploadResponse { answers: answers.map(|answer| v1::PlanAnswer::from(answer).into()).into() };
    assert_eq!(message.decoded().unwrap(), answers);
    let range = ByteRange { offset: 1, length: Some(0) };
    assert_eq!(ByteRange::from(v1::ByteRange::from(range)), range);
}

fn good_package() -> v1::NewPackage {
    v1::NewPackage {
        name: "run 7".to_owned(),
        producer: "guide-board".to_owned(),
        subject: "open-cmis-tck".to_owned(),
        retention_class: "raw-evidence".to_owned(),
        ..v1::NewPackage::default()
    }
}

#[track_caller]
fn refused<W, T: TryFrom<W, Error = Fault> + std::fmt::Debug>(message: W, field: &str) {
    let fault = T::try_from(message).unwrap_err();
    assert_eq!(fault.code, codes::FIELD);
    assert_eq!(fault.category, Category::Invalid);
    assert_eq!(fault.subject.as_deref(), Some(field));
}

#[test]
fn what_may_be_left_out_has_its_documented_meaning() {
    let package = NewPackage::try_from(good_package()).unwrap();
    assert_eq!(package.namespace.as_str(), "default");
    assert_eq!(package.provenance, Provenance::default());
    let header = v1::FileHeader { relative_path: "a".to_owned(), ..v1::FileHeader::default() };
    assert_eq!(FileHeader::try_from(header).unwrap().media_type.as_str(), "application/octet-stream");
}

#[test]
fn refuses_each_bad_name_of_a_package() {
    type Change = fn(&mut v1::NewPackage);
    let changes: [(&str, Change); 6] = [
        ("namespace", |package| package.namespace = "../etc".to_owned()),
        ("name", |package| package.name.clear()),
        ("producer", |package| package.producer = " padded ".to_owned()),
        ("subject", |package| package.subject = "nul\0".to_owned()),
        ("kind", |package| package.kind = Some(String::new())),
        ("retention_class", |package| package.retention_class = "Raw Evidence".to_owned()),
    ];
    for (field, change) in changes {
        let mut package = good_package();
        change(&mut package);
        refused::<_, NewPackage>(package, field);
    }
}

fn nested(levels: usize) -> v1::Value {
    let leaf = v1::Value { kind: Some(v1::value::Kind::BoolValue(true)) };
    (0..levels)
        .fold(leaf, |item, _| v1::Value { kind: Some(v1::value::Kind::ListValue(v1::ValueList { items: vec![item] })) })
}

fn with_metadata(value: v1::Value) -> v1::NewPackage {
    v1::NewPackage { metadata: [("key".to_owned(), value)].into(), ..good_package() }
}

#[test]
fn refuses_metadata_beyond_its_bounds() {
    let text = |bytes| v1::Value { kind: Some(v1::value::Kind::TextValue("x".repeat(bytes))) };
    let int = |int| v1::Value { kind: Some(v1::value::Kind::IntValue(int)) };
    let depth = Value::MAX_DEPTH - 1;
    for good in [nested(depth), text(65_000), int(MAX_SAFE_INTEGER)] {
        NewPackage::try_from(with_metadata(good)).unwrap();
    }
    for bad in [nested(depth + 1), nested(30), text(65_536), int(MAX_SAFE_INTEGER + 1), int(i64::MIN)] {
        refused::<_, NewPackage>(with_metadata(bad), "metadata");
    }
    refused::<_, NewPackage>(with_metadata(v1::Value { kind: None }), "metadata");
}

#[test]
fn refuses_provenance_beyond_its_bounds() {
    for source_refs in [vec![String::new(); 65], vec!["x".repeat(513)]] {
        let provenance = Some(v1::Provenance { source_refs, ..v1::Provenance::default() });
        refused::<_, NewPackage>(v1::NewPackage { provenance, ..good_package() }, "provenance");
    }
}

#[test]
fn refuses_bad_ids_paths_and_addresses() {
    for text in ["", "7", "../..", "00000000-0000-0000-0000-00000000000G", "00000000000000000000000000000000"] {
        let upload =
            v1::Upload { package_id: text.to_owned(), actor: "ci".to_owned(), replace: false, idempotency_key: None };
        refused::<_, Upload>(upload, "package_id");
    }
    for text in ["", "/etc/passwd", "../up", "a//b", "a\\b", "a\0", "cafe\u{301}", &"x".repeat(256)] {
        let header = v1::FileHeader { relative_path: text.to_owned(), ..v1::FileHeader::default() };
        refused::<_, FileHeader>(header, "relative_path");
    }
    let hex = "a".repeat(64);
    for text in [
        "",
        "blake3:",
        "blake3:00",
        &format!("md5:{hex}"),
        &format!("sha256:{hex}"),
        &format!("blake3:{}", hex.to_uppercase()),
    ] {
        let file = v1::PlannedFile { size_bytes: 0, content_address: Some(text.to_owned()) };
        refused::<_, PlannedFile>(file, "content_address");
    }
}

#[test]
fn names_the_item_of_a_list_that_is_refused() {
    let answer = v1::ListFilesResponse { files: vec![v1::FileRecord::default()], next_page_token: String::new() };
    refused::<_, Page<FileRecord>>(answer, "files[0].file_id");
}

#[test]
fn refuses_numbers_that_name_nothing() {
    refused::<_, PackageFilter>(v1::PackageFilter { status: 99, ..v1::PackageFilter::default() }, "status");
    let answers = v1::PlanUploadResponse { answers: vec![0] };
    assert_eq!(answers.decoded().unwrap_err().subject.as_deref(), Some("answers"));
}

#[test]
fn refuses_more_event_types_than_a_filter_may_name() {
    let types = vec!["v1.package.created".to_owned(); 65];
    refused::<_, EventFilter>(v1::EventFilter { types, subject_id: None }, "types");
}
