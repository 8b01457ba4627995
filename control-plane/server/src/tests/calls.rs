//! What a producer or a subscriber gets through the network is what the store answered.

use artifactstore_client::{KnownFile, ManifestFormat, TailRequest};
use artifactstore_testkit::{file_header, new_package, small_file, upload};
use artifactstore_types::{
    ByteRange, Category, ContentAddress, EventFilter, Mismatch, NewPackage, PackageFilter, PackageStatus, PageSize,
    PlanAnswer, PlannedFile, Value,
};
use artifactstore_wire::limits;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::*;

fn bytes_of(size: usize) -> Bytes {
    (0..=250).cycle().take(size).collect()
}

/// `bytes` in chunks of that size.
fn chunked(bytes: &Bytes, size: usize) -> artifactstore_client::ByteStream {
    let chunks: Vec<_> = bytes.chunks(size.max(1)).map(|chunk| Ok(bytes.slice_ref(chunk))).collect();
    stream::iter(chunks).boxed()
}

async fn collected(bytes: artifactstore_client::ByteStream) -> Result<Vec<u8>, Fault> {
    bytes
        .try_fold(Vec::new(), |mut all, chunk| async move {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
}

#[tokio::test]
async fn packages_are_created_loaded_finalized_and_failed() {
    let running = running(Fake::new().0).await;
    let mut package = new_package("run 7");
    package.metadata.insert("checks".to_owned(), Value::List(vec![Value::Int(-3), Value::Null]));
    let created = running.remote.create_package(&actor(), package.clone(), None).await.unwrap();
    assert_eq!((&created.package, created.actor.clone()), (&package, actor()));
    assert_eq!(running.remote.load_package(created.package_id).await.unwrap(), created);
    assert_eq!(running.fake.load_package(created.package_id).await.unwrap(), created);

    let finalized = running.remote.finalize_package(&actor(), created.package_id).await.unwrap();
    assert_eq!(finalized.status, PackageStatus::Finalized);
    assert!(finalized.manifest_digest.is_some() && finalized.finalized_at.is_some());

    let failed = running.remote.fail_package(&actor(), running.package().await, "no more disk").await.unwrap();
    assert_eq!((failed.status, failed.failure_reason.as_deref()), (PackageStatus::Failed, Some("no more disk")));
}

#[tokio::test]
async fn a_fault_of_the_store_arrives_as_it_was_made() {
    let running = running(Fake::new().0).await;
    let unknown = artifactstore_testkit::package_id(99);
    let there = running.fake.load_package(unknown).await.unwrap_err();
    assert_eq!(running.remote.load_package(unknown).await.unwrap_err(), there);
    assert_eq!((there.category, there.subject), (Category::NotFound, Some(unknown.to_string())));
}

#[tokio::test]
async fn files_of_any_size_and_chunking_arrive_whole() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let chunk = limits::MAX_CHUNK_BYTES;
    for (size, step) in [(0, 1), (1, 1), (1_000, 7), (chunk, chunk), (chunk + 1, chunk + 1), (9 * chunk + 3, 5 * chunk)]
    {
        let bytes = bytes_of(size);
        let path = format!("{size}");
        let sent =
            running.remote.ingest_file(&upload(package), file_header(&path), chunked(&bytes, step)).await.unwrap();
        assert_eq!((sent.size_bytes, sent.content_address), (size as u64, ContentAddress::of(&bytes)), "{size}");

        let download = running.remote.download(package, &sent.relative_path, ByteRange::ALL).await.unwrap();
        assert_eq!((&download.file, download.range.clone(), download.verified), (&sent, 0..size as u64, true));
        assert!(collected(download.bytes).await.unwrap() == bytes, "{size}");
    }
}

#[tokio::test]
async fn a_range_is_that_range_of_the_whole() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let (path, bytes) = ("a".parse().unwrap(), bytes_of(3_000_000));
    running.remote.ingest_file(&upload(package), file_header("a"), chunked(&bytes, 100_000)).await.unwrap();
    for (offset, length, expected) in
        [(0, Some(5), 0..5), (10, None, 10..3_000_000), (2_999_999, Some(9), 2_999_999..3_000_000), (7, Some(0), 7..7)]
    {
        let download = running.remote.download(package, &path, ByteRange { offset, length }).await.unwrap();
        assert_eq!((download.range, download.verified), (expected.start as u64..expected.end as u64, false));
        assert!(collected(download.bytes).await.unwrap() == bytes[expected]);
    }
    let beyond = ByteRange { offset: 3_000_001, length: None };
    let Err(fault) = running.remote.download(package, &path, beyond).await else { panic!("nothing lies there") };
    assert_eq!(fault.category, Category::OutOfRange);
}

#[tokio::test]
async fn a_fault_in_the_middle_of_a_download_is_not_a_shorter_file() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    running.remote.ingest_file(&upload(package), file_header("rotten"), chunked(&bytes_of(10), 10)).await.unwrap();
    let download = running.remote.download(package, &"rotten".parse().unwrap(), ByteRange::ALL).await.unwrap();
    assert_eq!(collected(download.bytes).await.unwrap_err().category, Category::DataLoss);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_is_not_added() {
    let (fake, mut endings) = Fake::new();
    let running = running(fake).await;
    let package = running.package().await;
    let fault = Fault::new("AS-TEST-0009", Category::FailedPrecondition, "push file: it changed");
    let bytes = stream::iter([Ok(bytes_of(100_000)), Err(fault.clone())]).boxed();
    let refused = running.remote.ingest_file(&upload(package), file_header("a"), bytes).await.unwrap_err();
    assert_eq!(refused, fault);
    assert!(matches!(endings.recv().await, Some(fake::Ending::Failed(_))));
    assert_eq!(running.fake.file_count(), 0);
}

#[tokio::test]
async fn small_files_are_answered_each_on_its_own_and_in_order() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let files: Vec<_> = (0..5_000).map(|index| small_file(&format!("{}", index % 4_000), format!("{index}"))).collect();
    let results: Vec<_> = running.remote.ingest_files(&upload(package), stream::iter(files).boxed()).collect().await;
    assert_eq!(results.len(), 5_000);
    for (index, result) in results.into_iter().enumerate() {
        match result {
            Ok(file) => assert_eq!((index < 4_000, file.relative_path.as_str()), (true, index.to_string().as_str())),
            Err(fault) => assert_eq!((index >= 4_000, fault.category), (true, Category::AlreadyExists)),
        }
    }
}

#[tokio::test]
async fn small_files_for_a_package_that_is_not_there_are_one_fault() {
    let running = running(Fake::new().0).await;
    let endless = stream::repeat_with(|| small_file("a", "a")).boxed();
    let results = running.remote.ingest_files(&upload(artifactstore_testkit::package_id(9)), endless);
    let results: Vec<_> = results.collect().await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].as_ref().unwrap_err().code, "AS-TEST-0001");
}

#[tokio::test]
async fn plans_and_commits_are_answered_in_order_however_many_there_are() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let known = running.remote.ingest_file(&upload(package), file_header("a"), chunked(&bytes_of(5), 5)).await.unwrap();

    let plan = |size_bytes, address| PlannedFile { size_bytes, address };
    let files = [plan(5, Some(known.content_address)), plan(5, None), plan(6, None)];
    let answers = running.remote.plan_upload(package, &files).await.unwrap();
    assert_eq!(answers, [PlanAnswer::Have, PlanAnswer::DigestFirst, PlanAnswer::Send]);

    let file = |index| {
        let address = if index % 3 == 0 { ContentAddress::of(b"not here") } else { known.content_address };
        KnownFile { header: file_header(&format!("copies/{index}")), address }
    };
    let results = running.remote.commit_files(&upload(package), (0..2_500).map(file).collect()).await.unwrap();
    assert_eq!(results.len(), 2_500);
    for (index, result) in results.into_iter().enumerate() {
        match result {
            Ok(file) => assert_eq!(file.relative_path.as_str(), format!("copies/{index}")),
            Err(fault) => assert_eq!((index % 3, fault.category), (0, Category::NotFound)),
        }
    }
    assert_eq!(running.remote.commit_files(&upload(package), Vec::new()).await.unwrap(), []);
}

#[tokio::test]
async fn listings_are_paged_to_their_end() {
    let running = running(Fake::new().0).await;
    let mut created = Vec::new();
    for index in 0..25 {
        let package = new_package(if index % 2 == 0 { "even" } else { "odd" });
        created.push(running.remote.create_package(&actor(), package, None).await.unwrap());
    }
    let filter = PackageFilter { name: Some("even".parse().unwrap()), ..PackageFilter::default() };
    let (mut token, mut listed) = (None, Vec::new());
    loop {
        let page = running.remote.list_packages(&filter, PageSize::clamped(4), token).await.unwrap();
        assert!(page.items.len() <= 4);
        listed.extend(page.items);
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    created.retain(|package| package.package.name.as_str() == "even");
    assert_eq!(listed, created);

    let package = created[0].package_id;
    let files = stream::iter((0..7).map(|index| small_file(&format!("{index}"), "x"))).boxed();
    running.remote.ingest_files(&upload(package), files).try_collect::<Vec<_>>().await.unwrap();
    let first = running.remote.list_files(package, PageSize::clamped(5), None).await.unwrap();
    let second = running.remote.list_files(package, PageSize::clamped(5), first.next).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (5, 2, None));
}

#[tokio::test]
async fn a_page_of_packages_with_large_metadata_is_cut_to_fit_a_message() {
    let running = running(Fake::new().0).await;
    let text = "x".repeat(65_000);
    let large = NewPackage { metadata: [("log".to_owned(), Value::Text(text))].into(), ..new_package("large") };
    for _ in 0..130 {
        running.remote.create_package(&actor(), large.clone(), None).await.unwrap();
    }
    let (mut token, mut listed) = (None, 0);
    loop {
        let page = running.remote.list_packages(&PackageFilter::default(), PageSize::MAX, token).await.unwrap();
        assert!(!page.items.is_empty());
        listed += page.items.len();
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(listed, 130);
}

#[tokio::test]
async fn manifests_beyond_a_message_arrive_whole() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let empty = running.remote.load_manifest(package, ManifestFormat::Cbor).await.unwrap();
    assert!(empty.is_empty());
    let bytes = bytes_of(limits::MESSAGE_BYTES * 2 + 1);
    running.remote.ingest_file(&upload(package), file_header("a"), chunked(&bytes, 1_000_000)).await.unwrap();
    assert!(running.remote.load_manifest(package, ManifestFormat::Cbor).await.unwrap() == bytes);
    assert_eq!(running.remote.load_manifest(package, ManifestFormat::Json).await.unwrap().as_ref(), b"{}");
}

#[tokio::test]
async fn findings_come_one_a_file() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let files = stream::iter(["good", "rotten"].map(|path| small_file(path, path))).boxed();
    running.remote.ingest_files(&upload(package), files).try_collect::<Vec<_>>().await.unwrap();
    let findings: Vec<_> = running.remote.verify_package(package).try_collect().await.unwrap();
    let found: Vec<_> = findings.iter().map(|one| (one.file.relative_path.as_str(), one.mismatch)).collect();
    assert_eq!(found, [("good", None), ("rotten", Some(Mismatch::Digest))]);
}

#[tokio::test]
async fn a_tail_ends_at_the_end_of_the_log() {
    let running = running(Fake::new().0).await;
    for size in [0, 10, limits::MESSAGE_BYTES + 5, 3] {
        running.fake.happen("v1.package.created", size);
    }
    let there: Vec<_> = running.fake.tail(TailRequest::default()).try_collect().await.unwrap();
    let here: Vec<_> = running.remote.tail(TailRequest::default()).try_collect().await.unwrap();
    assert!(here == there);
    let rest: Vec<_> =
        running.remote.tail(TailRequest { since: 3, ..TailRequest::default() }).try_collect().await.unwrap();
    assert_eq!(rest.iter().map(|event| event.sequence).collect::<Vec<_>>(), [4]);
}

#[tokio::test]
async fn a_live_tail_brings_only_what_it_was_asked_for() {
    let running = running(Fake::new().0).await;
    let filter = EventFilter { types: vec!["v1.package.finalized".parse().unwrap()], subject_id: None };
    let mut events = running.remote.tail(TailRequest { filter, follow: true, ..TailRequest::default() });
    running.fake.happen("v1.package.created", 1);
    running.fake.happen("v1.package.finalized", 1);
    assert_eq!(events.try_next().await.unwrap().unwrap().sequence, 2);
    running.fake.happen("v1.package.failed", 1);
    running.fake.happen("v1.package.finalized", 1);
    assert_eq!(events.try_next().await.unwrap().unwrap().sequence, 4);
}

#[tokio::test]
async fn health_arrives_as_the_store_says_it() {
    let running = running(Fake::new().0).await;
    assert_eq!(running.remote.health().await.unwrap(), fake::healthy());
}
