//! Stores, and the words to say what is done to them.

use std::sync::Arc;

use artifactstore_registry::{Command, CommitFiles, NewFile, PackageCommand, Request};
use artifactstore_store::{Committed, RegistryStore, StoreOptions, open};
use artifactstore_testkit::{START, new_package, receipt_for, word};
use artifactstore_types::{EventRecord, Fault, FileId, Ids as _, PackageId, SystemIds};

pub type Store = Arc<dyn RegistryStore>;

/// A store on this database.
pub async fn store(url: &str) -> Store {
    open(url, StoreOptions::default()).await.unwrap()
}

/// A store on this empty database.
pub async fn migrated(url: &str) -> Store {
    let store = store(url).await;
    store.migrate(false).await.unwrap();
    store
}

pub fn next_package() -> PackageId {
    PackageId::new(SystemIds.next())
}

pub fn creation(package_id: PackageId) -> Command {
    command(package_id, Request::CreatePackage(new_package("run")))
}

/// A file at this path.
pub fn addition(package_id: PackageId, path: &str) -> Command {
    let file = NewFile {
        file_id: FileId::new(SystemIds.next()),
        relative_path: word(path),
        media_type: word("text/plain"),
        executable: false,
        receipt: receipt_for(path.as_bytes()),
    };
    let files = vec![file];
    command(package_id, Request::CommitFiles(CommitFiles { files, replace: false, all_or_nothing: true }))
}

fn command(package_id: PackageId, request: Request) -> Command {
    PackageCommand { package_id, actor: word("a producer"), at: START, request }.into()
}

pub async fn commit(store: &Store, command: Command) -> Result<Committed, Fault> {
    store.commit(vec![command]).await.remove(0)
}

/// A package with two files, whose next file the store adds without asking anything before.
pub async fn familiar_package(store: &Store) -> PackageId {
    let package = next_package();
    for command in [creation(package), addition(package, "one"), addition(package, "two")] {
        commit(store, command).await.unwrap();
    }
    package
}

pub async fn log(store: &Store) -> Vec<EventRecord> {
    store.list_events(0, usize::MAX).await.unwrap()
}

pub async fn paths(store: &Store, package: PackageId) -> Vec<String> {
    let files = store.list_files(package, None, u32::MAX).await.unwrap();
    files.into_iter().map(|file| file.relative_path.to_string()).collect()
}

/// A log without gap, which everything else follows from.
pub async fn expect_whole(store: &Store) {
    let checked = store.check(&|_, _| ()).await.unwrap();
    assert_eq!(checked.findings, []);
    assert_eq!(checked.events, checked.head);
}
