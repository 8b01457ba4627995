//! What a bucket of a real store must stand beyond the obligations: gateways that are busy, answers that are lost, stores
//! that hang, and more objects than fit into one answer.

mod leftovers;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine, S3Credentials, S3Keys, S3Options};
use artifactstore_types::{
    ByteRange, Category, Clock as _, ContentAddress, Fault, Location, Mismatch, Outcome, Receipt, Retry, SystemClock,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore as _, ObjectStoreExt as _, path::Path};

use crate::support::{
    backend_id,
    bucket::Bucket,
    eventually, open, options,
    proxy::{Asked, Trouble},
};

/// Sizes that go to a bucket in different ways: in a pack, in one piece, in parts.
const SIZES: [usize; 3] = [1_000, 500_000, 20_000_000];
const MIB: usize = 1024 * 1024;

async fn ingest(engine: &Engine, content: &Content) -> Result<Receipt, Fault> {
    engine.ingest_stream(IngestHints::default(), content.stream(60_000)).await
}

async fn ingest_declared(engine: &Engine, content: &Content) -> Result<Receipt, Fault> {
    let hints = IngestHints { declared: Some(content.address()), ..IngestHints::default() };
    engine.ingest_stream(hints, content.stream(60_000)).await
}

async fn serve(engine: &Engine, content: &Content, location: &Location) -> Result<Bytes, Fault> {
    let served = engine.serve_object(content.address(), location, ByteRange::ALL).await?;
    Ok(served.bytes.try_collect::<Vec<_>>().await?.concat().into())
}

async fn have(engine: &Engine, address: ContentAddress) -> Option<Location> {
    engine.have_objects(None, &[address]).await.unwrap().pop().unwrap()
}

async fn keys(bucket: &Bucket) -> Vec<String> {
    let listed = bucket.objects().list(None).map_ok(|meta| meta.location.to_string());
    listed.try_collect().await.unwrap()
}

/// Every so many requests one is in trouble.
fn every(nth: usize, trouble: Trouble) -> impl FnMut(Asked<'_>) -> Option<Trouble> {
    let mut asked = 0;
    move |_| {
        asked += 1;
        (asked % nth == 0).then_some(trouble)
    }
}

/// Every request that changes something is in trouble.
fn changes(trouble: Trouble) -> impl FnMut(Asked<'_>) -> Option<Trouble> {
    move |asked| matches!(asked.method, "PUT" | "POST").then_some(trouble)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_busy_is_asked_again_and_every_upload_succeeds() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    bucket.proxy.trouble(every(3, Trouble::Refused(503, "SlowDown")));
    for (seed, size) in (0..).zip(SIZES) {
        for (seed, declared) in [(2 * seed, false), (2 * seed + 1, true)] {
            let content = Content::new(seed, size);
            let ingested =
                if declared { ingest_declared(&engine, &content).await } else { ingest(&engine, &content).await };
            let receipt = ingested.unwrap();
            assert_eq!(receipt.digests, content.digests);
            assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
        }
    }
    let blobs: Vec<_> = (100..600).map(|seed| Content::new(seed, 4096).blob()).collect();
    let receipts: Vec<_> = engine.ingest_batch(None, stream::iter(blobs).boxed()).try_collect().await.unwrap();
    assert_eq!(receipts.len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_asked_for_again_and_nothing_lies_there_twice() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    for (seed, size) in (0..).zip(SIZES) {
        let mut lost = BTreeSet::new();
        bucket.proxy.trouble(move |asked| {
            let first = lost.insert((asked.method.to_owned(), asked.target.to_owned()));
            (first && asked.method == "PUT").then_some(Trouble::AnswerLost)
        });
        let content = Content::new(seed, size);
        let receipt = ingest(&engine, &content).await.unwrap();
        assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
    }
    let packs = keys(&bucket).await.into_iter().filter(|key| key.starts_with("packs/")).count();
    assert_eq!((packs, keys(&bucket).await.len()), (1, 3), "{:?}", keys(&bucket).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_once_it_has_the_bytes_gets_no_receipt_and_a_later_push_repairs() {
    let Some(bucket) = Bucket::find().await else { return };
    let mut options = options(
        BackendOptions::s3(backend_id(), &S3Options { retry_for: Duration::from_millis(100), ..bucket.options() })
            .unwrap(),
    );
    options.call_deadline = Duration::from_secs(2);
    let engine = Engine::open(options).await.unwrap();
    let troubles = [Trouble::AnswerLost, Trouble::Refused(500, "InternalError"), Trouble::Hangs];
    for (seed, (size, trouble)) in (0..).zip(SIZES.into_iter().flat_map(|size| troubles.map(|trouble| (size, trouble))))
    {
        let content = Content::new(seed, size);
        bucket.proxy.trouble(changes(trouble));
        let fault = ingest(&engine, &content).await.unwrap_err();
        assert!(
            matches!(fault.category, Category::Unavailable | Category::DeadlineExceeded),
            "{size} {trouble:?} {fault:?}"
        );
        assert_eq!(fault.retry, Retry::SameRequest);
        bucket.proxy.leave_alone();
        let receipt = ingest(&engine, &content).await.unwrap();
        assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes, "{size} {trouble:?}");
        assert_eq!(have(&engine, content.address()).await, Some(receipt.location));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_whose_answer_is_lost_gets_no_receipt_and_is_found_by_the_next_push() {
    let Some(bucket) = Bucket::find().await else { return };
    let options = S3Options { retry_for: Duration::from_millis(100), ..bucket.options() };
    let engine = open(BackendOptions::s3(backend_id(), &options).unwrap()).await;
    let content = Content::new(1, SIZES[2]);
    bucket.proxy.trouble(|asked| {
        let completes = asked.method == "POST" && asked.target.contains("uploadId=");
        completes.then_some(Trouble::AnswerLost)
    });
    let fault = ingest_declared(&engine, &content).await.unwrap_err();
    assert_eq!((fault.category, fault.outcome), (Category::Unavailable, Outcome::Unknown));
    bucket.proxy.leave_alone();
    bucket.proxy.trouble(changes(Trouble::Cut));
    let receipt = ingest_declared(&engine, &content).await.expect("what lies there was sent again");
    bucket.proxy.leave_alone();
    assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_too_large_for_one_copy_is_copied_in_parts() {
    let Some(bucket) = Bucket::find().await else { return };
    let options = S3Options { copy_limit_bytes: 6 * MIB as u64, ..bucket.options() };
    let engine = open(BackendOptions::s3(backend_id(), &options).unwrap()).await;
    for (seed, size) in (0..).zip([12 * MIB, 12 * MIB + 1, 25_000_000]) {
        let content = Content::new(seed, size);
        let receipt = ingest(&engine, &content).await.unwrap();
        assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes, "{size}");
    }
    // The copies of parts are asked again too.
    bucket.proxy.trouble(every(2, Trouble::Refused(503, "SlowDown")));
    let content = Content::new(9, 30_000_000);
    let receipt = ingest(&engine, &content).await.unwrap();
    bucket.proxy.leave_alone();
    assert_eq!(serve(&engine, &content, &receipt.location).await.unwrap(), content.bytes);
    assert_eq!(bucket.uploads().await, [""; 0]);
    assert!(keys(&bucket).await.iter().all(|key| key.starts_with("blake3/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_that_cross_what_is_read_at_once_are_those_ranges_of_the_whole() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    let content = Content::new(1, 13 * MIB + 5);
    let location = ingest(&engine, &content).await.unwrap().location;
    let window = 4 * MIB as u64;
    for (start, end) in
        [(0, window), (0, window + 1), (window - 1, window + 1), (window, 3 * window), (1, 13 * MIB as u64 + 5)]
    {
        let range = ByteRange { offset: start, length: Some(end - start) };
        let served = engine.serve_object(content.address(), &location, range).await.unwrap();
        let bytes = served.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
        let (start, end) = (usize::try_from(start).unwrap(), usize::try_from(end).unwrap());
        assert!(bytes == content.bytes[start..end], "{start}..{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_objects_than_fit_into_two_answers_are_listed_and_deleted() {
    const OBJECTS: u64 = 2_050;
    const PAGE: usize = 1_500;
    const AT_ONCE: usize = 32;
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.straight()).await;
    let objects = bucket.objects();
    let put = |seed: u64| {
        let (objects, bytes) = (Arc::clone(&objects), Bytes::copy_from_slice(&seed.to_be_bytes()));
        let hex = ContentAddress::of(&bytes).hex();
        async move { objects.put(&format!("blake3/{}/{}/{hex}", &hex[..2], &hex[2..4]).into(), bytes.into()).await }
    };
    stream::iter(0..OBJECTS).map(put).buffer_unordered(AT_ONCE).try_for_each(async |_| Ok(())).await.unwrap();
    let (mut found, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = engine.inventory(None, cursor, PAGE).await.unwrap();
        let delete = |entry: artifactstore_dataplane::InventoryEntry| {
            let engine = engine.clone();
            async move {
                let deleted = engine.delete_object(entry.content_address, &entry.location).await?.deleted;
                Ok::<_, Fault>((entry.content_address, deleted))
            }
        };
        let deleted = stream::iter(page.entries).map(delete).buffer_unordered(AT_ONCE);
        let deleted: Vec<_> = deleted.try_collect().await.unwrap();
        assert!(deleted.iter().all(|(_, deleted)| *deleted));
        found.extend(deleted.into_iter().map(|(address, _)| address));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let stored: BTreeSet<_> = (0..OBJECTS).map(|seed| ContentAddress::of(&seed.to_be_bytes())).collect();
    assert!(found == stored, "{} of {OBJECTS}", found.len());
    assert_eq!(keys(&bucket).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_as_configured_is_unwell_at_once_and_is_not_asked_in_vain() {
    let Some(bucket) = Bucket::find().await else { return };
    let keys = |access_key_id: &str, secret_access_key: &str| {
        let (access_key_id, secret_access_key) = (access_key_id.to_owned(), secret_access_key.to_owned());
        S3Credentials::Keys(S3Keys { access_key_id, secret_access_key, session_token: None })
    };
    let no_bucket = S3Options { bucket: "no-such-bucket".to_owned(), ..bucket.options() };
    let wrong_secret = S3Options { credentials: keys(&bucket.at.access_key_id, "wrong"), ..bucket.options() };
    let unknown = S3Options { credentials: keys("nobody", "wrong"), ..bucket.options() };
    let no_file = S3Options {
        credentials: S3Credentials::File { path: "/nowhere/credentials".into(), profile: "default".to_owned() },
        ..bucket.options()
    };
    for (options, code, word) in [
        (no_bucket, "AS-DATA-0014", "NoSuchBucket"),
        (wrong_secret, "AS-DATA-0013", "SignatureDoesNotMatch"),
        (unknown, "AS-DATA-0013", "InvalidAccessKeyId"),
        (no_file, "AS-DATA-0013", "/nowhere/credentials"),
    ] {
        let engine = open(BackendOptions::s3(backend_id(), &options).unwrap()).await;
        let health = engine.backend_health().await.remove(0);
        assert!(!health.reachable && health.reason.as_ref().unwrap().contains(word), "{health:?}");
        let content = Content::new(1, 300_000);
        let before = bucket.proxy.requests();
        let fault = ingest(&engine, &content).await.unwrap_err();
        assert_eq!((&*fault.code, fault.category, fault.retry), (code, Category::Unavailable, Retry::Never), "{fault}");
        // What is not there must not pass for a blob that is missing.
        let location = Location {
            backend_id: backend_id(),
            key: format!(
                "blake3/{}/{}/{}",
                &content.address().hex()[..2],
                &content.address().hex()[2..4],
                content.address().hex()
            ),
            offset: 0,
            length: 300_000,
        };
        for fault in [
            serve(&engine, &content, &location).await.unwrap_err(),
            engine.verify_object(content.address(), &location).await.unwrap_err(),
            engine.have_objects(None, &[content.address()]).await.unwrap_err(),
        ] {
            assert_eq!((&*fault.code, fault.retry), (code, Retry::Never), "{fault}");
        }
        // The index is being read in beside it, with pauses.
        assert!(bucket.proxy.requests() - before <= 20, "{}", bucket.proxy.requests() - before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_where_nobody_listens_is_unwell_with_its_reason() {
    let Some(bucket) = Bucket::find().await else { return };
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let options = S3Options {
        endpoint: Some(format!("http://{nobody}")),
        retry_for: Duration::from_millis(100),
        ..bucket.options()
    };
    let engine = open(BackendOptions::s3(backend_id(), &options).unwrap()).await;
    let health = engine.backend_health().await.remove(0);
    assert!(!health.reachable && health.reason.is_some(), "{health:?}");
    let fault = ingest(&engine, &Content::new(1, 300_000)).await.unwrap_err();
    assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_reached_is_exhausted() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    bucket.proxy.trouble(changes(Trouble::Refused(403, "QuotaExceeded")));
    for (seed, size) in (0..).zip(SIZES) {
        let fault = ingest(&engine, &Content::new(seed, size)).await.unwrap_err();
        assert_eq!((fault.category, fault.retry), (Category::Exhausted, Retry::Never));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_can_be_seen_and_not_read_is_not_here() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    let content = Content::new(1, 300_000);
    let location = ingest(&engine, &content).await.unwrap().location;
    assert_eq!(have(&engine, content.address()).await, Some(location.clone()));
    bucket.proxy.trouble(|asked| {
        let reads = asked.method == "GET" && asked.target.contains("/blake3/");
        reads.then_some(Trouble::Refused(404, "NoSuchKey"))
    });
    assert_eq!(have(&engine, content.address()).await, None);
    // Nor is there a receipt for what was written and cannot be read.
    assert!(ingest(&engine, &Content::new(2, 300_000)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn good_bytes_that_another_writes_while_damaged_ones_are_moved_aside_stay() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    let content = Content::new(1, 300_000);
    let location = ingest(&engine, &content).await.unwrap().location;
    let (key, objects) = (Path::from(location.key.as_str()), bucket.objects());
    let mut damaged = content.bytes.to_vec();
    damaged[1_000] ^= 1;
    objects.put(&key, damaged.into()).await.unwrap();
    // Stores tell times to the second.
    let written = objects.head(&key).await.unwrap().last_modified.timestamp_micros();
    eventually(|| SystemClock.now().micros() > written + 1_100_000).await;
    let mut other = Some((tokio::runtime::Handle::current(), objects, key, content.bytes.clone()));
    bucket.proxy.trouble(move |asked| {
        if asked.method == "DELETE"
            && let Some((runtime, objects, key, good)) = other.take()
        {
            let repair = async move { objects.put(&key, good.into()).await };
            std::thread::scope(|scope| scope.spawn(|| runtime.block_on(repair)).join()).unwrap().unwrap();
        }
        None
    });
    let found = engine.verify_object(content.address(), &location).await.unwrap();
    assert_eq!(found.mismatch, Some(Mismatch::Digest));
    assert_eq!(serve(&engine, &content, &location).await.unwrap(), content.bytes);
    assert_eq!(have(&engine, content.address()).await, Some(location));
    let aside = keys(&bucket).await.into_iter().filter(|key| key.starts_with("damaged/blake3/")).count();
    assert_eq!(aside, 1);
}

#[test]
fn refuses_options_that_cannot_work() {
    let keys = S3Keys { access_key_id: "id".to_owned(), secret_access_key: "secret".to_owned(), session_token: None };
    let good = S3Options::new("bucket", S3Credentials::Keys(keys));
    assert!(BackendOptions::s3(backend_id(), &good).is_ok());
    for bad in [
        S3Options { bucket: String::new(), ..good.clone() },
        S3Options { part_bytes: 5 * MIB - 1, ..good.clone() },
        S3Options { part_bytes: 65 * MIB, ..good.clone() },
        S3Options { copy_limit_bytes: 1024, ..good.clone() },
        S3Options { connections: 0, ..good.clone() },
        S3Options { prefix: Some("a/../b".to_owned()), ..good.clone() },
        S3Options { prefix: Some("a b".to_owned()), ..good.clone() },
        S3Options { ca_certificates: Some("/nowhere/ca.pem".into()), ..good.clone() },
    ] {
        let fault = BackendOptions::s3(backend_id(), &bad).unwrap_err();
        assert_eq!((&*fault.code, fault.category), ("AS-DATA-0014", Category::FailedPrecondition), "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_waits_for_no_answer_of_the_store() {
    let Some(bucket) = Bucket::find().await else { return };
    bucket.proxy.trouble(|_| Some(Trouble::Hangs));
    let opened = tokio::time::timeout(Duration::from_secs(10), open(bucket.backend())).await;
    let engine = opened.expect("it waits for a store that hangs");
    assert!(!engine.backend_health().await[0].reachable);
}
