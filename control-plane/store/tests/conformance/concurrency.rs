//! Many at once: one package, one log, one committer.

use std::{sync::Arc, time::Duration};

use artifactstore_store::{Committer, CommitterOptions, Tail, TailOptions};
use artifactstore_types::{Category, EventFilter, Fault, Namespace, Outcome, Sequence};
use futures::StreamExt as _;
use tokio::task::JoinSet;

use crate::world::{World, commit, file, new_package};

const WRITERS: u32 = 8;
const FILES: u32 = 25;

pub async fn takes_concurrent_adds_to_one_package(world: World) {
    let package = world.package(new_package("run")).await;
    let committer = Committer::start(Arc::clone(&world.store), CommitterOptions::default());
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let committer = committer.clone();
        writers.spawn(async move {
            for n in 0..FILES {
                let new = file(&format!("job-{writer}/{n}"), b"x");
                let taken = committer.submit(commit(package, vec![new])).await.unwrap();
                assert_eq!((taken.events.len(), taken.refused.len()), (1, 0));
            }
        });
    }
    writers.join_all().await;
    let record = world.record(package).await;
    assert_eq!(record.file_count, u64::from(WRITERS * FILES));
    assert_eq!(record.revision, 2 + u64::from(WRITERS * FILES));
    assert_eq!(world.files(package).await.len(), 200);
}

pub async fn a_path_added_twice_at_once_is_taken_once(world: World) {
    let package = world.package(new_package("run")).await;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&world.store);
        writers.spawn(async move {
            let mut outcomes = store.commit(vec![commit(package, vec![file("the-one", b"x")]).into()]).await;
            outcomes.remove(0).unwrap().events.len()
        });
    }
    assert_eq!(writers.join_all().await.iter().sum::<usize>(), 1);
}

/// Commands go straight to the store, from tasks of their own, small and large ones: transactions overlap and take
/// different times, which is how a sequence given out before another could be committed after it.
pub async fn shows_no_hole_while_many_append(world: World) {
    let tail = Tail::start(world.store.clone(), TailOptions::default());
    let mut following = tail.subscribe(Namespace::default(), 0, EventFilter::default(), true);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let package = world.package(new_package(&format!("{writer}"))).await;
        let store = Arc::clone(&world.store);
        writers.spawn(async move {
            for n in 0..FILES {
                let many = if writer % 2 == 0 { 1 } else { 40 };
                let files = (0..many).map(|i| file(&format!("{n}/{i}"), b"x")).collect();
                store.commit(vec![commit(package, files).into()]).await.remove(0).unwrap();
            }
        });
    }
    let total = u64::from(WRITERS * 2 + WRITERS / 2 * FILES * (1 + 40));
    for expected in 1..=total {
        assert_eq!(following.next().await.unwrap().unwrap().sequence, expected);
    }
    writers.join_all().await;
    assert_eq!(world.store.load_head().await.unwrap(), total);
}

pub async fn commits_what_was_taken_though_nobody_waits_for_it(world: World) {
    let package = world.package(new_package("run")).await;
    let committer = Committer::start(Arc::clone(&world.store), CommitterOptions::default());
    let mut abandoned = Box::pin(committer.submit(commit(package, vec![file("a", b"a")])));
    // Polled once, it has handed the command over.
    assert!(futures::poll!(&mut abandoned).is_pending());
    drop(abandoned);
    committer.stop().await;
    assert_eq!(world.paths(package).await, ["a"]);
}

pub async fn answers_everything_before_it_stops(world: World) {
    let package = world.package(new_package("run")).await;
    let options = CommitterOptions { batch_weight: 2, queue_weight: 8, queue_deadline: Duration::from_mins(1) };
    let committer = Committer::start(Arc::clone(&world.store), options);
    let mut waiting = JoinSet::new();
    for n in 0..40 {
        let committer = committer.clone();
        waiting.spawn(async move { committer.submit(commit(package, vec![file(&format!("{n}"), b"x")])).await });
    }
    let first = waiting.join_next().await.unwrap().unwrap();
    committer.stop().await;
    let head: Sequence = world.store.load_head().await.unwrap();
    let refused = committer.submit(commit(package, vec![file("late", b"x")])).await.unwrap_err();
    assert_eq!((&*refused.code, refused.category), ("AS-STORE-0011", Category::Unavailable));
    let answers: Vec<Result<_, Fault>> = waiting.join_all().await.into_iter().chain([first]).collect();
    let taken = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
    assert_eq!(world.record(package).await.file_count, taken);
    assert_eq!(head, 2 + taken);
    for fault in answers.into_iter().filter_map(Result::err) {
        assert_eq!((&*fault.code, fault.outcome), ("AS-STORE-0011", Outcome::NotApplied));
    }
}
