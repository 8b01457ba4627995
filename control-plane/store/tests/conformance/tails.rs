//! Following the log.

use std::{sync::Arc, time::Duration};

use artifactstore_store::{Tail, TailOptions};
use artifactstore_testkit::word;
use artifactstore_types::{EventFilter, EventRecord, Fault, Namespace, NewPackage};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use tokio::task::JoinSet;

use crate::world::{World, commit, file, new_package};

type Events = BoxStream<'static, Result<Arc<EventRecord>, Fault>>;

fn tail(world: &World) -> Tail {
    Tail::start(world.store.clone(), TailOptions::default())
}

fn follow(tail: &Tail, since: u64) -> Events {
    tail.subscribe(Namespace::default(), since, EventFilter::default(), true)
}

async fn take(events: &mut Events, count: usize) -> Vec<u64> {
    events.take(count).map_ok(|event| event.sequence).try_collect().await.unwrap()
}

pub async fn gives_what_was_and_then_what_comes(world: World) {
    let package = world.package_with(&["a"]).await;
    let tail = tail(&world);
    let mut all = follow(&tail, 0);
    let mut later = follow(&tail, 2);
    assert_eq!(take(&mut all, 3).await, [1, 2, 3]);
    assert_eq!(take(&mut later, 1).await, [3]);
    for n in 4..=20 {
        world.commit(commit(package, vec![file(&format!("{n}"), b"x")])).await.unwrap();
        assert_eq!(take(&mut all, 1).await, [n]);
    }
    assert_eq!(take(&mut later, 17).await, (4..=20).collect::<Vec<_>>());
}

pub async fn ends_at_the_head_where_it_is_not_to_follow(world: World) {
    let package = world.package_with(&["a", "b"]).await;
    let options = TailOptions { page_events: 2, ..TailOptions::default() };
    let tail = Tail::start(world.store.clone(), options);
    let mut events = tail.subscribe(Namespace::default(), 1, EventFilter::default(), false);
    assert_eq!(take(&mut events, 1).await, [2]);
    world.commit(commit(package, vec![file("c", b"c")])).await.unwrap();
    let rest: Vec<_> = events.map_ok(|event| event.sequence).try_collect().await.unwrap();
    assert_eq!(rest, [3, 4]);
    let beyond = tail.subscribe(Namespace::default(), 1_000, EventFilter::default(), false);
    assert_eq!(beyond.count().await, 0);
}

pub async fn gives_one_namespace_and_what_the_filter_admits(world: World) {
    let package = world.package_with(&["a"]).await;
    world.package(NewPackage { namespace: word("theirs"), ..new_package("run") }).await;
    let other = world.package_with(&["b"]).await;
    let tail = tail(&world);
    let ended = |filter| tail.subscribe(Namespace::default(), 0, filter, false);
    let sequences = |events: Events| events.map_ok(|event| event.sequence).try_collect::<Vec<_>>();
    assert_eq!(sequences(ended(EventFilter::default())).await.unwrap(), [1, 2, 3, 6, 7, 8]);
    let files = EventFilter { types: vec![word("v1.file.ingested")], subject_id: None };
    assert_eq!(sequences(ended(files.clone())).await.unwrap(), [3, 8]);
    let of_one = EventFilter { subject_id: Some(package.to_string()), ..EventFilter::default() };
    assert_eq!(sequences(ended(of_one)).await.unwrap(), [1, 2, 3]);

    let mut live = tail.subscribe(Namespace::default(), 8, files, true);
    world.finalize(package).await;
    world.commit(commit(other, vec![file("c", b"c")])).await.unwrap();
    assert_eq!(take(&mut live, 1).await, [11]);
}

pub async fn a_subscriber_that_fell_behind_misses_nothing(world: World) {
    let package = world.package(new_package("run")).await;
    let options = TailOptions { buffer_events: 4, page_events: 3, ..TailOptions::default() };
    let tail = Tail::start(world.store.clone(), options);
    let (mut slow, mut quick) = (follow(&tail, 0), follow(&tail, 0));
    assert_eq!(take(&mut slow, 2).await, [1, 2]);
    assert_eq!(take(&mut quick, 2).await, [1, 2]);
    for n in 3..=60 {
        world.commit(commit(package, vec![file(&format!("{n}"), b"x")])).await.unwrap();
        // The reader has passed this event on once another subscriber has it.
        assert_eq!(take(&mut quick, 1).await, [n]);
    }
    assert_eq!(take(&mut slow, 58).await, (3..=60).collect::<Vec<_>>());
}

pub async fn reads_a_large_event_from_the_table(world: World) {
    let package = world.package(new_package("run")).await;
    let options = TailOptions { buffer_payload_bytes: 100, ..TailOptions::default() };
    let tail = Tail::start(world.store.clone(), options);
    let mut events = follow(&tail, 0);
    assert_eq!(take(&mut events, 2).await, [1, 2]);
    world.commit(commit(package, vec![file("a", b"x"), file("b", b"x")])).await.unwrap();
    let event = events.next().await.unwrap().unwrap();
    assert!(event.payload.len() > 100);
    assert_eq!(event.sequence, 3);
    assert_eq!(take(&mut events, 1).await, [4]);
}

pub async fn a_thousand_subscribers_see_the_same(world: World) {
    let package = world.package(new_package("run")).await;
    let options = TailOptions { poll_interval: Duration::from_millis(200), ..TailOptions::default() };
    let tail = Tail::start(world.store.clone(), options);
    let mut subscribers = JoinSet::new();
    for n in 0..1_000 {
        let mut events = follow(&tail, n % 3);
        subscribers.spawn(async move { take(&mut events, usize::try_from(50 - n % 3).unwrap()).await.pop() });
    }
    for n in 3..=50 {
        world.commit(commit(package, vec![file(&format!("{n}"), b"x")])).await.unwrap();
    }
    assert!(subscribers.join_all().await.iter().all(|last| *last == Some(50)));
}
