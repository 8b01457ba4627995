//! The log: gapless, in order, sealed.

use artifactstore_registry::{Request, leaf_hash, payload_digest};
use artifactstore_types::EventRecord;

use crate::world::{World, command, commit, file, new_package};

fn sequences(events: &[EventRecord]) -> Vec<u64> {
    events.iter().map(|event| event.sequence).collect()
}

pub async fn numbers_events_without_gap(world: World) {
    let (one, two) = (world.package(new_package("one")).await, world.package(new_package("two")).await);
    for n in 0..5 {
        world.commit(commit(one, vec![file(&format!("{n}"), b"x"), file(&format!("{n}b"), b"x")])).await.unwrap();
        world.commit(commit(two, vec![file(&format!("{n}"), b"x")])).await.unwrap();
    }
    let log = world.log().await;
    assert_eq!(sequences(&log), (1..=19).collect::<Vec<_>>());
    assert_eq!(world.store.load_head().await.unwrap(), 19);
    for (package, count) in [(one, 12), (two, 7)] {
        let subject = package.to_string();
        let revisions: Vec<_> =
            log.iter().filter(|event| event.subject_id == subject).map(|event| event.subject_revision).collect();
        assert_eq!(revisions, (1..=count).collect::<Vec<_>>());
        assert_eq!(world.record(package).await.revision, count);
    }
}

pub async fn gives_pages_of_events_in_order(world: World) {
    world.package_with(&["a", "b", "c"]).await;
    assert_eq!(sequences(&world.store.list_events(0, 2).await.unwrap()), [1, 2]);
    assert_eq!(sequences(&world.store.list_events(2, 2).await.unwrap()), [3, 4]);
    assert_eq!(sequences(&world.store.list_events(4, 100).await.unwrap()), [5]);
    assert_eq!(world.store.list_events(5, 100).await.unwrap(), []);
    assert_eq!(world.store.list_events(u64::MAX, 100).await.unwrap(), []);
}

pub async fn gives_a_payload_back_as_it_was_written(world: World) {
    let package = world.package_with(&["a"]).await;
    let committed = world.commit(commit(package, vec![file("b", b"b")])).await.unwrap();
    assert_eq!(world.log().await.last(), committed.events.last());
    let manifest = world.manifest(package).await;
    world.finalize(package).await;
    let finalized = &world.log().await[4];
    assert_eq!(finalized.event_type.as_str(), "v1.package.finalized");
    assert_eq!(finalized.payload, manifest);
    assert_eq!(world.store.find_file(package, &"b".parse().unwrap()).await.unwrap().as_slice(), committed.files);
}

pub async fn ends_a_page_before_it_is_too_large(world: World) {
    let package = world.package(new_package("large")).await;
    let long = |n: u32| file(&format!("{}/{n}", ["d"; 4].map(|part| part.repeat(240)).join("/")), b"x");
    world.commit(commit(package, (0..8_000).map(long).collect())).await.unwrap();
    world.finalize(package).await;
    let total = world.store.load_head().await.unwrap();
    let (mut last, mut pages, mut bytes) = (0, 0, 0);
    while last < total {
        let page = world.store.list_events(last, 100_000).await.unwrap();
        assert_eq!(page[0].sequence, last + 1);
        last = page.last().unwrap().sequence;
        pages += 1;
        bytes += page.iter().map(|event| event.payload.len()).sum::<usize>();
    }
    assert!(bytes > 17 * 1024 * 1024, "{bytes} bytes of payload are too few to show anything");
    if world.url.is_some() {
        assert!(pages > 1);
    }
}

pub async fn seals_every_event(world: World) {
    let package = world.package_with(&["a", "b"]).await;
    world.finalize(package).await;
    for event in world.log().await {
        assert_eq!(payload_digest(&event.payload), event.payload_digest);
        assert_eq!(leaf_hash(&event).unwrap(), event.leaf_hash);
        let moved = EventRecord { sequence: event.sequence + 1, ..event.clone() };
        assert_ne!(leaf_hash(&moved).unwrap(), event.leaf_hash);
    }
}

pub async fn appends_nothing_for_what_is_refused(world: World) {
    let package = world.package_with(&["a"]).await;
    let head = world.store.load_head().await.unwrap();
    world.commit(commit(package, vec![file("a", b"x")])).await.unwrap();
    world.commit(commit(world.next_package(), vec![file("a", b"x")])).await.unwrap_err();
    world.commit(command(package, Request::FailPackage { reason: String::new() })).await.unwrap_err();
    assert_eq!(world.store.commit(Vec::new()).await, []);
    assert_eq!(world.store.load_head().await.unwrap(), head);
    assert_eq!(world.log().await.len() as u64, head);
}

pub async fn wakes_whoever_waits_for_events(world: World) {
    let mut wakeups = world.store.wakeups();
    let package = world.package(new_package("run")).await;
    wakeups.wait_for(|head| *head >= 2).await.unwrap();
    world.commit(commit(package, vec![file("a", b"a")])).await.unwrap();
    wakeups.wait_for(|head| *head >= 3).await.unwrap();
}
