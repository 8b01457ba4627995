//! Adding files: planned, known, single, and many in a stream.

use std::time::Duration;

use artifactstore_client::{Connection as _, KnownFile};
use artifactstore_store::{EventLog as _, Views as _};
use artifactstore_types::{Category, ContentAddress, PlanAnswer, PlannedFile, Upload};
use futures::{StreamExt as _, stream};

use super::{World, actor, header, new_package, path, upload, world, world_with};
use crate::ServiceOptions;

#[tokio::test]
async fn answers_every_file_of_a_stream_in_order_and_on_its_own() {
    let world = world();
    let id = world.package("many").await;
    world.add(id, "taken", b"first").await.unwrap();
    let limit = world.service.small_file_limit();
    let files = vec![
        ("a".to_owned(), b"a".to_vec()),
        ("too-large".to_owned(), vec![0; limit + 1]),
        ("taken".to_owned(), b"second".to_vec()),
        ("b".to_owned(), Vec::new()),
        ("also-too-large".to_owned(), vec![0; limit + 1]),
    ];
    let answers = world.add_many(id, files).await;
    let told: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().map(|file| file.relative_path.to_string()).map_err(|fault| &*fault.code))
        .collect();
    assert_eq!(told[0].as_deref(), Ok("a"));
    assert_eq!(told[1], Err("AS-SVC-0013"));
    assert_eq!(answers[2].as_ref().unwrap_err().category, Category::AlreadyExists);
    assert_eq!(told[3].as_deref(), Ok("b"));
    assert_eq!(told[4], Err("AS-SVC-0013"));
    assert_eq!(told.len(), 5);
    assert_eq!(world.service.load_package(id).await.unwrap().file_count, 3);
}

#[tokio::test]
async fn takes_thousands_of_files_in_one_stream_and_keeps_their_order() {
    let world = world();
    let id = world.package("thousands").await;
    let files: Vec<_> =
        (0..3_500).map(|n| (format!("{:02}/{n}", n % 50), format!("{}", n % 900).into_bytes())).collect();
    let paths: Vec<_> = files.iter().map(|(path, _)| path.clone()).collect();
    let answers = world.add_many(id, files).await;
    let answered: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().relative_path.to_string()).collect();
    assert_eq!(answered, paths);
}

#[tokio::test]
async fn ends_a_stream_into_a_closed_package_with_one_fault_and_moves_no_bytes() {
    let world = world();
    let id = world.package("closed").await;
    let finalized = world.service.finalize_package(&actor(), id).await.unwrap();
    let answers = world.add_many(id, vec![("a".into(), vec![1]), ("b".into(), vec![2])]).await;
    assert_eq!(answers.len(), 1);
    let fault = answers[0].as_ref().unwrap_err();
    assert_eq!(fault.category, Category::FailedPrecondition);
    assert!(fault.message.contains(&finalized.manifest_digest.unwrap().to_string()));
    assert!(world.store.list_locations(&[ContentAddress::of(&[1])]).await.unwrap().is_empty());
}

#[tokio::test]
async fn keeps_nothing_of_a_file_whose_bytes_do_not_come_to_their_end() {
    let world = world();
    let id = world.package("cut").await;
    let cut = artifactstore_types::Fault::new("AS-TEST-0001", Category::Unavailable, "the sender went away");
    let bytes = stream::iter([Ok(bytes::Bytes::from_static(b"half")), Err(cut.clone())]).boxed();
    let head = world.store.load_head().await.unwrap();
    let refused = world.service.ingest_file(&upload(id), header("cut"), bytes).await.unwrap_err();
    assert_eq!(refused.category, Category::Unavailable);
    assert_eq!(world.store.load_head().await.unwrap(), head);
    assert!(world.store.find_file(id, &path("cut")).await.unwrap().is_none());
}

#[tokio::test]
async fn gives_up_on_a_sender_that_pauses() {
    let options = ServiceOptions { sender_pause: Duration::from_millis(1), ..ServiceOptions::default() };
    let world = world_with(options);
    let id = world.package("paused").await;
    let bytes = stream::iter([Ok(bytes::Bytes::from_static(b"half"))]).chain(stream::pending()).boxed();
    let refused = world.service.ingest_file(&upload(id), header("paused"), bytes).await.unwrap_err();
    assert_eq!((refused.category, &*refused.code), (Category::DeadlineExceeded, "AS-SVC-0008"));
}

#[tokio::test]
async fn refuses_a_path_that_exists_unless_replacement_is_asked_for() {
    let world = world();
    let id = world.package("replace").await;
    let first = world.add(id, "a", b"first").await.unwrap();
    assert_eq!(world.add(id, "a", b"second").await.unwrap_err().category, Category::AlreadyExists);
    let replacing = Upload { replace: true, ..upload(id) };
    let bytes = stream::iter([Ok(bytes::Bytes::from_static(b"second"))]).boxed();
    let second = world.service.ingest_file(&replacing, header("a"), bytes).await.unwrap();
    assert_eq!(second.file_id, first.file_id);
    assert_eq!(second.content_address, ContentAddress::of(b"second"));
    assert_eq!(world.service.load_package(id).await.unwrap().size_bytes, 6);
}

#[tokio::test]
async fn plans_by_size_first_and_says_have_only_for_blobs_of_the_namespace_that_can_be_served() {
    let world = world();
    let id = world.package("first").await;
    let file = world.add(id, "a", b"twelve bytes").await.unwrap();
    let again = world.package("second").await;
    let by_size = |size_bytes| PlannedFile { size_bytes, address: None };
    let known = PlannedFile { size_bytes: 12, address: Some(file.content_address) };
    let unknown = PlannedFile { size_bytes: 12, address: Some(ContentAddress::of(b"other bytes!")) };
    let plan = world.service.plan_upload(again, &[by_size(12), by_size(13), known, unknown]).await.unwrap();
    assert_eq!(plan, [PlanAnswer::DigestFirst, PlanAnswer::Send, PlanAnswer::Have, PlanAnswer::Send]);

    let mut elsewhere = new_package("elsewhere");
    elsewhere.namespace = "other".parse().unwrap();
    let other = world.service.create_package(&actor(), elsewhere, None).await.unwrap().package_id;
    let plan = world.service.plan_upload(other, &[by_size(12), known]).await.unwrap();
    assert_eq!(plan, [PlanAnswer::Send, PlanAnswer::Send]);

    let stored = world.store.list_locations(&[file.content_address]).await.unwrap();
    assert!(world.plane.tamper(&stored[0].location, |_| None));
    assert_eq!(world.service.plan_upload(again, &[known]).await.unwrap(), [PlanAnswer::Send], "a lost blob is sent");
}

#[tokio::test]
async fn commits_known_blobs_without_their_bytes_and_refuses_unknown_ones_alone() {
    let world = world();
    let id = world.package("first").await;
    let file = world.add(id, "a", b"bytes").await.unwrap();
    let again = world.package("second").await;
    let known = |path, address| KnownFile { header: header(path), address };
    let files = vec![
        known("b", file.content_address),
        known("c", ContentAddress::of(b"never sent")),
        known("d", file.content_address),
    ];
    let answers = world.service.commit_files(&upload(again), files).await.unwrap();
    assert_eq!(answers[0].as_ref().unwrap().sha256, file.sha256);
    assert_eq!(&*answers[1].as_ref().unwrap_err().code, "AS-SVC-0005");
    assert_eq!(answers[2].as_ref().unwrap().relative_path, path("d"));
}

#[tokio::test]
async fn refuses_more_items_than_one_request_may_have() {
    let world = world();
    let id = world.package("many").await;
    let planned = vec![PlannedFile { size_bytes: 1, address: None }; 10_001];
    assert_eq!(&*world.service.plan_upload(id, &planned).await.unwrap_err().code, "AS-SVC-0009");
}

#[tokio::test]
async fn stops_taking_files_when_nobody_waits_for_the_answers() {
    let world = world();
    let id = world.package("dropped").await;
    let (taken, mut count) = tokio::sync::watch::channel(0_u64);
    let files = stream::iter(0_u64..).map(move |n| {
        taken.send_replace(n);
        artifactstore_types::SmallFile { header: header(&format!("{n}")), bytes: bytes::Bytes::from_static(b"x") }
    });
    let mut answers = world.service.ingest_files(&upload(id), files.boxed());
    answers.next().await.unwrap().unwrap();
    drop(answers);
    // The sender of the watch lives in the stream of files: it is gone once the stream is dropped.
    while count.changed().await.is_ok() {}
}

#[tokio::test]
async fn several_producers_add_to_one_open_package_at_once() {
    let world: &'static World = Box::leak(Box::new(world()));
    let id = world.package("shared").await;
    let producers = (0..16).map(|producer| async move {
        for n in 0..20 {
            world.add(id, &format!("{producer}/{n}"), format!("{producer} {n}").as_bytes()).await.unwrap();
        }
    });
    futures::future::join_all(producers).await;
    assert_eq!(world.service.load_package(id).await.unwrap().file_count, 320);
}

#[tokio::test]
async fn answers_refused_files_though_no_receipt_follows_them() {
    let world = world();
    let id = world.package("too-large").await;
    let limit = world.service.small_file_limit();
    // More than fit into the room for files on their way.
    let bytes = bytes::Bytes::from(vec![0; limit + 1]);
    let files = (0..1_500)
        .map(move |n| artifactstore_types::SmallFile { header: header(&format!("{n}")), bytes: bytes.clone() });
    let answers: Vec<_> = world.service.ingest_files(&upload(id), stream::iter(files).boxed()).collect().await;
    assert_eq!(answers.len(), 1_500);
    assert!(answers.iter().all(|answer| &*answer.as_ref().unwrap_err().code == "AS-SVC-0013"));
}

#[tokio::test]
async fn binds_no_path_to_a_blob_that_was_lost_since_it_was_registered() {
    let world = world();
    let id = world.package("first").await;
    let file = world.add(id, "a", b"bytes").await.unwrap();
    let stored = world.store.list_locations(&[file.content_address]).await.unwrap();
    assert!(world.plane.tamper(&stored[0].location, |_| None));
    let known = KnownFile { header: header("b"), address: file.content_address };
    let answers = world.service.commit_files(&upload(id), vec![known]).await.unwrap();
    assert_eq!(&*answers[0].as_ref().unwrap_err().code, "AS-SVC-0005");
}
