//! A database that runs out of room. What is refused leaves nothing behind, and when there is room again everything goes
//! on.

use std::sync::Arc;

use artifactstore_registry::{Command, CommitFiles, NewFile, PackageCommand, Request};
use artifactstore_testkit::{START, new_package, receipt_for, word};
use artifactstore_types::{Category, FileId, Ids as _, Outcome, PackageId, SystemIds};

use crate::{EventLog as _, StoreOptions, Upkeep as _, Views as _, sql::open_sqlite};

fn command(package_id: PackageId, request: Request) -> Command {
    PackageCommand { package_id, actor: word("a producer"), at: START, request }.into()
}

fn files(package_id: PackageId, folder: &str, count: usize) -> Command {
    let file = |n: usize| NewFile {
        file_id: FileId::new(SystemIds.next()),
        relative_path: word(&format!("{folder}/{n}")),
        media_type: word("text/plain"),
        executable: false,
        receipt: receipt_for(format!("{folder}/{n}").as_bytes()),
    };
    let files = (0..count).map(file).collect();
    command(package_id, Request::CommitFiles(CommitFiles { files, replace: false, all_or_nothing: true }))
}

#[tokio::test]
async fn a_database_without_room_refuses_and_goes_on_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions { ids: Arc::new(SystemIds), ..StoreOptions::default() };
    let mut store = open_sqlite(directory.path().join("artifactstore.db"), options).await.unwrap();
    store.migrate(false).await.unwrap();
    let roomy = store.parts.writer.clone();
    store.parts.writer = roomy.clone().pragma("max_page_count", "100");
    let package = PackageId::new(SystemIds.next());
    let create = command(package, Request::CreatePackage(new_package("run")));
    store.commit(vec![create]).await.remove(0).unwrap();

    let mut taken = 0;
    let fault = loop {
        match store.commit(vec![files(package, &format!("folder-{taken}"), 50)]).await.remove(0) {
            Ok(committed) => taken += committed.events.len() as u64,
            Err(fault) => break fault,
        }
    };
    assert_eq!((&*fault.code, fault.category), ("AS-STORE-0003", Category::Exhausted), "{fault}");
    assert_eq!(fault.outcome, Outcome::NotApplied);
    assert!(taken > 0, "there was room for nothing");
    let refused =
        store.commit(vec![files(PackageId::new(SystemIds.next()), "nowhere", 1)]).await.remove(0).unwrap_err();
    assert_eq!(&*refused.code, "AS-REG-0001", "what needs no room is answered");
    let again = store.commit(vec![files(package, "again", 50)]).await.remove(0).unwrap_err();
    assert_eq!((&*again.code, again.outcome), ("AS-STORE-0003", Outcome::NotApplied));
    assert_eq!(store.load_head().await.unwrap(), 2 + taken);
    assert_eq!(store.find_package(package).await.unwrap().unwrap().file_count, taken);

    store.parts.writer = roomy;
    for n in 0..3 {
        let committed = store.commit(vec![files(package, &format!("later-{n}"), 50)]).await.remove(0).unwrap();
        assert_eq!(committed.events[0].sequence, 3 + taken + n * 50, "there is a hole");
    }
    let checked = store.check(&|_, _| ()).await.unwrap();
    assert_eq!((checked.events, checked.findings), (2 + taken + 150, vec![]));
}
