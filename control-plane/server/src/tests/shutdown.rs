//! How a server ends: told apart from failure by whoever watches, and without losing what is under way.

use std::time::Duration;

use artifactstore_client::TailRequest;
use artifactstore_testkit::{file_header, upload};
use artifactstore_types::{Category, Retry};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::{fake::Ending, *};

/// Begins an upload whose answer the store holds back, and waits until the store has begun to read.
async fn under_way(running: &Running) -> JoinHandle<Result<artifactstore_types::FileRecord, Fault>> {
    let package = running.package().await;
    let remote = running.remote.clone();
    let (reading, begun) = tokio::sync::oneshot::channel();
    let first = stream::once(async move {
        let _ = reading.send(());
        Ok(b"abc".as_slice().into())
    });
    let call = tokio::spawn(async move { remote.ingest_file(&upload(package), file_header("a"), first.boxed()).await });
    begun.await.unwrap();
    // A call on the same connection is answered after the upload was begun.
    running.remote.health().await.unwrap();
    call
}

#[tokio::test]
async fn calls_under_way_finish_and_new_ones_find_nobody() {
    let (fake, mut endings) = Fake::holding();
    let running = running(fake).await;
    let call = under_way(&running).await;
    running.shutdown.request();
    let refused = loop {
        match remote_at(running.grpc).health().await {
            Err(fault) => break fault,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!((refused.category, refused.retry), (Category::Unavailable, Retry::SameRequest));
    let (status, body) = probes::get(&running, "GET /health").await;
    assert_eq!((status, body["status"].as_str()), (503, Some("draining")));
    assert!(!running.ended.is_finished());
    running.fake.let_go();
    assert_eq!(call.await.unwrap().unwrap().size_bytes, 3);
    assert_eq!(endings.recv().await, Some(Ending::Whole(3)));
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn calls_that_do_not_finish_in_time_are_cut_off() {
    let (fake, mut endings) = Fake::holding();
    let running = running_with(fake, |options| options.drain_timeout = Duration::from_millis(20)).await;
    let call = under_way(&running).await;
    running.shutdown.request();
    running.ended.await.unwrap().unwrap();
    assert_eq!(call.await.unwrap().unwrap_err().category, Category::Unavailable);
    assert_eq!(endings.recv().await, Some(Ending::Dropped));
}

#[tokio::test]
async fn a_forced_end_waits_for_nothing() {
    let (fake, mut endings) = Fake::holding();
    let running = running_with(fake, |options| options.drain_timeout = Duration::from_hours(1)).await;
    let call = under_way(&running).await;
    running.shutdown.force();
    running.ended.await.unwrap().unwrap();
    assert!(call.await.unwrap().is_err());
    assert_eq!(endings.recv().await, Some(Ending::Dropped));
}

#[tokio::test]
async fn tails_are_sent_away_and_watchers_told() {
    let running = running_with(Fake::new().0, |options| options.drain_timeout = Duration::from_hours(1)).await;
    running.fake.happen("v1.package.created", 1);
    let mut events = running.remote.tail(TailRequest { follow: true, ..TailRequest::default() });
    events.try_next().await.unwrap().unwrap();
    let request = HealthCheckRequest { service: String::new() };
    let statuses = HealthClient::new(running.channel().await).watch(request).await.unwrap().into_inner();

    running.shutdown.request();
    let fault = events.try_next().await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.retry), ("AS-SERVER-0002", Retry::SameRequest));
    let told: Vec<_> = statuses.map_ok(|answer| answer.status()).try_collect().await.unwrap();
    assert_eq!(told.last(), Some(&ServingStatus::NotServing));
    running.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused_by_name() {
    let running = running(Fake::new().0).await;
    let options = DoorOptions { grpc_addr: running.grpc, ..DoorOptions::default() };
    let Err(fault) = Server::bind(Arc::new(running.fake.clone()), options).await else { panic!("it is taken") };
    assert_eq!((fault.code.as_ref(), fault.subject), ("AS-SERVER-0003", Some(running.grpc.to_string())));
}
