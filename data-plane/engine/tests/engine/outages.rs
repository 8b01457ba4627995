//! A real store that dies and comes back under an engine that goes on: whoever asks meanwhile is told so in time and can
//! ask again, and afterwards everything works without anybody's doing.

use std::time::Duration;

use artifactstore_dataplane::{Blob, ByteStream, DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine, S3Options};
use artifactstore_testkit::rgw::{OwnStore, TestBucket};
use artifactstore_types::{ByteRange, Category, Fault, Location, Receipt, Retry};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, channel::mpsc, stream};

use crate::support::{backend_id, bucket::options_at, options};

/// Sizes that go to a bucket in different ways: in a pack, in one piece, in parts.
const SIZES: [usize; 3] = [1_000, 500_000, 20_000_000];
/// How long a call of the engine here may take, in which several requests are made.
const IN_TIME: Duration = Duration::from_mins(1);

async fn open(at: &TestBucket, retry_for: Duration, call_deadline: Duration) -> Engine {
    let bucket = BackendOptions::s3(backend_id(), &S3Options { retry_for, ..options_at(at) }).unwrap();
    let mut options = options(bucket);
    options.call_deadline = call_deadline;
    Engine::open(options).await.unwrap()
}

async fn ingest(engine: &Engine, content: &Content) -> Result<Receipt, Fault> {
    engine.ingest_stream(IngestHints::default(), content.stream(60_000)).await
}

async fn must_be_served(engine: &Engine, stored: &[(Content, Location)]) {
    for (content, location) in stored {
        let served = engine.serve_object(content.address(), location, ByteRange::ALL).await.unwrap();
        assert!(served.bytes.try_collect::<Vec<_>>().await.unwrap().concat() == content.bytes, "{location:?}");
    }
}

/// Asks until the store is there again.
async fn ingest_at_last(engine: &Engine, content: &Content) -> Receipt {
    let asked = async {
        loop {
            match ingest(engine, content).await {
                Err(fault) if fault.retry == Retry::SameRequest => {}
                answer => return answer.unwrap(),
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(2), asked).await.expect("it does not recover")
}

/// A stream whose second half comes when it is told to.
fn halting(content: &Content) -> (ByteStream, impl FnOnce()) {
    let (first, second) =
        (content.bytes.slice(..content.bytes.len() / 2), content.bytes.slice(content.bytes.len() / 2..));
    let (sender, receiver) = mpsc::unbounded::<Result<Bytes, Fault>>();
    sender.unbounded_send(Ok(first)).unwrap();
    (receiver.boxed(), move || drop(sender.unbounded_send(Ok(second))))
}

async fn every_call_says_so(engine: &Engine, stored: &[(Content, Location)]) {
    for (nth, (content, location)) in (900..).zip(stored) {
        let new = Content::new(nth, content.bytes.len());
        let address = content.address();
        let blob = Blob { bytes: Bytes::from(format!("blob {nth}")), declared: None };
        let batch =
            async { engine.ingest_batch(None, stream::iter([blob]).boxed()).try_collect::<Vec<_>>().await.map(drop) };
        let read = async {
            let served = engine.serve_object(address, location, ByteRange::ALL).await?;
            served.bytes.try_collect::<Vec<_>>().await.map(drop)
        };
        let calls = [
            ("ingest_stream", async { ingest(engine, &new).await.map(drop) }.boxed_local()),
            ("ingest_batch", batch.boxed_local()),
            ("serve_object", read.boxed_local()),
            ("verify_object", async { engine.verify_object(address, location).await.map(drop) }.boxed_local()),
            ("delete_object", async { engine.delete_object(address, location).await.map(drop) }.boxed_local()),
            ("have_objects", async { engine.have_objects(None, &[new.address()]).await.map(drop) }.boxed_local()),
            ("inventory", async { engine.inventory(None, None, 10).await.map(drop) }.boxed_local()),
        ];
        for (call, answer) in calls {
            let answer = tokio::time::timeout(IN_TIME, answer).await.unwrap_or_else(|_| panic!("{call} hangs"));
            let fault = answer.err().unwrap_or_else(|| panic!("{call} succeeds without a store"));
            assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest), "{call}: {fault:?}");
        }
    }
    let health = engine.backend_health().await.remove(0);
    assert!(!health.reachable && health.reason.is_some(), "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_dies_and_comes_back_loses_nothing_and_is_waited_for_by_nobody() {
    let Some(store) = OwnStore::find().await else { return };
    let engine = open(&store.bucket(), Duration::from_millis(200), Duration::from_secs(10)).await;
    let mut stored = Vec::new();
    for (seed, size) in (0..).zip(SIZES) {
        let content = Content::new(seed, size);
        let location = ingest(&engine, &content).await.unwrap().location;
        stored.push((content, location));
    }
    // First the gateway alone, then everything, each in the middle of an upload.
    for (seed, daemons) in (100..).zip([&["rgw"][..], &["rgw", "osd", "mon"]]) {
        let content = Content::new(seed, SIZES[2]);
        let (bytes, go_on) = halting(&content);
        let uploading = tokio::spawn({
            let engine = engine.clone();
            async move { engine.ingest_stream(IngestHints::default(), bytes).await }
        });
        store.crash(daemons);
        go_on();
        let cut_short = tokio::time::timeout(IN_TIME, uploading).await.expect("an upload hangs").unwrap();
        let fault = cut_short.unwrap_err();
        assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest), "{fault:?}");
        every_call_says_so(&engine, &stored).await;

        store.start();
        must_be_served(&engine, &stored).await;
        let location = ingest_at_last(&engine, &content).await.location;
        stored.push((content, location));
        must_be_served(&engine, &stored).await;
        assert!(engine.backend_health().await[0].reachable);
    }

    // One that is not away for longer than requests are made again is not missed at all.
    let patient = open(&store.bucket(), Duration::from_mins(2), Duration::from_mins(3)).await;
    let content = Content::new(200, SIZES[2]);
    let (bytes, go_on) = halting(&content);
    let uploading = tokio::spawn(async move { patient.ingest_stream(IngestHints::default(), bytes).await });
    store.crash(&["rgw"]);
    go_on();
    store.start();
    let receipt = tokio::time::timeout(Duration::from_mins(3), uploading).await.expect("an upload hangs").unwrap();
    assert_eq!(receipt.unwrap().digests, content.digests);
}
