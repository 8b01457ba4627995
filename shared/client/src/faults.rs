//! Every fault the client makes itself. Faults of the store pass through unchanged. `AS-CLIENT-01xx` is left to the
//! network.

use std::{fmt, io, path::Path};

use artifactstore_types::{Category, ContentAddress, Fault, Outcome, PackageId, PackageRecord, RelativePath};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-CLIENT-0001", "the directory to push or compare does not exist or cannot be read"),
    ("AS-CLIENT-0002", "the path to push or compare is not a directory"),
    ("AS-CLIENT-0003", "the directory has entries that cannot be files of a package"),
    ("AS-CLIENT-0004", "a file changed or vanished while the directory was being pushed or compared"),
    ("AS-CLIENT-0005", "a local file cannot be read"),
    ("AS-CLIENT-0007", "the store's answer does not fit the question"),
    ("AS-CLIENT-0008", "the directory to pull into is not empty"),
    ("AS-CLIENT-0009", "a local file or directory cannot be written"),
    ("AS-CLIENT-0010", "a part of the path to write is a symbolic link or not a directory"),
    ("AS-CLIENT-0011", "the manifest is not the one that was finalized or expected"),
    ("AS-CLIENT-0012", "the manifest cannot be trusted: it is malformed, or its paths contradict each other"),
    ("AS-CLIENT-0013", "the bytes served for a file are not those of the manifest"),
    ("AS-CLIENT-0014", "the package is not finalized, so there is nothing to pull or verify"),
    ("AS-CLIENT-0015", "the package has another file at this path"),
    ("AS-CLIENT-0016", "an event came altered or out of order"),
    ("AS-CLIENT-0017", "a thread of the client ended without an answer"),
];

/// The category of a failure of the local file system.
fn category_of(error: &io::Error) -> Category {
    match error.kind() {
        io::ErrorKind::NotFound => Category::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Category::PermissionDenied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Category::Exhausted,
        _ => Category::FailedPrecondition,
    }
}

pub fn directory_unreadable(path: &Path, error: &io::Error) -> Fault {
    Fault::new("AS-CLIENT-0001", category_of(error), format!("read directory: {error}")).about(path.display())
}

pub fn not_a_directory(path: &Path) -> Fault {
    Fault::new("AS-CLIENT-0002", Category::Invalid, "read directory: the path is not a directory").about(path.display())
}

pub fn entries_refused(path: &Path, refusal: &impl fmt::Display) -> Fault {
    Fault::new("AS-CLIENT-0003", Category::Invalid, format!("read directory: {refusal}")).about(path.display())
}

pub fn file_changed(path: &RelativePath) -> Fault {
    Fault::new(
        "AS-CLIENT-0004",
        Category::FailedPrecondition,
        "read file: it changed while it was being read; begin again when nothing writes to it",
    )
    .about(path)
}

pub fn file_vanished(path: &RelativePath) -> Fault {
    Fault::new(
        "AS-CLIENT-0004",
        Category::FailedPrecondition,
        "read file: it was there when the directory was listed, and is not any more; begin again when nothing changes it",
    )
    .about(path)
}

pub fn file_unreadable(path: &RelativePath, error: &io::Error) -> Fault {
    Fault::new("AS-CLIENT-0005", category_of(error), format!("read file: {error}")).about(path)
}

pub fn answer_unfit(operation: &str, what: impl fmt::Display) -> Fault {
    Fault::new("AS-CLIENT-0007", Category::Internal, format!("{operation}: the store {what}")).with_unknown_outcome()
}

pub fn target_not_empty(path: &Path) -> Fault {
    Fault::new(
        "AS-CLIENT-0008",
        Category::AlreadyExists,
        "pull: the directory is not empty; name another one, or ask to overwrite",
    )
    .about(path.display())
}

pub fn not_writable(path: impl fmt::Display, error: &io::Error) -> Fault {
    Fault::new("AS-CLIENT-0009", category_of(error), format!("write file: {error}")).about(path)
}

pub fn target_no_directory(path: &Path) -> Fault {
    Fault::new(
        "AS-CLIENT-0010",
        Category::FailedPrecondition,
        "pull: the path to pull into, or a part of it, is there and not a directory",
    )
    .about(path.display())
}

pub fn path_leads_elsewhere(path: &RelativePath) -> Fault {
    Fault::new(
        "AS-CLIENT-0010",
        Category::FailedPrecondition,
        "write file: a part of the path is a symbolic link or not a directory, and is not followed",
    )
    .about(path)
}

pub fn manifest_differs(package: PackageId, wanted: ContentAddress, found: ContentAddress) -> Fault {
    Fault::new(
        "AS-CLIENT-0011",
        Category::DataLoss,
        format!("load manifest: its digest is {found}, and should be {wanted}"),
    )
    .about(package)
}

pub fn manifest_untrusted(package: PackageId, reason: impl fmt::Display) -> Fault {
    Fault::new("AS-CLIENT-0012", Category::DataLoss, format!("load manifest: {reason}")).about(package)
}

pub fn bytes_differ(path: &RelativePath, what: impl fmt::Display) -> Fault {
    Fault::new("AS-CLIENT-0013", Category::DataLoss, format!("read file: {what}")).about(path)
}

pub fn not_finalized(operation: &str, package: &PackageRecord) -> Fault {
    Fault::new(
        "AS-CLIENT-0014",
        Category::FailedPrecondition,
        format!("{operation}: the package is {}, and only a finalized one has a manifest", package.status.name()),
    )
    .about(package.package_id)
}

pub fn path_taken(path: &RelativePath) -> Fault {
    Fault::new(
        "AS-CLIENT-0015",
        Category::AlreadyExists,
        "push file: the package has another file at this path; ask for replacement to bind it anew",
    )
    .about(path)
}

pub fn event_untrusted(sequence: u64, what: &str) -> Fault {
    Fault::new("AS-CLIENT-0016", Category::DataLoss, format!("follow: event {sequence} {what}")).about(sequence)
}

pub fn thread_lost(operation: &str) -> Fault {
    Fault::new("AS-CLIENT-0017", Category::Internal, format!("{operation}: a thread ended without an answer"))
}

/// The same fault of a push that may have made a package before it ended, and knows no id to give it up by.
pub fn perhaps_made(mut fault: Fault) -> Fault {
    fault.message += "; it is not known whether its package was made";
    fault.with_unknown_outcome()
}

/// The same fault of a push whose package was given up, so that it is certain how it ended.
pub fn given_up(mut fault: Fault, package: PackageId) -> Fault {
    fault.message = format!("{}; package {package} was given up", fault.message);
    Fault { outcome: Outcome::NotApplied, ..fault }
}

/// The same fault of a push whose package stays as it is.
pub fn left_as_it_is(mut fault: Fault, package: PackageId) -> Fault {
    fault.message = format!("{}; package {package} was left as it is", fault.message);
    fault
}

/// The same fault of a pull that had written files before.
pub fn partly_written(mut fault: Fault, files: u64) -> Fault {
    let (noun, verb) = if files == 1 { ("file", "was") } else { ("files", "were") };
    fault.message = format!("{}; {files} {noun} {verb} written before, whole, and can be used", fault.message);
    fault
}
