//! Finalizing and giving up.

use artifactstore_client::ManifestFormat;
use artifactstore_manifest::Manifest;
use artifactstore_store::EventLog as _;
use artifactstore_types::{Category, PackageStatus};

use super::{actor, world};

#[tokio::test]
async fn finalizing_twice_gives_the_same_answer_and_no_second_event() {
    let world = world();
    let id = world.package("twice").await;
    world.add(id, "b", b"b").await.unwrap();
    world.add(id, "a", b"a").await.unwrap();
    let first = world.service.finalize_package(&actor(), id).await.unwrap();
    let head = world.store.load_head().await.unwrap();
    let second = world.service.finalize_package(&actor(), id).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(world.store.load_head().await.unwrap(), head);
}

#[tokio::test]
async fn the_manifest_is_the_payload_and_its_digest_the_identity() {
    let world = world();
    let id = world.package("manifest").await;
    world.add(id, "b/c", b"b").await.unwrap();
    world.add(id, "a", b"a").await.unwrap();
    let package = world.service.finalize_package(&actor(), id).await.unwrap();
    let cbor = world.service.load_manifest(id, ManifestFormat::Cbor).await.unwrap();
    assert_eq!(package.manifest_digest, Some(artifactstore_manifest::digest(&cbor)));
    let manifest = Manifest::decode(&cbor).unwrap();
    let json = world.service.load_manifest(id, ManifestFormat::Json).await.unwrap();
    assert_eq!(Manifest::from_jcs(&json).unwrap(), manifest);
    let paths: Vec<_> = manifest.files().iter().map(|file| file.relative_path.to_string()).collect();
    assert_eq!(paths, ["a", "b/c"]);
}

#[tokio::test]
async fn has_no_manifest_before_it_is_finalized() {
    let world = world();
    let id = world.package("open").await;
    let fault = world.service.load_manifest(id, ManifestFormat::Cbor).await.unwrap_err();
    assert_eq!((fault.category, &*fault.code), (Category::FailedPrecondition, "AS-SVC-0003"));
}

#[tokio::test]
async fn finalizes_what_is_there_while_others_keep_adding() {
    let world = world();
    let id = world.package("race").await;
    let adding = async {
        let mut added = 0_u64;
        while world.add(id, &format!("{added}"), b"x").await.is_ok() {
            added += 1;
        }
        added
    };
    let finalizing = async {
        loop {
            match world.service.finalize_package(&actor(), id).await {
                Ok(package) => return package,
                Err(fault) => assert_eq!(fault.category, Category::Conflict),
            }
        }
    };
    let (added, package) = tokio::join!(adding, finalizing);
    assert_eq!(package.file_count, added, "what was acknowledged is in the manifest, and nothing else");
}

#[tokio::test]
async fn a_package_given_up_takes_nothing_more_and_is_never_finalized() {
    let world = world();
    let id = world.package("failed").await;
    let failed = world.service.fail_package(&actor(), id, "the run was cancelled").await.unwrap();
    assert_eq!(failed.status, PackageStatus::Failed);
    assert_eq!(failed.failure_reason.as_deref(), Some("the run was cancelled"));
    assert_eq!(world.add(id, "a", b"a").await.unwrap_err().category, Category::FailedPrecondition);
    assert_eq!(world.service.finalize_package(&actor(), id).await.unwrap_err().category, Category::FailedPrecondition);
}
