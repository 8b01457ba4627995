//! Migrating, replaying, checking.

use std::sync::atomic::{AtomicU64, Ordering};

use artifactstore_registry::{CommitFiles, Request};
use artifactstore_types::{PackageFilter, PackageId};

use crate::world::{World, command, commit, file, new_package};

/// Packages in every state, with files of every kind.
async fn lived_in(world: &World) -> Vec<PackageId> {
    let finalized = world.package_with(&["a", "b/c", "b/d"]).await;
    world.finalize(finalized).await;
    let failed = world.package_with(&["a"]).await;
    world.commit(command(failed, Request::FailPackage { reason: "aborted".into() })).await.unwrap();
    let open = world.package_with(&["a", "x"]).await;
    let files = vec![file("a", b"replaced"), file("new", b"a")];
    let replace = Request::CommitFiles(CommitFiles { files, replace: true, all_or_nothing: true });
    world.commit(command(open, replace)).await.unwrap();
    let empty = world.package(new_package("empty")).await;
    let large = world.package(new_package("large")).await;
    let many = (0..6_000).map(|n| file(&format!("{n}"), b"x")).collect();
    world.commit(commit(large, many)).await.unwrap();
    vec![finalized, failed, open, empty, large]
}

async fn everything(world: &World, packages: &[PackageId]) -> Vec<String> {
    let mut all =
        vec![format!("{:?}", world.store.list_packages(&PackageFilter::default(), None, 1_000).await.unwrap())];
    for package in packages {
        all.push(format!("{:?}{:?}", world.files(*package).await, world.locations(*package).await));
    }
    all
}

pub async fn replays_to_the_same_views(world: World) {
    let packages = lived_in(&world).await;
    let before = everything(&world, &packages).await;
    let (done, of) = (AtomicU64::new(0), AtomicU64::new(0));
    let progress = |at: u64, total: u64| {
        done.store(at, Ordering::SeqCst);
        of.store(total, Ordering::SeqCst);
    };
    let replayed = world.store.replay(&progress).await.unwrap();
    let head = world.store.load_head().await.unwrap();
    assert_eq!((replayed.events, replayed.head), (head, head));
    assert_eq!((done.into_inner(), of.into_inner()), (head, head));
    assert_eq!(everything(&world, &packages).await, before);
    world.commit(commit(packages[3], vec![file("still", b"open")])).await.unwrap();
    assert_eq!(world.store.check(&|_, _| ()).await.unwrap().findings, []);
}

pub async fn finds_nothing_wrong_with_what_it_wrote(world: World) {
    let empty = world.store.check(&|_, _| ()).await.unwrap();
    assert_eq!((empty.events, empty.head, empty.findings.len()), (0, 0, 0));
    let packages = lived_in(&world).await;
    let before = everything(&world, &packages).await;
    let checked = world.store.check(&|_, _| ()).await.unwrap();
    assert_eq!(checked.findings, []);
    let head = world.store.load_head().await.unwrap();
    assert_eq!((checked.events, checked.head), (head, head));
    assert_eq!(everything(&world, &packages).await, before);
}

pub async fn applies_each_migration_once(world: World) {
    assert_eq!(world.store.migrate(false).await.unwrap(), Vec::<String>::new());
    let package = world.package_with(&["a"]).await;
    world.store.migrate(false).await.unwrap();
    assert_eq!(world.paths(package).await, ["a"]);
}

pub async fn starts_afresh(world: World) {
    let package = world.package_with(&["a"]).await;
    let applied = world.store.migrate(true).await.unwrap();
    if world.url.is_some() {
        let all = ["0001_create_registry", "0002_seed_retention_classes", "0003_create_contract_streams"];
        assert_eq!(applied, all);
    }
    assert_eq!(world.store.find_package(package).await.unwrap(), None);
    assert_eq!(world.store.load_head().await.unwrap(), 0);
    assert_eq!(world.store.list_classes().await.unwrap().len(), 5);
    let package = world.package_with(&["a"]).await;
    assert_eq!(world.record(package).await.last_event_sequence, 3);
}

pub async fn answers_a_ping(world: World) {
    world.store.ping().await.unwrap();
}
