//! What a pull writes, and what it never writes, whatever the store sends.

use std::{
    collections::BTreeMap,
    fs,
    future::pending,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use artifactstore_types::{Category, RelativePath};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    PushRequest, PushTarget,
    fake::{Call, Fake, lasting, new_package, passing, stopped},
    push,
};

const FILES: &[(&str, &[u8])] =
    &[("a/b/c", b"deep"), (".hidden", b"dot"), ("empty", b""), ("run", b"#!"), ("日本/é", &[7; 5000])];

/// A store with one finalized package of these files, and a directory to pull into.
async fn finalized(files: &[(&str, &[u8])]) -> (Fake, PackageId, TempDir) {
    let source = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = source.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        if path.ends_with("run") {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        }
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
    (fake, pushed.package.package_id, tempfile::tempdir().unwrap())
}

fn request(package: PackageId, directory: &Path) -> PullRequest {
    PullRequest { package, directory: directory.to_owned(), overwrite: false, expected: None }
}

async fn run(fake: &Fake, request: PullRequest) -> Result<Pulled, Fault> {
    pull(&fake.connection(), request, Arc::new(()), pending()).await
}

/// Every regular file below a directory, hidden ones and leftovers too.
fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(directory).min_depth(1).into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn expected(files: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect()
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

#[tokio::test]
async fn everything_comes_back_as_it_was() {
    let (fake, id, target) = finalized(FILES).await;
    let directory = target.path().join("made/on/the/way");
    let pulled = run(&fake, request(id, &directory)).await.unwrap();
    assert_eq!((pulled.file_count, pulled.bytes), (5, 5009));
    assert_eq!(contents(&directory), expected(FILES));
    let mode = |path: &str| fs::metadata(directory.join(path)).unwrap().permissions().mode() & 0o100;
    assert_eq!((mode("run"), mode("a/b/c")), (0o100, 0));
    assert!(
        fs::read_dir(&directory)
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_str().unwrap().starts_with(".artifactstore") })
    );
}

#[tokio::test]
async fn a_directory_that_is_not_empty_is_refused() {
    let (fake, id, target) = finalized(FILES).await;
    fs::write(target.path().join("mine"), "mine").unwrap();
    let fault = run(&fake, request(id, target.path())).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0008", Category::AlreadyExists));
    assert_eq!(contents(target.path()), expected(&[("mine", b"mine")]));
}

#[tokio::test]
async fn overwriting_replaces_files_of_the_package_and_leaves_others() {
    let (fake, id, target) = finalized(FILES).await;
    fs::write(target.path().join("mine"), "mine").unwrap();
    fs::write(target.path().join("run"), "something longer").unwrap();
    run(&fake, PullRequest { overwrite: true, ..request(id, target.path()) }).await.unwrap();
    let all: Vec<_> = FILES.iter().copied().chain([("mine", &b"mine"[..])]).collect();
    assert_eq!(contents(target.path()), expected(&all));
}

#[tokio::test]
async fn a_link_in_the_way_is_not_followed() {
    let (fake, id, target) = finalized(FILES).await;
    let (inside, outside) = (target.path().join("inside"), target.path().join("outside"));
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&inside).unwrap();
    symlink(&outside, inside.join("a")).unwrap();
    let fault = run(&fake, PullRequest { overwrite: true, ..request(id, &inside) }).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.subject.as_deref()), ("AS-CLIENT-0010", Some("a/b/c")));
    assert!(is_empty(&outside));
}

#[tokio::test]
async fn a_link_at_the_place_of_a_file_is_replaced_and_not_written_through() {
    let (fake, id, target) = finalized(FILES).await;
    let (inside, outside) = (target.path().join("inside"), target.path().join("outside"));
    fs::create_dir_all(&inside).unwrap();
    fs::write(&outside, "precious").unwrap();
    symlink(&outside, inside.join("run")).unwrap();
    run(&fake, PullRequest { overwrite: true, ..request(id, &inside) }).await.unwrap();
    assert_eq!(fs::read(&outside).unwrap(), b"precious");
    assert!(fs::symlink_metadata(inside.join("run")).unwrap().is_file());
}

#[tokio::test]
async fn a_directory_at_the_place_of_a_file_is_an_error() {
    let (fake, id, target) = finalized(FILES).await;
    fs::create_dir_all(target.path().join("run/sub")).unwrap();
    let fault = run(&fake, PullRequest { overwrite: true, ..request(id, target.path()) }).await.unwrap_err();
    assert_eq!(fault.code, "AS-CLIENT-0009");
    assert!(target.path().join("run/sub").is_dir());
}

#[rstest::rstest]
#[case::other(&["DEEP"])]
#[case::short(&["dee"])]
#[case::nothing(&[])]
#[case::long(&["deep", "er"])]
#[tokio::test]
async fn wrong_bytes_get_no_name(#[case] chunks: &'static [&'static str]) {
    let (fake, id, target) = finalized(&[("a/b/c", b"deep")]).await;
    let served = chunks.iter().map(|chunk| Bytes::from_static(chunk.as_bytes())).collect();
    fake.state().mischief.serves.insert("a/b/c".to_owned(), served);
    let fault = run(&fake, request(id, target.path())).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0013", Category::DataLoss));
    assert_eq!(fault.subject.as_deref(), Some("a/b/c"));
    assert!(is_empty(target.path()), "{:?}", contents(target.path()));
}

#[tokio::test]
async fn bytes_without_end_are_not_written_without_end() {
    let (fake, id, target) = finalized(FILES).await;
    fake.state().mischief.endless = true;
    assert_eq!(run(&fake, request(id, target.path())).await.unwrap_err().code, "AS-CLIENT-0013");
    assert!(is_empty(target.path()));
}

#[tokio::test]
async fn another_size_is_noticed_before_the_bytes() {
    let (fake, id, target) = finalized(FILES).await;
    fake.state().mischief.announces = Some(u64::MAX);
    assert_eq!(run(&fake, request(id, target.path())).await.unwrap_err().code, "AS-CLIENT-0013");
    assert!(is_empty(target.path()));
}

#[tokio::test]
async fn a_manifest_that_was_not_finalized_is_refused() {
    let (fake, id, target) = finalized(FILES).await;
    let mut altered = fake.state().manifests[&id].to_vec();
    *altered.last_mut().unwrap() ^= 1;
    fake.state().mischief.manifest = Some(altered.into());
    let fault = run(&fake, request(id, target.path())).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0011", Category::DataLoss));
    assert!(is_empty(target.path()));
}

#[tokio::test]
async fn a_manifest_other_than_the_expected_one_is_refused_whatever_the_store_says() {
    let (fake, id, target) = finalized(FILES).await;
    let right = fake.state().packages[&id].manifest_digest;
    run(&fake, PullRequest { expected: right, ..request(id, &target.path().join("first")) }).await.unwrap();
    fake.state().forge_manifest(id, |files| files.truncate(1));
    let forged = PullRequest { expected: right, ..request(id, &target.path().join("second")) };
    assert_eq!(run(&fake, forged).await.unwrap_err().code, "AS-CLIENT-0011");
}

#[tokio::test]
async fn a_manifest_of_another_package_is_refused() {
    let (fake, id, target) = finalized(FILES).await;
    let other = PackageId::new(uuid::Uuid::from_u128(999));
    fake.state().copy_package(id, other);
    assert_eq!(run(&fake, request(other, target.path())).await.unwrap_err().code, "AS-CLIENT-0012");
}

#[tokio::test]
async fn a_manifest_where_a_file_is_also_a_directory_is_refused() {
    let (fake, id, target) = finalized(FILES).await;
    fake.state().forge_manifest(id, |files| {
        let mut file = files[0].clone();
        file.relative_path = "a/b".parse().unwrap();
        files.push(file);
    });
    let fault = run(&fake, request(id, target.path())).await.unwrap_err();
    assert_eq!(fault.code, "AS-CLIENT-0012");
    assert!(fault.message.contains("a/b is a file and a directory"), "{fault}");
}

#[tokio::test]
async fn a_manifest_whose_paths_climb_is_refused() {
    let (fake, id, target) = finalized(&[("aa/etc/x", b"1")]).await;
    // The same length, so that only the path is wrong.
    let bytes = fake.state().manifests[&id].to_vec();
    let at = bytes.windows(8).position(|window| window == b"aa/etc/x").unwrap();
    for climbing in [&b"../etc/x"[..], b"//etc//x", b"./etc/xx", b"aa/../xx", b"aa\\etc\\x", b"aa/etc/\0"] {
        let mut forged = bytes.clone();
        forged[at..at + 8].copy_from_slice(climbing);
        fake.state().forge_manifest_bytes(id, forged);
        let fault = run(&fake, request(id, &target.path().join("in"))).await.unwrap_err();
        assert_eq!(fault.code, "AS-CLIENT-0012", "{climbing:?}");
        assert!(is_empty(target.path()));
    }
}

#[tokio::test]
async fn a_package_that_is_not_finalized_has_nothing_to_pull() {
    let (fake, id, target) = finalized(FILES).await;
    fake.state().packages.get_mut(&id).unwrap().status = artifactstore_types::PackageStatus::Uploading;
    let fault = run(&fake, request(id, target.path())).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0014", Category::FailedPrecondition));
}

#[tokio::test(start_paused = true)]
async fn passing_failures_are_repeated_and_lasting_ones_reported() {
    let (fake, id, target) = finalized(FILES).await;
    for call in [Call::LoadManifest, Call::Download, Call::Download] {
        fake.fail(call, false, passing());
    }
    run(&fake, request(id, &target.path().join("first"))).await.unwrap();
    assert_eq!(contents(&target.path().join("first")), expected(FILES));
    fake.fail(Call::Download, false, lasting());
    assert_eq!(run(&fake, request(id, &target.path().join("second"))).await.unwrap_err(), lasting());
}

#[tokio::test]
async fn an_interruption_leaves_no_half_file() {
    /// Interrupts with the first bytes.
    struct AtOnce(CancellationToken);
    impl Progress for AtOnce {
        fn on(&self, step: Step) {
            if matches!(step, Step::Bytes(_)) {
                self.0.cancel();
            }
        }
    }
    let (fake, id, target) = finalized(&[("one", &vec![1; 100_000])]).await;
    let interrupt = CancellationToken::new();
    let progress = Arc::new(AtOnce(interrupt.clone()));
    let failed = pull(&fake.connection(), request(id, target.path()), progress, stopped(interrupt)).await.unwrap_err();
    assert_eq!(failed.code, "AS-FAKE-STOP", "it is the reason that was given");
    assert!(is_empty(target.path()));
}

#[tokio::test]
async fn a_pull_that_wrote_nothing_leaves_nothing() {
    let (fake, id, target) = finalized(FILES).await;
    let made = target.path().join("made/on/the/way");
    (0..FILES.len()).for_each(|_| fake.fail(Call::Download, false, lasting()));
    assert_eq!(run(&fake, request(id, &made)).await.unwrap_err(), lasting());
    assert!(is_empty(target.path()));
}

#[tokio::test]
async fn a_pull_that_fails_says_how_many_files_it_has_written() {
    let (fake, id, target) = finalized(&[("one", &[1; 5000]), ("two", &[2; 5000])]).await;
    fake.state().mischief.serves.insert("two".to_owned(), vec![Bytes::from_static(b"other")]);
    let written = |target: &Path| target.join("one").exists();
    let failed = run(&fake, request(id, target.path())).await.unwrap_err();
    assert_eq!(failed.message.contains("1 file was written before"), written(target.path()), "{failed}");
}

#[test]
fn a_file_that_is_not_placed_is_gone_and_so_is_the_staging_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path: RelativePath = "kept".parse().unwrap();
    let (written, writers) = (Arc::new(AtomicU64::new(0)), TaskTracker::new());
    let target = Target::open(directory.path(), false, Arc::clone(&written), writers.token()).unwrap();
    drop(target.stage(false).unwrap());
    target.stage(true).unwrap().place(&path).unwrap();
    let taken = target.stage(false).unwrap().place(&path).unwrap_err();
    assert_eq!(taken.code, "AS-CLIENT-0009", "one name twice, in a directory that was empty");
    target.settle([&path].into_iter()).unwrap();
    assert_eq!((written.load(Ordering::Relaxed), writers.len()), (1, 1));
    drop(target);
    assert!(writers.is_empty(), "it is at rest");
    assert_eq!(contents(directory.path()), expected(&[("kept", b"")]));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}
