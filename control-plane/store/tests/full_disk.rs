//! A commit that fails half way, since the file it is written to may not grow: the process's limit on the size of files does
//! what a full disk does. It holds for the whole process, so this test has one of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use artifactstore_registry::{Command, CommitFiles, NewFile, PackageCommand, Request};
use artifactstore_store::{RegistryStore, StoreOptions, open};
use artifactstore_testkit::{START, new_package, receipt_for, word};
use artifactstore_types::{FileId, Ids as _, Outcome, PackageId, SystemIds};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// What the kernel sends to whoever writes beyond the limit.
const SIGXFSZ: i32 = 25;

fn files(package_id: PackageId, folder: &str, count: usize) -> Command {
    let file = |n: usize| NewFile {
        file_id: FileId::new(SystemIds.next()),
        relative_path: word(&format!("{folder}/{n}")),
        media_type: word("text/plain"),
        executable: false,
        receipt: receipt_for(format!("{folder}/{n}").as_bytes()),
    };
    let files = (0..count).map(file).collect();
    let request = Request::CommitFiles(CommitFiles { files, replace: false, all_or_nothing: true });
    PackageCommand { package_id, actor: word("a producer"), at: START, request }.into()
}

async fn take(store: &Arc<dyn RegistryStore>, command: Command) -> u64 {
    store.commit(vec![command]).await.remove(0).unwrap().events[0].sequence
}

#[tokio::test]
async fn a_commit_that_cannot_be_written_leaves_nothing_and_the_next_one_follows_without_a_hole() {
    // Handled, the signal only makes the write fail.
    let _handled = signal(SignalKind::from_raw(SIGXFSZ)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("artifactstore.db");
    let store = open(&format!("sqlite://{}", database.display()), StoreOptions::default()).await.unwrap();
    store.migrate(false).await.unwrap();
    let package = PackageId::new(SystemIds.next());
    let create = Request::CreatePackage(new_package("run"));
    take(&store, PackageCommand { package_id: package, actor: word("a producer"), at: START, request: create }.into())
        .await;
    assert_eq!(take(&store, files(package, "before", 200)).await, 3);

    let no_limit = getrlimit(Resource::Fsize);
    let log = directory.path().join("artifactstore.db-wal").metadata().unwrap().len();
    let limit = Rlimit { current: Some(log + 64 * 1024), ..no_limit };
    setrlimit(Resource::Fsize, limit).unwrap();
    let fault = store.commit(vec![files(package, "too-much", 2_000)]).await.remove(0).unwrap_err();
    assert_eq!(fault.outcome, Outcome::NotApplied, "{fault:?}");
    let again = store.commit(vec![files(package, "too-much", 2_000)]).await.remove(0).unwrap_err();
    assert_eq!((again.code, again.outcome), (fault.code, Outcome::NotApplied));
    assert_eq!(store.load_head().await.unwrap(), 202);
    setrlimit(Resource::Fsize, no_limit).unwrap();

    assert_eq!(take(&store, files(package, "after", 2_000)).await, 203);
    assert_eq!(store.find_package(package).await.unwrap().unwrap().file_count, 2_200);
    let checked = store.check(&|_, _| ()).await.unwrap();
    assert_eq!((checked.events, checked.findings), (2_202, vec![]));
}
