//! What is bounded: how many ingests there are at once, and how long anybody is waited for.

use std::time::Duration;

use artifactstore_client::Connection as _;
use artifactstore_types::{Category, Fault, Outcome, Retry, SmallFile};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::sync::oneshot;

use super::{World, header, upload, world_with};
use crate::ServiceOptions;

const SOON: Duration = Duration::from_millis(1);

fn file(path: &str) -> SmallFile {
    SmallFile { header: header(path), bytes: Bytes::from_static(b"bytes") }
}

/// A world where one ingest may be under way, and one is: of a file whose end never comes.
async fn crowded(options: ServiceOptions) -> (World, artifactstore_types::PackageId, oneshot::Receiver<()>) {
    let world = world_with(ServiceOptions { max_ingests: 1, ..options });
    let id = world.package("crowded").await;
    let (reading, read) = oneshot::channel();
    let endless = stream::once(async move {
        let _ = reading.send(());
        Ok(Bytes::from_static(b"half"))
    })
    .chain(stream::pending());
    let service = world.service.clone();
    let sending = async move { service.ingest_file(&upload(id), header("endless"), endless.boxed()).await };
    tokio::spawn(sending);
    (world, id, read)
}

#[tokio::test]
async fn refuses_an_ingest_that_has_waited_too_long_for_its_turn() {
    let (world, id, read) = crowded(ServiceOptions { ingest_wait: SOON, ..ServiceOptions::default() }).await;
    read.await.unwrap();
    let one = world.add(id, "one", b"1").await.unwrap_err();
    let many = world.add_many(id, vec![("many".to_owned(), vec![1])]).await.remove(0).unwrap_err();
    for fault in [one, many] {
        assert_eq!(
            (&*fault.code, fault.category, fault.retry, fault.outcome),
            ("AS-SVC-0018", Category::Exhausted, Retry::SameRequest, Outcome::NotApplied)
        );
    }
    assert_eq!(world.service.load_package(id).await.unwrap().file_count, 0);
}

#[tokio::test]
async fn an_ingest_waits_for_its_turn_and_gets_it() {
    let (world, id, read) = crowded(ServiceOptions { sender_pause: SOON, ..ServiceOptions::default() }).await;
    read.await.unwrap();
    world.add(id, "one", b"1").await.unwrap();
    for answer in world.add_many(id, vec![("many".to_owned(), vec![1])]).await {
        answer.unwrap();
    }
    world.add(id, "another", b"1").await.unwrap();
}

#[tokio::test]
async fn a_stream_of_files_ends_when_its_sender_pauses_and_what_came_before_is_kept() {
    let world = world_with(ServiceOptions { sender_pause: SOON, ..ServiceOptions::default() });
    let id = world.package("paused").await;
    let files = stream::iter([file("a"), file("b")]).chain(stream::pending());
    let mut answers: Vec<Result<_, Fault>> = world.service.ingest_files(&upload(id), files.boxed()).collect().await;
    let last = answers.pop().unwrap().unwrap_err();
    assert_eq!((&*last.code, last.category), ("AS-SVC-0008", Category::DeadlineExceeded));
    let paths: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().relative_path.to_string()).collect();
    assert_eq!(paths, ["a", "b"]);
}

#[tokio::test]
async fn a_stream_whose_answers_nobody_takes_ends_and_frees_its_turn() {
    let world = world_with(ServiceOptions { max_ingests: 1, sender_pause: SOON, ..ServiceOptions::default() });
    let id = world.package("untaken").await;
    let files = stream::iter(0_u64..).map(|n| file(&format!("{n}")));
    let mut answers = world.service.ingest_files(&upload(id), files.boxed());
    answers.next().await.unwrap().unwrap();
    // Its turn comes once the stream above has been given up.
    world.add(world.package("other").await, "a", b"1").await.unwrap();
    let last = answers.map(Result::err).collect::<Vec<_>>().await.pop().unwrap().unwrap();
    assert_eq!((&*last.code, last.outcome), ("AS-SVC-0019", Outcome::Unknown));
}
