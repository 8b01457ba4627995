//! What an error of SQLite means, by its result code (<https://www.sqlite.org/rescode.html>).

use std::path::Path;

use artifactstore_types::{Category, Fault};
use sqlx::Error;

use crate::faults;

/// The primary code is the low byte; what is above it only refines.
const PRIMARY: i32 = 0xff;

pub(super) fn fault(operation: &str, error: &Error) -> Fault {
    tracing::debug!(operation, %error, "SQLite failed");
    let Error::Database(database) = error else { return faults::of_driver(operation, error) };
    let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
    match code & PRIMARY {
        // BUSY, LOCKED: somebody else writes, for longer than the busy timeout.
        5 | 6 => faults::took_too_long(operation),
        // NOMEM, FULL
        7 | 13 => faults::no_room(operation),
        // CORRUPT, NOTADB
        11 | 26 => faults::damaged(operation),
        // PERM, READONLY, AUTH
        3 | 8 | 23 => faults::shut_out(operation),
        // IOERR, CANTOPEN
        10 | 14 => Fault::new(
            "AS-STORE-0017",
            Category::Unavailable,
            format!("{operation}: the file of the database cannot be used"),
        ),
        _ => faults::refused_statement(operation, &code.to_string()),
    }
}

pub(super) fn unusable_file(operation: &str, path: &Path) -> Fault {
    Fault::new(
        "AS-STORE-0017",
        Category::FailedPrecondition,
        format!("{operation}: the file of the database cannot be used"),
    )
    .about(path.display())
}
