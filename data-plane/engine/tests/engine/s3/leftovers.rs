//! What an upload that ends early leaves in a bucket: nothing, or what is swept a day later.

use std::{sync::Arc, time::Duration};

use artifactstore_dataplane::{DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine, EngineOptions, S3Options};
use artifactstore_testkit::ManualClock;
use artifactstore_types::{Category, Clock as _, SystemClock};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStoreExt as _, multipart::MultipartStore as _, path::Path};

use super::{MIB, SIZES, have, ingest, ingest_declared, keys};
use crate::support::{backend_id, bucket::Bucket, open, options, proxy::Trouble};

/// How an engine opens the bucket when more than a day has passed.
fn tomorrow(bucket: &Bucket) -> EngineOptions {
    let clock = Arc::new(ManualClock::at(SystemClock.now().plus_seconds(25 * 60 * 60)));
    EngineOptions { clock, ..options(bucket.straight()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_than_declared_leave_neither_an_object_nor_an_upload() {
    let Some(bucket) = Bucket::find().await else { return };
    let engine = open(bucket.backend()).await;
    for (seed, size) in (0..).zip(SIZES) {
        let (declared, sent) = (Content::new(2 * seed, size), Content::new(2 * seed + 1, size));
        let hints = IngestHints { declared: Some(declared.address()), ..IngestHints::default() };
        let fault = engine.ingest_stream(hints, sent.stream(60_000)).await.unwrap_err();
        assert_eq!(fault.category, Category::Invalid);
    }
    let nothing_left = async {
        while !bucket.uploads().await.is_empty() || !keys(&bucket).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), nothing_left).await.expect("something is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_given_up_at_any_request_is_taken_back_or_swept() {
    let Some(bucket) = Bucket::find().await else { return };
    let options = S3Options { part_bytes: 5 * MIB, ..bucket.options() };
    let engine = open(BackendOptions::s3(backend_id(), &options).unwrap()).await;
    assert_eq!(have(&engine, Content::new(0, 1).address()).await, None);
    let mut given_up = 0;
    for declared in [false, true] {
        for nth in 1.. {
            let content = Content::new(2 * nth + u64::from(declared), 6 * MIB);
            let (hanging, hangs) = tokio::sync::oneshot::channel();
            let (mut asked, mut hanging) = (0, Some(hanging));
            bucket.proxy.trouble(move |_| {
                asked += 1;
                if asked != nth {
                    return None;
                }
                hanging.take()?.send(()).ok()?;
                Some(Trouble::Hangs)
            });
            let ingested = async {
                if declared { ingest_declared(&engine, &content).await } else { ingest(&engine, &content).await }
            };
            let ended = tokio::select! {
                ingested = ingested => { ingested.unwrap(); true }
                _ = hangs => false,
            };
            bucket.proxy.leave_alone();
            if ended {
                break;
            }
            given_up += 1;
        }
    }
    assert!(given_up > 10, "{given_up}");
    // An upload that was begun without its id being heard cannot be taken back: one of each kind.
    let taken_back = async {
        while bucket.uploads().await.len() > 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), taken_back).await.expect("uploads are left");
    engine.close().await;

    let engine = Engine::open(tomorrow(&bucket)).await.unwrap();
    let swept = async {
        while !bucket.uploads().await.is_empty() || !keys(&bucket).await.iter().all(|key| key.starts_with("blake3/")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), swept).await.expect("something is left");
    for entry in engine.inventory(None, None, 1_000).await.unwrap().entries {
        let found = engine.verify_object(entry.content_address, &entry.location).await.unwrap();
        assert_eq!(found.mismatch, None, "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_works_on_any_more_is_swept_and_nothing_else_is() {
    let Some(bucket) = Bucket::find().await else { return };
    let (client, prefix) = (bucket.client(), bucket.at.prefix.clone());
    let upload = async |key: String| client.create_multipart(&Path::from(key)).await;
    let address = Content::new(1, 10).address().hex();
    let blob = format!("blake3/{}/{}/{address}", &address[..2], &address[2..4]);
    // More than fit into one answer.
    let keys = (0..1_005).map(|nth| format!("{prefix}/staging/{nth:032x}")).chain([format!("{prefix}/{blob}")]);
    let begun = stream::iter(keys).map(upload).buffer_unordered(32);
    begun.try_for_each(async |_| Ok(())).await.unwrap();
    let strange = format!("{prefix}/somebody/elses");
    upload(strange).await.unwrap();
    let objects = bucket.objects();
    for key in ["staging/00000000000000000000000000000000", "somebody/elses", &blob] {
        objects.put(&Path::from(key), "bytes".into()).await.unwrap();
    }

    let today = open(bucket.backend()).await;
    assert!(today.backend_health().await[0].reachable);
    today.close().await;
    assert_eq!(bucket.uploads().await.len(), 1_000, "a page of what may be in use");

    let engine = Engine::open(tomorrow(&bucket)).await.unwrap();
    let swept = async {
        while bucket.uploads().await != ["somebody/elses"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), swept).await.expect("uploads are left");
    engine.close().await;
    let left: Vec<_> = objects.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
    assert_eq!(left, [blob, "somebody/elses".to_owned()]);
}
