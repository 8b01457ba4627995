//! The same in a bucket of a real store, where parts cannot be read before the upload is complete.

use artifactstore_testkit::rgw::TestBucket;

use super::*;
use crate::support::bucket::{Bucket, options_at};

async fn in_a_bucket(folder: &Path, at: &TestBucket) -> Engine {
    let options = artifactstore_engine::S3Options { index_path: Some(folder.join("index.redb")), ..options_at(at) };
    open(BackendOptions::s3(backend_id(), &options).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_in_a_bucket_after_a_restart() {
    let Some(at) = TestBucket::find().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let content = Content::new(1, 3 * PART + 12_345);
    for (upload, declared) in [(key(1), None), (key(2), Some(content.address()))] {
        let engine = in_a_bucket(folder.path(), &at).await;
        let beginning = (0, 2 * PART + 5);
        send_declared(&engine, upload, &content, beginning, Ends::Broken, declared).await.unwrap_err();
        engine.close().await;
        drop(engine);

        let engine = in_a_bucket(folder.path(), &at).await;
        assert_eq!(find(&engine, upload).await, Some(2 * PART));
        let rest = (2 * PART, content.bytes.len());
        let receipt = send_declared(&engine, upload, &content, rest, Ends::Well, declared).await.unwrap();
        must_hold(&engine, &content, &receipt).await;
        assert!(engine.delete_object(content.address(), &receipt.location).await.unwrap().deleted);
        engine.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_was_ended_in_the_bucket_begins_anew() {
    let Some(bucket) = Bucket::find().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let content = Content::new(1, 3 * PART);
    let size = content.bytes.len();
    let engine = in_a_bucket(folder.path(), &bucket.at).await;
    send(&engine, key(1), &content, (0, 2 * PART), Ends::Broken).await.unwrap_err();
    let record = fs::read(folder.path().join("index.uploads").join(format!("{}.upload", key(1)))).unwrap();
    send(&engine, key(1), &content, (2 * PART, size), Ends::Well).await.unwrap();
    // As a crash leaves it that came before it was written down that the upload is done.
    fs::write(folder.path().join("index.uploads").join(format!("{}.upload", key(1))), record).unwrap();

    let fault = send(&engine, key(1), &content, (2 * PART, size), Ends::Well).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), find(&engine, key(1)).await), ("AS-DATA-0031", None));
    let receipt = send(&engine, key(1), &content, (0, size), Ends::Well).await.unwrap();
    must_hold(&engine, &content, &receipt).await;
    assert!(bucket.uploads().await.is_empty());
}
