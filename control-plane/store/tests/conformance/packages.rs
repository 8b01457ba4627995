//! The life of a package.

use artifactstore_manifest::Manifest;
use artifactstore_registry::Request;
use artifactstore_testkit::word;
use artifactstore_types::{
    Category, ContentAddress, Metadata, NewPackage, Outcome, PackageStatus, Provenance, Retry, Value,
};

use crate::world::{START, World, actor, at, command, commit, file, new_package};

const DAY: u64 = 24 * 60 * 60;

pub async fn creates_a_package_with_the_expiry_of_its_class(world: World) {
    let package = world.package(NewPackage { class: word("transient"), ..new_package("run") }).await;
    let record = world.record(package).await;
    assert_eq!(record.status, PackageStatus::Created);
    assert_eq!((record.created_at, record.actor), (START, actor()));
    assert_eq!(record.expires_at, Some(START.plus_seconds(7 * DAY)));
    assert_eq!((record.file_count, record.size_bytes), (0, 0));
    assert_eq!((record.revision, record.last_event_sequence), (2, 2));
    let types: Vec<_> = world.log().await.iter().map(|event| event.event_type.to_string()).collect();
    assert_eq!(types, ["v1.package.created", "v1.retention.default_applied"]);

    let lasting = world.package(NewPackage { class: word("permanent-record"), ..new_package("run") }).await;
    assert_eq!(world.record(lasting).await.expires_at, None);
}

pub async fn keeps_everything_a_producer_said(world: World) {
    let deep = Value::Map(Metadata::from([("e".into(), Value::List(vec![Value::Null, Value::Bool(true)]))]));
    let said = NewPackage {
        kind: Some(word("audit")),
        metadata: Metadata::from([
            ("zz".into(), Value::Int(-9_007_199_254_740_991)),
            ("a".into(), Value::Text("NUL \0, quote \", a smile \u{1f642}".into())),
            ("longer".into(), deep),
        ]),
        provenance: Provenance {
            source_refs: vec!["git:0123".into(), "any text\n".into()],
            producer_version: Some("1.2.3".into()),
            extra: Metadata::from([("k".into(), Value::Int(1))]),
        },
        ..new_package("Überprüfung: 50 % done")
    };
    let package = world.package(said.clone()).await;
    assert_eq!(world.record(package).await.package, said);
}

pub async fn refuses_an_id_that_exists(world: World) {
    let package = world.package(new_package("one")).await;
    let fault = world.commit(command(package, Request::CreatePackage(new_package("two")))).await.unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-REG-0002", Category::AlreadyExists));
    assert_eq!(world.record(package).await.package.name.as_str(), "one");
}

pub async fn refuses_a_class_that_does_not_exist(world: World) {
    let new = NewPackage { class: word("for-a-while"), ..new_package("run") };
    let package = world.next_package();
    let fault = world.commit(command(package, Request::CreatePackage(new))).await.unwrap_err();
    assert_eq!((&*fault.code, fault.subject.as_deref()), ("AS-REG-0010", Some("for-a-while")));
    assert_eq!(world.store.find_package(package).await.unwrap(), None);
}

pub async fn refuses_a_change_to_a_package_that_does_not_exist(world: World) {
    let nowhere = world.next_package();
    for request in [commit(nowhere, vec![file("a", b"a")]).request, Request::FailPackage { reason: "none".into() }] {
        let fault = world.commit(command(nowhere, request)).await.unwrap_err();
        assert_eq!((&*fault.code, fault.category), ("AS-REG-0001", Category::NotFound));
        assert_eq!((fault.retry, fault.outcome), (Retry::Never, Outcome::NotApplied));
    }
}

pub async fn finalizes_under_the_digest_of_the_manifest(world: World) {
    let package = world.package_with(&["b", "a/c"]).await;
    let manifest = world.manifest(package).await;
    world.finalize(package).await;
    let record = world.record(package).await;
    assert_eq!(record.status, PackageStatus::Finalized);
    assert_eq!(record.manifest_digest, Some(ContentAddress::of(&manifest)));
    assert_eq!(record.finalized_at, Some(at(60)));
    assert_eq!(world.store.find_manifest(package).await.unwrap(), Some(manifest.clone()));
    let paths = |manifest: &Manifest| -> Vec<String> {
        manifest.files().iter().map(|file| file.relative_path.to_string()).collect()
    };
    assert_eq!(paths(&Manifest::decode(&manifest).unwrap()), ["a/c", "b"]);
}

pub async fn counts_the_default_expiry_from_finalization(world: World) {
    let package = world.package_with(&["a"]).await;
    assert_eq!(world.record(package).await.expires_at, Some(START.plus_seconds(90 * DAY)));
    world.finalize(package).await;
    assert_eq!(world.record(package).await.expires_at, Some(at(60).plus_seconds(90 * DAY)));
}

pub async fn finalizing_again_changes_nothing(world: World) {
    let package = world.package_with(&["a"]).await;
    let finalization = world.finalization(package).await;
    world.commit(finalization.clone()).await.unwrap();
    let record = world.record(package).await;
    let again = world.commit(finalization).await.unwrap();
    assert_eq!(again.events, []);
    assert_eq!(world.record(package).await, record);
}

pub async fn refuses_a_manifest_built_from_another_revision(world: World) {
    let package = world.package_with(&["a"]).await;
    let finalization = world.finalization(package).await;
    world.commit(commit(package, vec![file("b", b"b")])).await.unwrap();
    let fault = world.commit(finalization).await.unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-REG-0005", Category::Conflict));
    assert_eq!(fault.retry, Retry::AfterReload);
    assert!(world.record(package).await.status.is_open());
    world.finalize(package).await;
}

pub async fn refuses_a_manifest_of_another_package(world: World) {
    let (package, other) = (world.package_with(&["a"]).await, world.package_with(&["a"]).await);
    let Request::FinalizePackage(of_other) = world.finalization(other).await.request else { unreachable!() };
    let fault = world.commit(command(package, Request::FinalizePackage(of_other.clone()))).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0015");

    let mut broken = of_other;
    broken.manifest = b"\xa1\x61b\x01".to_vec().into();
    let fault = world.commit(command(other, Request::FinalizePackage(broken))).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0015");
    assert!(world.record(other).await.status.is_open());
}

pub async fn names_the_manifest_in_every_refusal_after_finalization(world: World) {
    let package = world.package_with(&["a"]).await;
    world.finalize(package).await;
    let digest = world.record(package).await.manifest_digest.unwrap().to_string();
    let head = world.store.load_head().await.unwrap();
    for request in [commit(package, vec![file("b", b"b")]).request, Request::FailPackage { reason: "too late".into() }]
    {
        let fault = world.commit(command(package, request)).await.unwrap_err();
        assert_eq!((&*fault.code, fault.category), ("AS-REG-0003", Category::FailedPrecondition));
        assert!(fault.message.contains(&digest), "{fault}");
    }
    assert_eq!(world.store.load_head().await.unwrap(), head);
}

pub async fn gives_a_package_up_once(world: World) {
    let package = world.package_with(&["a"]).await;
    let failure = command(package, Request::FailPackage { reason: "the run was\naborted".into() });
    world.commit(failure.clone()).await.unwrap();
    let record = world.record(package).await;
    assert_eq!(record.status, PackageStatus::Failed);
    assert_eq!(record.failure_reason.as_deref(), Some("the run was\naborted"));
    assert_eq!(world.commit(failure).await.unwrap().events, []);
    let fault = world.commit(commit(package, vec![file("b", b"b")])).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0004");
    for reason in [String::new(), "NUL \0".into(), "x".repeat(2_001)] {
        let other = world.package(new_package("other")).await;
        let fault = world.commit(command(other, Request::FailPackage { reason })).await.unwrap_err();
        assert_eq!(&*fault.code, "AS-REG-0013");
    }
}

pub async fn a_refused_command_does_not_touch_its_neighbours(world: World) {
    let package = world.next_package();
    let outcomes = world
        .store
        .commit(vec![
            command(package, Request::CreatePackage(new_package("run"))).into(),
            command(package, Request::CreatePackage(new_package("again"))).into(),
            commit(package, vec![file("a", b"a")]).into(),
            commit(world.next_package(), vec![file("a", b"a")]).into(),
            commit(package, vec![file("a", b"another"), file("b", b"b")]).into(),
            command(package, Request::FailPackage { reason: "enough".into() }).into(),
            commit(package, vec![file("c", b"c")]).into(),
        ])
        .await;
    let codes: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().map_or_else(|fault| &*fault.code, |_| "taken")).collect();
    assert_eq!(codes, ["taken", "AS-REG-0002", "taken", "AS-REG-0001", "taken", "taken", "AS-REG-0004"]);
    assert_eq!(world.paths(package).await, ["a", "b"]);
    let record = world.record(package).await;
    assert_eq!((record.status, record.revision), (PackageStatus::Failed, 5));
    assert_eq!(world.store.load_head().await.unwrap(), 5);
}
