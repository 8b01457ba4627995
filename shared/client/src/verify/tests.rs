//! What verification finds.

use std::{fs, future::pending, os::unix::fs::PermissionsExt as _, path::Path};

use artifactstore_types::{Category, PackageStatus, Value};
use tempfile::TempDir;

use super::*;
use crate::{
    PushRequest, PushTarget,
    fake::{Call, Fake, lasting, new_package},
    push,
};

/// A store with a finalized package of three files, and the directory they came from.
async fn finalized() -> (Fake, PackageId, TempDir) {
    let source = tempfile::tempdir().unwrap();
    fs::create_dir(source.path().join("b")).unwrap();
    for (path, bytes) in [("a", &b"one"[..]), ("b/c", b"two"), ("d", &[3; 3000])] {
        fs::write(source.path().join(path), bytes).unwrap();
    }
    let fake = Fake::default();
    let request = PushRequest {
        directory: source.path().to_owned(),
        target: PushTarget::New(Box::new(new_package())),
        actor: "somebody".parse().unwrap(),
        replace: false,
        finalize: true,
        skip_special: false,
    };
    let pushed = push(&fake.connection(), request, Arc::new(()), pending()).await.unwrap();
    (fake, pushed.package.package_id, source)
}

async fn run(fake: &Fake, package: PackageId, directory: Option<&Path>) -> Result<Verified, Fault> {
    let request =
        VerifyRequest { package, directory: directory.map(Path::to_owned), skip_special: false, expected: None };
    verify(&fake.connection(), request, Arc::new(())).await
}

fn kinds(verified: &Verified) -> Vec<(&'static str, Option<&str>)> {
    verified.findings.iter().map(|finding| (finding.kind.name(), finding.path.as_deref())).collect()
}

#[tokio::test]
async fn nothing_is_found_where_all_is_well() {
    let (fake, id, source) = finalized().await;
    let verified = run(&fake, id, Some(source.path())).await.unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!((verified.file_count, verified.bytes, verified.local_file_count), (3, 3006, Some(3)));
    assert_eq!(run(&fake, id, None).await.unwrap().local_file_count, None);
}

#[tokio::test]
async fn every_way_stored_bytes_can_be_wrong_is_found() {
    let (fake, id, _source) = finalized().await;
    let wrong = [("a", Mismatch::Missing), ("b/c", Mismatch::Size), ("d", Mismatch::Digest)];
    fake.state().mischief.mismatches.extend(wrong.map(|(path, mismatch)| (path.to_owned(), mismatch)));
    let verified = run(&fake, id, None).await.unwrap();
    let expected = [("stored-missing", Some("a")), ("stored-size", Some("b/c")), ("stored-digest", Some("d"))];
    assert_eq!(kinds(&verified), expected);
    assert_eq!(verified.file_count, 3, "the rest is checked all the same");
}

#[tokio::test]
async fn an_altered_manifest_is_found() {
    let (fake, id, source) = finalized().await;
    let mut altered = fake.state().manifests[&id].to_vec();
    *altered.last_mut().unwrap() ^= 1;
    fake.state().mischief.manifest = Some(altered.into());
    let verified = run(&fake, id, Some(source.path())).await.unwrap();
    assert_eq!(kinds(&verified), [("manifest", None)]);
    assert_eq!(verified.local_file_count, None, "there is nothing to compare a directory with");
}

#[tokio::test]
async fn a_malformed_manifest_with_the_right_digest_is_found() {
    let (fake, id, _source) = finalized().await;
    fake.state().forge_manifest_bytes(id, &[0xbf, 0xff][..]);
    assert_eq!(kinds(&run(&fake, id, None).await.unwrap()), [("manifest", None)]);
}

#[tokio::test]
async fn a_digest_other_than_the_expected_one_is_found() {
    let (fake, id, _source) = finalized().await;
    let expected = Some(ContentAddress::of(b"other"));
    let request = VerifyRequest { package: id, directory: None, skip_special: false, expected };
    let verified = verify(&fake.connection(), request, Arc::new(())).await.unwrap();
    assert_eq!(kinds(&verified), [("manifest", None)]);
}

#[tokio::test]
async fn a_registry_that_disagrees_with_the_manifest_is_found() {
    let (fake, id, _source) = finalized().await;
    fake.state().forge_manifest(id, |files| {
        files[0].executable = true;
        files[1].relative_path = "b/other".parse().unwrap();
    });
    let verified = run(&fake, id, None).await.unwrap();
    let expected = [("registry", Some("a")), ("registry", Some("b/c")), ("registry", Some("b/other"))];
    assert_eq!(kinds(&verified), expected);
}

#[tokio::test]
async fn a_record_that_says_something_else_than_the_manifest_is_found() {
    type Change = fn(&mut PackageRecord);
    let wrong: [(&str, Change); 9] = [
        ("name", |record| record.package.name = "other".parse().unwrap()),
        ("namespace", |record| record.package.namespace = "other".parse().unwrap()),
        ("class", |record| record.package.class = "transient".parse().unwrap()),
        ("kind", |record| record.package.kind = Some("other".parse().unwrap())),
        ("metadata", |record| _ = record.package.metadata.insert("branch".to_owned(), Value::Bool(true))),
        ("provenance", |record| record.package.provenance.source_refs.push("git:1".to_owned())),
        ("time of expiry", |record| record.expires_at = Some(record.created_at)),
        ("number of files", |record| record.file_count += 1),
        ("sum of sizes", |record| record.size_bytes += 1),
    ];
    for (what, wrong) in wrong {
        let (fake, id, _source) = finalized().await;
        wrong(fake.state().packages.get_mut(&id).unwrap());
        let verified = run(&fake, id, None).await.unwrap();
        assert_eq!(kinds(&verified), [("registry", None)], "{what}");
        assert!(verified.findings[0].detail.contains(&format!("another {what} than")), "{:?}", verified.findings);
    }
}

#[tokio::test]
async fn a_directory_is_held_to_both_digests() {
    let (fake, id, source) = finalized().await;
    let other = artifactstore_types::DualDigest::of(b"two");
    let wrong: [fn(&mut FileEntry, artifactstore_types::DualDigest); 2] = [
        |file, other| file.sha256 = other.sha256,
        |file, other| file.content_address = ContentAddress::try_from(other.blake3).unwrap(),
    ];
    for wrong in wrong {
        fake.state().forge_manifest(id, |files| wrong(&mut files[0], other));
        let verified = run(&fake, id, Some(source.path())).await.unwrap();
        assert_eq!(kinds(&verified), [("registry", Some("a")), ("local-altered", Some("a"))]);
    }
}

#[tokio::test]
async fn every_way_a_directory_can_differ_is_found() {
    let (fake, id, source) = finalized().await;
    let at = |path: &str| source.path().join(path);
    fs::set_permissions(at("a"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(at("b/c")).unwrap();
    fs::write(at("d"), [4; 3000]).unwrap();
    fs::write(at("extra"), "").unwrap();
    std::os::unix::fs::symlink("a", at("link")).unwrap();
    fs::write(at("back\\slash"), "").unwrap();
    let verified = run(&fake, id, Some(source.path())).await.unwrap();
    let mut found = kinds(&verified);
    found.sort_unstable();
    let expected = [
        ("local-altered", Some("d")),
        ("local-executable", Some("a")),
        ("local-extra", Some("back\\slash")),
        ("local-extra", Some("extra")),
        ("local-extra", Some("link")),
        ("local-missing", Some("b/c")),
    ];
    assert_eq!(found, expected);
    fs::write(at("d"), "shorter").unwrap();
    let verified = run(&fake, id, Some(source.path())).await.unwrap();
    assert!(kinds(&verified).contains(&("local-altered", Some("d"))));
}

#[tokio::test]
async fn special_files_are_passed_over_on_request_and_named() {
    let (fake, id, source) = finalized().await;
    std::os::unix::fs::symlink("a", source.path().join("link")).unwrap();
    fs::write(source.path().join("back\\slash"), "").unwrap();
    let directory = Some(source.path().to_owned());
    let request = VerifyRequest { package: id, directory, skip_special: true, expected: None };
    let verified = verify(&fake.connection(), request, Arc::new(())).await.unwrap();
    assert_eq!(kinds(&verified), [("local-extra", Some("back\\slash"))]);
    assert_eq!(verified.skipped.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["link"]);
}

#[tokio::test]
async fn what_cannot_be_told_is_a_fault() {
    let (fake, id, source) = finalized().await;
    let missing = run(&fake, id, Some(&source.path().join("missing"))).await.unwrap_err();
    assert_eq!(missing.code, "AS-CLIENT-0001");
    fake.fail(Call::LoadManifest, false, lasting());
    assert_eq!(run(&fake, id, None).await.unwrap_err(), lasting());
    fake.state().packages.get_mut(&id).unwrap().status = PackageStatus::Deleted;
    assert_eq!(run(&fake, id, None).await.unwrap_err().category, Category::FailedPrecondition);
}
