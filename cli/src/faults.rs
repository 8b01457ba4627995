//! Every fault the command makes itself, and the words for what a fault says.

use std::{fmt, io, path::Path, time::Duration};

use artifactstore_types::{Category, Fault, Outcome, Retry};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-CLI-0001", "the command line is not understood"),
    ("AS-CLI-0002", "the command was interrupted"),
    ("AS-CLI-0003", "the result could not be written"),
    ("AS-CLI-0004", "the command took longer than --timeout allows"),
    ("AS-CLI-0005", "something is lost by this, and nobody confirmed it"),
    ("AS-CLI-0006", "the settings are not understood"),
    ("AS-CLI-0007", "the process could not be set up"),
    ("AS-CLI-0008", "there is no store here"),
    ("AS-CLI-0009", "the command works on a database and not through a server"),
    ("AS-CLI-0010", "what the command was to read could not be read"),
    ("AS-CLI-0011", "a stream could not be sorted on disk"),
];

/// `what` is the parser's own explanation.
pub fn not_understood(what: impl Into<String>) -> Fault {
    Fault::new("AS-CLI-0001", Category::Invalid, what)
}

pub fn interrupted(command: &str) -> Fault {
    Fault::new("AS-CLI-0002", Category::Cancelled, format!("{command}: interrupted"))
}

pub fn not_written(place: impl fmt::Display, error: &io::Error) -> Fault {
    Fault::new("AS-CLI-0003", category_of(error), format!("write result: {error}")).about(place)
}

pub fn too_late(command: &str, limit: Duration) -> Fault {
    Fault::new(
        "AS-CLI-0004",
        Category::DeadlineExceeded,
        format!("{command}: it took longer than the {limit:?} that --timeout allows"),
    )
    .with_retry(Retry::Never)
}

/// The same end of a command that was changing something.
pub fn perhaps_done(mut fault: Fault) -> Fault {
    fault.message += "; what it was changing may be done all the same, and it can be run again";
    fault.with_unknown_outcome().with_retry(Retry::SameRequest)
}

pub fn not_confirmed(what: &str) -> Fault {
    Fault::new("AS-CLI-0005", Category::FailedPrecondition, format!("{what}: not confirmed, so nothing was done"))
}

pub fn settings_refused(error: impl fmt::Display) -> Fault {
    Fault::new("AS-CLI-0006", Category::Invalid, format!("read settings: {error}"))
}

pub fn no_runtime(error: impl fmt::Display) -> Fault {
    Fault::new("AS-CLI-0007", Category::Internal, format!("start: {error}"))
}

pub fn no_store(place: &Path) -> Fault {
    Fault::new("AS-CLI-0008", Category::NotFound, "open store: there is none here").about(place.display())
}

pub fn not_through_server(server: &str) -> Fault {
    let message = "the command works on a database and not through a server; say --embedded DIR, or set \
                   ARTIFACTSTORE_DATABASE_URL";
    Fault::new("AS-CLI-0009", Category::Invalid, message).about(server)
}

pub fn not_read(place: impl fmt::Display, error: &io::Error) -> Fault {
    Fault::new("AS-CLI-0010", category_of(error), format!("read: {error}")).about(place)
}

pub fn not_sorted(directory: &Path, error: &io::Error) -> Fault {
    Fault::new("AS-CLI-0011", category_of(error), format!("sort stream on disk: {error}")).about(directory.display())
}

fn category_of(error: &io::Error) -> Category {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Category::Exhausted,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Category::PermissionDenied,
        io::ErrorKind::NotFound => Category::NotFound,
        _ => Category::FailedPrecondition,
    }
}

/// The word for a category in JSON.
pub const fn category_name(category: Category) -> &'static str {
    match category {
        Category::Invalid => "invalid",
        Category::NotFound => "not_found",
        Category::AlreadyExists => "already_exists",
        Category::FailedPrecondition => "failed_precondition",
        Category::Conflict => "conflict",
        Category::PermissionDenied => "permission_denied",
        Category::Unauthenticated => "unauthenticated",
        Category::Exhausted => "exhausted",
        Category::OutOfRange => "out_of_range",
        Category::Unavailable => "unavailable",
        Category::DeadlineExceeded => "deadline_exceeded",
        Category::Cancelled => "cancelled",
        Category::DataLoss => "data_loss",
        Category::Unimplemented => "unimplemented",
        Category::Internal => "internal",
    }
}

/// The word for an outcome in JSON.
pub const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotApplied => "not_applied",
        Outcome::Unknown => "unknown",
    }
}

/// The word for what may be done again, in JSON.
pub const fn retry_name(retry: Retry) -> &'static str {
    match retry {
        Retry::Never => "never",
        Retry::SameRequest => "same_request",
        Retry::AfterReload => "after_reload",
    }
}
