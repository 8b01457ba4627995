//! Binding paths to blobs.

use artifactstore_registry::{CommitFiles, NewFile, Request};
use artifactstore_testkit::{receipt_for, word};
use artifactstore_types::{Category, ContentAddress, PackageId, PackageStatus};

use crate::world::{World, at, command, commit, file, new_package};

fn replacing(package: PackageId, files: Vec<NewFile>) -> artifactstore_registry::PackageCommand {
    command(package, Request::CommitFiles(CommitFiles { files, replace: true, all_or_nothing: false }))
}

pub async fn binds_paths_to_blobs(world: World) {
    let package = world.package(new_package("run")).await;
    let new = file("logs/run.txt", b"all well");
    let committed = world.commit(commit(package, vec![new.clone(), file("empty", b"")])).await.unwrap();
    assert_eq!(committed.events.len(), 2);
    let bound = world.store.find_file(package, &new.relative_path).await.unwrap().unwrap();
    assert_eq!((bound.file_id, bound.package_id), (new.file_id, package));
    assert_eq!((&bound.media_type, bound.executable, bound.size_bytes), (&new.media_type, false, 8));
    assert_eq!(bound.content_address, ContentAddress::of(b"all well"));
    assert_eq!((bound.sha256, bound.created_at), (new.receipt.digests.sha256, at(60)));
    let record = world.record(package).await;
    assert_eq!((record.status, record.file_count, record.size_bytes), (PackageStatus::Uploading, 2, 8));
}

pub async fn refuses_a_path_that_exists_and_names_it(world: World) {
    let package = world.package_with(&["a/b"]).await;
    let committed = world.commit(commit(package, vec![file("a/b", b"other")])).await.unwrap();
    assert_eq!(committed.events, []);
    let [(0, fault)] = &committed.refused[..] else { panic!("{committed:?}") };
    assert_eq!((&*fault.code, fault.category), ("AS-REG-0006", Category::AlreadyExists));
    assert_eq!(fault.subject.as_deref(), Some("a/b"));
    assert!(fault.message.contains("a/b"));
    assert_eq!(world.files(package).await[0].content_address, ContentAddress::of(b"a/b"));
}

pub async fn refuses_a_path_that_stands_twice_in_one_command(world: World) {
    let package = world.package(new_package("run")).await;
    let committed = world.commit(commit(package, vec![file("a", b"1"), file("a", b"2")])).await.unwrap();
    assert_eq!(committed.events.len(), 1);
    assert_eq!(committed.refused[0].0, 1);
    assert_eq!(world.files(package).await[0].content_address, ContentAddress::of(b"1"));
}

pub async fn replaces_a_file_where_told_to(world: World) {
    let package = world.package_with(&["a", "b"]).await;
    let before = world.store.find_file(package, &word("a")).await.unwrap().unwrap();
    let mut new = file("a", b"a longer text");
    new.executable = true;
    let mut request = replacing(package, vec![new]);
    request.at = at(90);
    let committed = world.commit(request).await.unwrap();
    assert_eq!(committed.events[0].event_type.as_str(), "v1.file.replaced");
    let after = world.store.find_file(package, &word("a")).await.unwrap().unwrap();
    assert_eq!((after.file_id, after.created_at), (before.file_id, before.created_at));
    assert_eq!((after.content_address, after.executable), (ContentAddress::of(b"a longer text"), true));
    let record = world.record(package).await;
    assert_eq!((record.file_count, record.size_bytes), (2, 14));
    assert_eq!(world.store.find_blobs(&word("default"), &[before.content_address]).await.unwrap(), [None]);
}

pub async fn replaces_a_file_of_the_same_batch(world: World) {
    let package = world.package(new_package("run")).await;
    let outcomes = world
        .store
        .commit(vec![
            commit(package, vec![file("a", b"one")]).into(),
            replacing(package, vec![file("a", b"two"), file("a", b"three")]).into(),
        ])
        .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.files(package).await[0].content_address, ContentAddress::of(b"three"));
    assert_eq!(world.record(package).await.size_bytes, 5);
    world.commit(replacing(package, vec![file("a", b"4"), file("a", b"")])).await.unwrap();
    assert_eq!(world.files(package).await[0].content_address, ContentAddress::of(b""));
    assert_eq!(world.record(package).await.size_bytes, 0);
}

pub async fn refuses_one_file_and_takes_the_others(world: World) {
    let package = world.package_with(&["taken"]).await;
    let files = vec![file("a", b"a"), file("taken", b"t"), file("z", b"z")];
    let committed = world.commit(commit(package, files)).await.unwrap();
    let refused: Vec<_> = committed.refused.iter().map(|(index, _)| *index).collect();
    assert_eq!(refused, [1]);
    assert_eq!(world.paths(package).await, ["a", "taken", "z"]);
}

pub async fn refuses_all_files_for_one_where_told_to(world: World) {
    let package = world.package_with(&["taken"]).await;
    let files = vec![file("a", b"a"), file("taken", b"t")];
    let request = Request::CommitFiles(CommitFiles { files, replace: false, all_or_nothing: true });
    let fault = world.commit(command(package, request)).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0006");
    assert_eq!(world.paths(package).await, ["taken"]);
}

pub async fn refuses_a_path_that_would_be_a_file_and_a_directory(world: World) {
    let package = world.package_with(&["a/b/c", "a-b", "x"]).await;
    for path in ["a", "a/b", "x/y", "x/y/z", "a/b/c/d"] {
        let committed = world.commit(commit(package, vec![file(path, b"new")])).await.unwrap();
        assert_eq!(committed.refused.len(), 1, "{path} was taken");
        assert_eq!(&*committed.refused[0].1.code, "AS-REG-0007");
    }
    let together = vec![file("d/e", b"1"), file("d", b"2"), file("f", b"3"), file("f/g/h", b"4"), file("a/b0", b"5")];
    let committed = world.commit(commit(package, together)).await.unwrap();
    let refused: Vec<_> = committed.refused.iter().map(|(index, _)| *index).collect();
    assert_eq!(refused, [1, 3]);
    assert_eq!(world.paths(package).await, ["a-b", "a/b/c", "a/b0", "d/e", "f", "x"]);
}

pub async fn refuses_a_receipt_that_contradicts_itself(world: World) {
    let package = world.package(new_package("run")).await;
    let mut wrong_length = file("a", b"abc");
    wrong_length.receipt.location.length = 4;
    let mut beyond = file("b", b"abc");
    beyond.receipt.location.offset = u64::MAX;
    let mut swapped = file("c", b"abc");
    swapped.receipt.digests.sha256 = swapped.receipt.digests.blake3;
    let mut bad_key = file("d", b"abc");
    bad_key.receipt.location.key = "a\0b".into();
    let committed = world.commit(commit(package, vec![wrong_length, beyond, swapped, bad_key])).await.unwrap();
    let codes: Vec<_> = committed.refused.iter().map(|(_, fault)| &*fault.code).collect();
    assert_eq!(codes, ["AS-REG-0014"; 4]);
    assert_eq!(world.record(package).await.status, PackageStatus::Created);
}

pub async fn keeps_executable_bits_and_dot_files(world: World) {
    let package = world.package(new_package("run")).await;
    let mut script = file(".github/run.sh", b"#!/bin/sh");
    script.executable = true;
    world.commit(commit(package, vec![script, file(".env", b"")])).await.unwrap();
    let found: Vec<_> =
        world.files(package).await.into_iter().map(|file| (file.relative_path.to_string(), file.executable)).collect();
    assert_eq!(found, [(".env".to_owned(), false), (".github/run.sh".to_owned(), true)]);
}

pub async fn takes_ten_thousand_files_at_once(world: World) {
    let package = world.package(new_package("run")).await;
    let receipt = receipt_for(b"the same bytes");
    let new = |n: u32| NewFile { receipt: receipt.clone(), ..file(&format!("dir-{}/file-{n}", n % 7), b"") };
    let committed = world.commit(commit(package, (0..10_000).map(new).collect())).await.unwrap();
    assert_eq!((committed.events.len(), committed.refused.len()), (10_000, 0));
    assert_eq!(world.record(package).await.file_count, 10_000);
    assert_eq!(world.files(package).await.len(), 10_000);

    let fault = world.commit(commit(package, (0..10_001).map(new).collect())).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0009");
    let again = world.commit(commit(package, (0..10_000).map(new).collect())).await.unwrap();
    assert_eq!((again.events.len(), again.refused.len()), (0, 10_000));
}

pub async fn keeps_each_place_of_a_blob_once(world: World) {
    let package = world.package(new_package("run")).await;
    let elsewhere = |path: &str, backend: &str| {
        let mut new = file(path, b"same");
        new.receipt.location.backend_id = word(backend);
        new
    };
    world.commit(commit(package, vec![elsewhere("a", "local"), elsewhere("b", "local")])).await.unwrap();
    let mut later = elsewhere("c", "local");
    later.receipt.stored_at = at(1000);
    world.commit(commit(package, vec![later, elsewhere("d", "rgw-a")])).await.unwrap();
    let places: Vec<_> = world
        .store
        .list_locations(&[ContentAddress::of(b"same")])
        .await
        .unwrap()
        .into_iter()
        .map(|stored| (stored.location.backend_id.to_string(), stored.stored_at))
        .collect();
    assert_eq!(places, [("local".to_owned(), at(0)), ("rgw-a".to_owned(), at(0))]);
}
