//! Opening an SQLite database: the lock, the one connection that writes, and those that read.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use artifactstore_types::Fault;
use sqlx::{
    ConnectOptions as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{sync::watch, task::spawn_blocking, time::timeout};

use super::{Engine as _, SqliteEngine, directory, faults, lock::Lock};
use crate::{
    StoreOptions,
    sql::{Parts, SqlStore},
};

/// Commits are rarely alone: what the log gathers before it is written back costs nothing but a file of this size.
const CHECKPOINT_PAGES: &str = "8000";
/// Pages kept in memory by the connection that writes, in KiB as SQLite writes it. Addresses and digests land anywhere in
/// their indexes.
const CACHE: &str = "-65536";

/// How many rows may wait for whoever reads them: each time none is left, two threads wait for each other.
const ROWS: usize = 1_000;

const OPEN: &str = "open store";

pub(crate) async fn open(path: PathBuf, options: StoreOptions) -> Result<SqlStore<SqliteEngine>, Fault> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    in_folder(&path, folder.clone(), directory::make).await?;
    let lock = Lock::take(&path)?;
    let connect = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(options.deadline.min(Duration::from_secs(10)))
        .statement_cache_capacity(256)
        // Every question has its index. Left to itself, the planner would sooner index a whole table for one statement.
        .pragma("automatic_index", "OFF")
        .row_buffer_size(ROWS)
        .disable_statement_logging();
    let writer = connect
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .pragma("cache_size", CACHE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    // Makes the file, where there is none, before anybody wants to read it.
    let made = timeout(options.deadline, writer.connect())
        .await
        .map_err(|_| crate::faults::too_slow(OPEN, options.deadline))?;
    made.map_err(|error| SqliteEngine::fault(OPEN, &error))?;
    in_folder(&path, folder, directory::sync).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(options.read_connections.max(1))
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(options.acquire_deadline)
        .connect_lazy_with(connect.clone().read_only(true));
    Ok(SqlStore::new(Parts {
        writer,
        readers,
        upkeep: connect,
        head: watch::Sender::new(0),
        options,
        held: Mutex::new(Some(Box::new(lock))),
        listener: None,
    }))
}

/// Does this with the directory of the database.
async fn in_folder(database: &Path, folder: PathBuf, work: fn(&Path) -> io::Result<()>) -> Result<(), Fault> {
    let shown = folder.display().to_string();
    let done = spawn_blocking(move || work(&folder)).await.map_err(|_| crate::faults::stopping())?;
    done.map_err(|error| {
        tracing::warn!(path = %shown, %error, "the directory of the database cannot be made");
        faults::unusable_file(OPEN, database)
    })
}
