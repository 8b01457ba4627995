//! Whoever produces bytes is held back by whoever takes them: memory between the two is bounded, whatever the size.

use artifactstore_testkit::{file_header, upload};
use artifactstore_types::ByteRange;
use futures::{StreamExt as _, stream};

use super::{
    fake::{COUNTED, COUNTED_CHUNKS},
    *,
};

/// What windows, frames and buffers of both sides may hold together, in bytes; the file has 96 MiB.
const BOUND: u64 = 24 * 1024 * 1024;

#[tokio::test]
async fn an_upload_is_held_back_by_a_slow_store() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let producer = running.fake.clone();
    let bytes = stream::repeat_with(move || Ok(producer.produce())).take(COUNTED_CHUNKS).boxed();
    running.remote.ingest_file(&upload(package), file_header(COUNTED), bytes).await.unwrap();
    assert!((1..BOUND).contains(&running.fake.lag()), "{}", running.fake.lag());
}

#[tokio::test]
async fn a_download_is_held_back_by_a_slow_reader() {
    let running = running(Fake::new().0).await;
    let package = running.package().await;
    let nothing = stream::empty().boxed();
    running.remote.ingest_file(&upload(package), file_header(COUNTED), nothing).await.unwrap();
    let mut download = running.remote.download(package, &COUNTED.parse().unwrap(), ByteRange::ALL).await.unwrap();
    let mut read = 0;
    while let Some(chunk) = download.bytes.next().await {
        read += chunk.unwrap().len() as u64;
        running.fake.arrived(read).await;
    }
    assert_eq!(read, download.range.end);
    assert!((1..BOUND).contains(&running.fake.lag()), "{}", running.fake.lag());
}

#[tokio::test]
async fn an_upload_that_is_refused_is_not_sent_to_its_end() {
    let running = running(Fake::new().0).await;
    let producer = running.fake.clone();
    let endless = stream::repeat_with(move || Ok(producer.produce())).boxed();
    let nowhere = upload(artifactstore_testkit::package_id(99));
    let fault = running.remote.ingest_file(&nowhere, file_header("a"), endless).await.unwrap_err();
    assert_eq!(fault.code, "AS-TEST-0001");
    assert!(running.fake.produced() < BOUND, "{}", running.fake.produced());
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let running = running_with(Fake::new().0, |options| options.max_connections = 1).await;
    running.remote.health().await.unwrap();
    let second = remote_at(running.grpc);
    let waiting = tokio::spawn(async move { second.health().await });
    for _ in 0..100 {
        running.remote.health().await.unwrap();
    }
    assert!(!waiting.is_finished());
    drop(running.remote);
    waiting.await.unwrap().unwrap();
}
