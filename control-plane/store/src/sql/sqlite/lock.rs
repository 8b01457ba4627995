//! One process at a time: a lock file beside the database, held for as long as the store is open. SQLite itself would let
//! another process write, but who follows the log here would not be woken, and who commits would wait for the other.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use artifactstore_types::{Category, Fault};

/// Held while the database is open. The lock goes with the process, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the database at `path`, also against another store in this process.
    pub(super) fn take(path: &Path) -> Result<Self, Fault> {
        let lock = lock_path(path);
        let unusable = |error: std::io::Error| {
            tracing::warn!(path = %lock.display(), %error, "the lock file cannot be used");
            super::faults::unusable_file("open store", path)
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Fault::new(
                "AS-STORE-0010",
                Category::FailedPrecondition,
                "open store: the database is open already, in another process or in this one",
            )
            .about(path.display())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
