//! Where an embedded store lies.

use std::path::{Path, PathBuf};

use artifactstore_service::ServiceOptions;
use artifactstore_store::{CommitterOptions, StoreOptions, TailOptions};
use artifactstore_types::Fault;

/// What an embedded store is made of; the defaults are those of one directory.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The database: `sqlite://PATH`, or `postgres://…`.
    pub database_url: String,
    /// The directory that holds the bytes.
    pub storage_root: PathBuf,
    /// How the database is used.
    pub store: StoreOptions,
    /// How changes are grouped.
    pub committer: CommitterOptions,
    /// How events reach those who follow.
    pub tail: TailOptions,
    /// How many ingests there are at once, and how long is waited for whom.
    pub service: ServiceOptions,
}

impl EmbeddedOptions {
    /// A store wholly inside `directory`: `artifactstore.db` and `storage/`.
    pub fn in_directory(directory: impl AsRef<Path>) -> Self {
        let directory = directory.as_ref();
        let database = directory.join("artifactstore.db");
        Self::at(format!("sqlite://{}", database.display()), directory.join("storage"))
    }

    /// A store whose registry is in that database and whose bytes are below that directory.
    pub fn at(database_url: impl Into<String>, storage_root: impl Into<PathBuf>) -> Self {
        Self {
            database_url: database_url.into(),
            storage_root: storage_root.into(),
            store: StoreOptions::default(),
            committer: CommitterOptions::default(),
            tail: TailOptions::default(),
            service: ServiceOptions::default(),
        }
    }

    /// The file of the database, where it is in one.
    pub fn database_file(&self) -> Option<&Path> {
        artifactstore_store::database_file(&self.database_url)
    }

    /// A database in a file belongs to this process alone and is brought up to date when it is opened.
    pub(crate) fn owns_database(&self) -> bool {
        self.database_file().is_some()
    }
}

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-EMBEDDED-0001", "a name made by the program itself was refused"),
    ("AS-EMBEDDED-0002", "the database is gone, and the storage still holds blobs"),
];

/// The identity in receipts of the engine in this process, and the name of its one backend.
pub(crate) fn local<T: std::str::FromStr<Err = artifactstore_types::NameRefused>>() -> Result<T, Fault> {
    "local".parse().map_err(|refused: artifactstore_types::NameRefused| {
        Fault::new("AS-EMBEDDED-0001", artifactstore_types::Category::Internal, refused.to_string())
    })
}
