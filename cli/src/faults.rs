//! Every fault the command makes itself, and what can be done about faults whoever made them.

use std::{fmt, io, path::Path};

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

pub fn interrupted() -> Fault {
    Fault::new("AS-CLI-0002", Category::Cancelled, "interrupted")
}

pub fn not_written(place: impl fmt::Display, error: &io::Error) -> Fault {
    Fault::new("AS-CLI-0003", category_of(error), format!("write result: {error}")).about(place)
}

pub fn too_late(interrupted: Fault) -> Fault {
    Fault { code: "AS-CLI-0004".into(), category: Category::DeadlineExceeded, retry: Retry::Never, ..interrupted }
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

/// What to do about a fault, where something can be done that its text does not say.
pub fn hint(fault: &Fault) -> Option<&'static str> {
    let by_code = match fault.code.as_ref() {
        "AS-CLI-0001" => Some("`artifactstore --help` and `artifactstore COMMAND --help` explain, with examples"),
        "AS-CLI-0004" => Some("--timeout allows more time"),
        "AS-CLI-0005" => Some("--yes confirms it"),
        "AS-CLI-0011" => Some("TMPDIR names a directory with more room"),
        "AS-CLIENT-0003" => {
            Some("rename what is named above; --skip-special leaves out links, sockets, pipes and devices")
        }
        "AS-CLIENT-0008" => Some("--overwrite replaces files of the package and leaves others"),
        "AS-CLIENT-0014" => {
            Some("`artifactstore show PACKAGE` shows its state; `artifactstore finalize` closes an open one")
        }
        "AS-CLIENT-0015" | "AS-SVC-0011" => Some("--into PACKAGE --replace binds the path to the new bytes"),
        "AS-REG-0010" => Some(
            "transient, raw-evidence, summary-evidence, release-evidence and permanent-record are there from the start",
        ),
        "AS-STORE-0010" => Some("one process at a time works on a directory; `artifactstore dev` serves it to many"),
        "AS-SVC-0001" => Some("`artifactstore ls` lists packages; --namespace, --server and --embedded say where"),
        _ => None,
    };
    by_code.or(match fault.category {
        Category::Unavailable => {
            Some("`artifactstore dev` runs a server; --server says where one is, and --embedded DIR works without one")
        }
        Category::DataLoss => {
            Some("`artifactstore verify PACKAGE` finds what is damaged; pushing the same files repairs it")
        }
        Category::Conflict => Some("somebody else changed it; look again, and repeat"),
        Category::Internal => Some("this is a defect; please report it, with what --log-level debug says"),
        Category::PermissionDenied => Some("check who owns it and what may be done with it"),
        _ => None,
    })
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
