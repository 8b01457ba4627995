//! Every fault the store makes itself. Refusals are the registry's; errors of the databases become one of these in one
//! place an engine, by their code and never by their text.

use std::time::Duration;

use artifactstore_types::{Category, Fault};

use crate::Finding;

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-STORE-0001", "the database cannot be reached"),
    ("AS-STORE-0002", "the database took too long"),
    ("AS-STORE-0003", "the database has no room left"),
    ("AS-STORE-0004", "the database refuses a statement"),
    ("AS-STORE-0005", "a row in the database breaks a rule of the domain"),
    ("AS-STORE-0006", "the log is damaged"),
    ("AS-STORE-0007", "the schema of the database is not the one this program knows"),
    ("AS-STORE-0008", "a migration failed"),
    ("AS-STORE-0009", "the database URL is not understood"),
    ("AS-STORE-0010", "the database is open in another process"),
    ("AS-STORE-0011", "the store takes no more changes, because it is stopping"),
    ("AS-STORE-0012", "too many changes are waiting"),
    ("AS-STORE-0013", "too many items are asked for at once"),
    ("AS-STORE-0014", "the database is damaged"),
    ("AS-STORE-0015", "the database does not let this program in"),
    ("AS-STORE-0017", "the file of the database cannot be used"),
];

/// The most items one question may be about.
pub(crate) const MAX_ITEMS: usize = 10_000;

pub(crate) fn unreachable(operation: &str) -> Fault {
    Fault::new("AS-STORE-0001", Category::Unavailable, format!("{operation}: the database cannot be reached"))
}

pub(crate) fn too_slow(operation: &str, deadline: Duration) -> Fault {
    let seconds = deadline.as_secs_f32();
    Fault::new(
        "AS-STORE-0002",
        Category::DeadlineExceeded,
        format!("{operation}: the database did not answer within {seconds} s"),
    )
}

pub(crate) fn no_room(operation: &str) -> Fault {
    Fault::new("AS-STORE-0003", Category::Exhausted, format!("{operation}: the database has no room left"))
}

pub(crate) fn refused_statement(operation: &str, code: &str) -> Fault {
    Fault::new(
        "AS-STORE-0004",
        Category::Internal,
        format!("{operation}: the database refuses the statement, with its code {code}"),
    )
}

pub(crate) fn bad_row(table: &str, column: &str, row: &str, rule: &str) -> Fault {
    Fault::new("AS-STORE-0005", Category::DataLoss, format!("read {table}: column {column} of row {row}: {rule}"))
        .about(row)
}

pub(crate) fn damaged_log(operation: &str, finding: &Finding) -> Fault {
    let fault = Fault::new("AS-STORE-0006", Category::DataLoss, format!("{operation}: {finding}; nothing was changed"));
    match finding.sequence() {
        Some(sequence) => fault.about(sequence),
        None => fault,
    }
}

pub(crate) fn stopping() -> Fault {
    Fault::new("AS-STORE-0011", Category::Unavailable, "the store is stopping and takes no more changes")
}

pub(crate) fn overloaded(waited: Duration) -> Fault {
    let seconds = waited.as_secs_f32();
    Fault::new(
        "AS-STORE-0012",
        Category::Unavailable,
        format!("commit: too many changes are waiting; there was no room for {seconds} s"),
    )
}

pub(crate) fn too_many_items(operation: &str) -> Fault {
    Fault::new(
        "AS-STORE-0013",
        Category::Invalid,
        format!("{operation}: at most {MAX_ITEMS} items are asked for at once"),
    )
}

/// Refuses a question about too many items.
pub(crate) fn require_few(operation: &str, items: usize) -> Result<(), Fault> {
    if items > MAX_ITEMS { Err(too_many_items(operation)) } else { Ok(()) }
}

/// The URL may carry a password, so only its scheme is repeated.
pub(crate) fn bad_url(url: &str) -> Fault {
    let scheme = url.split(':').next().unwrap_or_default();
    let message = "open store: a database URL begins with sqlite:// or postgres://";
    Fault::new("AS-STORE-0009", Category::Invalid, message).about(scheme)
}

pub(crate) fn took_too_long(operation: &str) -> Fault {
    Fault::new("AS-STORE-0002", Category::DeadlineExceeded, format!("{operation}: the database gave up waiting"))
}

pub(crate) fn foreign_schema(operation: &str) -> Fault {
    Fault::new(
        "AS-STORE-0007",
        Category::FailedPrecondition,
        format!(
            "{operation}: the schema of the database is not the one this program knows; run `artifactstore migrate`"
        ),
    )
}

pub(crate) fn migration_failed(migration: i64) -> Fault {
    Fault::new("AS-STORE-0008", Category::Internal, format!("migrate: migration {migration:04} failed"))
        .about(migration)
}

pub(crate) fn damaged(operation: &str) -> Fault {
    Fault::new("AS-STORE-0014", Category::DataLoss, format!("{operation}: the database says that it is damaged"))
}

pub(crate) fn shut_out(operation: &str) -> Fault {
    Fault::new(
        "AS-STORE-0015",
        Category::FailedPrecondition,
        format!("{operation}: the database does not let this program in, or not to this"),
    )
}

/// What an error of the driver means that did not come from the database.
pub(crate) fn of_driver(operation: &str, error: &sqlx::Error) -> Fault {
    use sqlx::Error;
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => unreachable(operation),
        Error::ColumnDecode { index, .. } => bad_row(operation, index, "?", "it is of another type than it should be"),
        _ => refused_statement(operation, "none"),
    }
}

pub(crate) fn unwritable(value: impl std::fmt::Display) -> Fault {
    Fault::new("AS-STORE-0004", Category::Internal, format!("write: {value} has no form in the database"))
}
