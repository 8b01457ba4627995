//! A store to test, and the words to say what is given, done and expected.

use std::{any::Any, sync::Arc};

use artifactstore_registry::{self as registry, Command, CommitFiles, NewFile, PackageCommand, Request};
use artifactstore_store::{Committed, Finding, MemoryStore, RegistryStore, StoreOptions, open};
use artifactstore_testkit::{SequentialIds, postgres::TestDatabase, receipt_for, word};
use artifactstore_types::{
    Actor, EventRecord, Fault, FileId, FileRecord, Ids as _, NewPackage, PackageId, PackageRecord, StoredLocation,
    SystemIds, Timestamp,
};
use bytes::Bytes;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

pub use artifactstore_testkit::{START, new_package};

/// A store that was migrated and is empty.
pub struct World {
    pub store: Arc<dyn RegistryStore>,
    pub url: Option<String>,
    ids: SequentialIds,
    _kept: Box<dyn Any + Send>,
}

pub fn memory() -> World {
    let store = Arc::new(MemoryStore::new(Arc::new(SequentialIds::starting_at(1 << 32))));
    World { store, url: None, ids: SequentialIds::default(), _kept: Box::new(()) }
}

pub async fn sqlite() -> World {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("artifactstore.db").display());
    migrated(url, Box::new(directory)).await
}

pub async fn postgres() -> World {
    let database = TestDatabase::create().await;
    migrated(database.url().to_owned(), Box::new(database)).await
}

async fn migrated(url: String, kept: Box<dyn Any + Send>) -> World {
    let ids = Arc::new(SequentialIds::starting_at(1 << 32));
    let store = open(&url, StoreOptions { ids, ..StoreOptions::default() }).await.unwrap();
    store.migrate(false).await.unwrap();
    World { store, url: Some(url), ids: SequentialIds::default(), _kept: kept }
}

/// Seconds after the start.
pub fn at(seconds: u64) -> Timestamp {
    START.plus_seconds(seconds)
}

pub fn actor() -> Actor {
    word("a producer")
}

/// A file of these bytes at this path, with an id of its own.
pub fn file(path: &str, bytes: &[u8]) -> NewFile {
    NewFile {
        file_id: FileId::new(SystemIds.next()),
        relative_path: word(path),
        media_type: word("text/plain"),
        executable: false,
        receipt: receipt_for(bytes),
    }
}

/// Files that are bound, or refused, each for itself.
pub fn commit(package_id: PackageId, files: Vec<NewFile>) -> PackageCommand {
    command(package_id, Request::CommitFiles(CommitFiles { files, replace: false, all_or_nothing: false }))
}

pub fn command(package_id: PackageId, request: Request) -> PackageCommand {
    PackageCommand { package_id, actor: actor(), at: at(60), request }
}

impl World {
    pub fn next_package(&self) -> PackageId {
        PackageId::new(self.ids.next())
    }

    /// Commits one command.
    pub async fn commit(&self, command: impl Into<Command>) -> Result<Committed, Fault> {
        let mut outcomes = self.store.commit(vec![command.into()]).await;
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    /// A package that was created at the start.
    pub async fn package(&self, new: NewPackage) -> PackageId {
        let package_id = self.next_package();
        let request = Request::CreatePackage(new);
        self.commit(PackageCommand { package_id, actor: actor(), at: START, request }).await.unwrap();
        package_id
    }

    /// A package with these files, each of them its path's bytes.
    pub async fn package_with(&self, paths: &[&str]) -> PackageId {
        let package = self.package(new_package("given")).await;
        let files = paths.iter().map(|path| file(path, path.as_bytes())).collect();
        let committed = self.commit(commit(package, files)).await.unwrap();
        assert_eq!(committed.refused, []);
        package
    }

    pub async fn record(&self, package: PackageId) -> PackageRecord {
        self.store.find_package(package).await.unwrap().unwrap()
    }

    pub async fn files(&self, package: PackageId) -> Vec<FileRecord> {
        self.store.list_files(package, None, u32::MAX).await.unwrap()
    }

    pub async fn paths(&self, package: PackageId) -> Vec<String> {
        self.files(package).await.into_iter().map(|file| file.relative_path.to_string()).collect()
    }

    pub async fn locations(&self, package: PackageId) -> Vec<StoredLocation> {
        let addresses: Vec<_> = self.files(package).await.iter().map(|file| file.content_address).collect();
        self.store.list_locations(&addresses).await.unwrap()
    }

    /// What a check finds.
    pub async fn findings(&self) -> Vec<Finding> {
        self.store.check(&|_, _| ()).await.unwrap().findings
    }

    /// Writes to the database behind the store's back.
    pub async fn tamper(&self, sql: &str) {
        let url = self.url.as_deref().unwrap();
        if url.starts_with("sqlite") {
            let unguarded =
                "DROP TRIGGER IF EXISTS events_are_never_updated; DROP TRIGGER IF EXISTS events_are_never_deleted;";
            let mut connection = SqliteConnection::connect(url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(format!("{unguarded} {sql}"))).execute(&mut connection).await.unwrap();
        } else {
            let unguarded = "ALTER TABLE events DISABLE TRIGGER ALL;";
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(format!("{unguarded} {sql}"))).execute(&mut connection).await.unwrap();
        }
    }

    pub async fn log(&self) -> Vec<EventRecord> {
        self.store.list_events(0, usize::MAX).await.unwrap()
    }

    /// The manifest of a package as it is now, finalized a minute after the start.
    pub async fn manifest(&self, package: PackageId) -> Bytes {
        let record = self.record(package).await;
        let classes = self.store.list_classes().await.unwrap();
        let (files, locations) = (self.files(package).await, self.locations(package).await);
        registry::build_manifest(&record, &files, &locations, &classes, &actor(), at(60)).unwrap()
    }

    /// The command that finalizes a package as it is now.
    pub async fn finalization(&self, package: PackageId) -> PackageCommand {
        let manifest = self.manifest(package).await;
        let expected_revision = self.record(package).await.revision;
        command(package, Request::FinalizePackage(registry::FinalizePackage { manifest, expected_revision }))
    }

    pub async fn finalize(&self, package: PackageId) {
        self.commit(self.finalization(package).await).await.unwrap();
    }
}
