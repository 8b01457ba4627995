//! Downloads, verification, tails and health.

use artifactstore_client::TailRequest;
use artifactstore_store::Views as _;
use artifactstore_types::{ByteRange, Category, EventFilter, Mismatch};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{actor, path, world};

#[tokio::test]
async fn serves_a_file_whole_and_in_ranges() {
    let world = world();
    let id = world.package("ranges").await;
    world.add(id, "a", b"0123456789").await.unwrap();
    for (offset, length, expected) in [(0, None, "0123456789"), (3, Some(4), "3456"), (8, Some(100), "89")] {
        let range = ByteRange { offset, length };
        let download = world.service.download(id, &path("a"), range).await.unwrap();
        let bytes: Vec<_> = download.bytes.try_collect().await.unwrap();
        assert_eq!(bytes.concat(), expected.as_bytes());
    }
    let beyond = ByteRange { offset: 10, length: None };
    let fault = world.service.download(id, &path("a"), beyond).await.err().unwrap();
    assert_eq!(fault.category, Category::OutOfRange);
    let fault = world.service.download(id, &path("b"), ByteRange::ALL).await.err().unwrap();
    assert_eq!((fault.category, &*fault.code), (Category::NotFound, "AS-SVC-0002"));
}

#[tokio::test]
async fn verification_names_the_files_whose_bytes_are_lost_or_altered() {
    let world = world();
    let id = world.package("verify").await;
    for name in ["altered", "good", "lost", "short"] {
        world.add(id, name, name.as_bytes()).await.unwrap();
    }
    for (name, change) in [("altered", Some(b"alterex".to_vec())), ("lost", None), ("short", Some(b"shor".to_vec()))] {
        let file = world.store.find_file(id, &path(name)).await.unwrap().unwrap();
        let stored = world.store.list_locations(&[file.content_address]).await.unwrap();
        assert!(world.plane.tamper(&stored[0].location, |_| change));
    }
    let found: Vec<_> = world.service.verify_package(id).try_collect().await.unwrap();
    let found: Vec<_> = found.iter().map(|found| (found.file.relative_path.as_str(), found.mismatch)).collect();
    assert_eq!(
        found,
        [
            ("altered", Some(Mismatch::Digest)),
            ("good", None),
            ("lost", Some(Mismatch::Missing)),
            ("short", Some(Mismatch::Size)),
        ]
    );
}

#[tokio::test]
async fn an_altered_file_is_never_served_to_a_clean_end() {
    let world = world();
    let id = world.package("altered").await;
    let file = world.add(id, "a", b"good").await.unwrap();
    let stored = world.store.list_locations(&[file.content_address]).await.unwrap();
    assert!(world.plane.tamper(&stored[0].location, |_| Some(b"evil".to_vec())));
    let fault = match world.service.download(id, &path("a"), ByteRange::ALL).await {
        Ok(download) => download.bytes.try_collect::<Vec<_>>().await.unwrap_err(),
        Err(fault) => fault,
    };
    assert_eq!(fault.category, Category::DataLoss);
}

#[tokio::test]
async fn a_registered_file_whose_bytes_are_gone_is_lost_data_and_repaired_by_the_next_push() {
    let world = world();
    let id = world.package("lost").await;
    let file = world.add(id, "a", b"bytes").await.unwrap();
    let stored = world.store.list_locations(&[file.content_address]).await.unwrap();
    assert!(world.plane.tamper(&stored[0].location, |_| None));
    let fault = world.service.download(id, &path("a"), ByteRange::ALL).await.err().unwrap();
    assert_eq!((fault.category, &*fault.code), (Category::DataLoss, "AS-SVC-0016"));
    let again = world.package("again").await;
    world.add(again, "a", b"bytes").await.unwrap();
    let download = world.service.download(id, &path("a"), ByteRange::ALL).await.unwrap();
    let bytes: Vec<_> = download.bytes.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"bytes");
    let found: Vec<_> = world.service.verify_package(id).try_collect().await.unwrap();
    assert_eq!(found[0].mismatch, None);
}

#[tokio::test]
async fn a_tail_tells_a_package_s_whole_life_in_order() {
    let world = world();
    let id = world.package("life").await;
    world.add(id, "a", b"a").await.unwrap();
    world.service.finalize_package(&actor(), id).await.unwrap();
    let events: Vec<_> =
        artifactstore_client::Connection::tail(&world.service, TailRequest::default()).try_collect().await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.sequence, event.event_type.as_str())).collect();
    let expected = [
        "v1.package.created",
        "v1.retention.default_applied",
        "v1.file.ingested",
        "v1.package.finalized",
        "v1.retention.default_applied",
    ];
    assert_eq!(told, (1..).zip(expected).collect::<Vec<_>>());

    let filter = EventFilter { types: vec!["v1.file.ingested".parse().unwrap()], subject_id: Some(id.to_string()) };
    let request = TailRequest { filter, since: 1, ..TailRequest::default() };
    let events: Vec<_> = artifactstore_client::Connection::tail(&world.service, request).try_collect().await.unwrap();
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn a_following_tail_waits_for_what_comes() {
    let world = world();
    world.package("first").await;
    let request = TailRequest { since: 2, follow: true, ..TailRequest::default() };
    let mut tail = artifactstore_client::Connection::tail(&world.service, request);
    let (event, _) = tokio::join!(tail.next(), world.package("second"));
    assert_eq!(event.unwrap().unwrap().sequence, 3);
}

#[tokio::test]
async fn health_says_which_part_does_not_answer() {
    let world = world();
    assert!(world.service.health().await.serving());
    world.plane.set_reachable(&"local".parse().unwrap(), false);
    let health = world.service.health().await;
    assert!(!health.serving());
    assert!(health.database_fault.is_none());
    assert!(health.backends[0].reason.is_some());
}
