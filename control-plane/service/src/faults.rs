//! Every fault a use case makes itself. Faults of the registry, the store and the data plane pass through unchanged.

use std::{fmt::Display, time::Duration};

use artifactstore_types::{
    Category, ContentAddress, ContractStream, Fault, PackageId, PackageRecord, RelativePath, Retry, Sequence,
};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-SVC-0001", "no package has this id"),
    ("AS-SVC-0002", "the package has no file at this path"),
    ("AS-SVC-0003", "the package is not finalized, so it has no manifest yet"),
    ("AS-SVC-0004", "the page token does not belong to this query"),
    ("AS-SVC-0005", "the namespace has no blob of this address"),
    ("AS-SVC-0006", "the package changed while it was being finalized, again and again"),
    ("AS-SVC-0007", "a registered blob has no location"),
    ("AS-SVC-0008", "the sender paused for too long"),
    ("AS-SVC-0009", "too many items in one request"),
    ("AS-SVC-0010", "the package takes no more files"),
    ("AS-SVC-0011", "the path exists in the package"),
    ("AS-SVC-0012", "the registry and the service disagree about an event"),
    ("AS-SVC-0013", "a file for the batch stream is too large"),
    ("AS-SVC-0014", "the manifest could not be built, or its JSON projection not be made"),
    ("AS-SVC-0015", "the data plane ended a batch without answering for every blob"),
    ("AS-SVC-0016", "the bytes of a registered blob are at none of its locations"),
    ("AS-SVC-0017", "the database did not say in time how it is"),
    ("AS-SVC-0018", "too many uploads are under way"),
    ("AS-SVC-0019", "answers about files were not taken, or not committed, for too long"),
    ("AS-SVC-0020", "the stream has no contract event, or had none then"),
    ("AS-SVC-0021", "the log has not reached this sequence"),
    ("AS-SVC-0022", "a thread of the service ended without an answer"),
];

pub fn package_not_found(id: PackageId) -> Fault {
    Fault::new("AS-SVC-0001", Category::NotFound, "find package: no package has this id").about(id)
}

pub fn file_not_found(package: PackageId, path: &RelativePath) -> Fault {
    Fault::new("AS-SVC-0002", Category::NotFound, format!("find file: package {package} has no file at this path"))
        .about(path)
}

pub fn not_finalized(operation: &str, package: &PackageRecord) -> Fault {
    Fault::new(
        "AS-SVC-0003",
        Category::FailedPrecondition,
        format!("{operation}: the package is {}, and only a finalized one has a manifest", package.status.name()),
    )
    .about(package.package_id)
}

pub fn foreign_page_token() -> Fault {
    Fault::new(
        "AS-SVC-0004",
        Category::Invalid,
        "list: the page token does not belong to this query; start again without one",
    )
}

pub fn blob_not_here(address: ContentAddress) -> Fault {
    Fault::new("AS-SVC-0005", Category::NotFound, "commit file: this namespace has no blob of this address; send it")
        .about(address)
}

pub fn kept_changing(id: PackageId) -> Fault {
    Fault::new("AS-SVC-0006", Category::Conflict, "finalize package: files kept being added meanwhile").about(id)
}

pub fn no_location(address: ContentAddress) -> Fault {
    Fault::new("AS-SVC-0007", Category::DataLoss, "read blob: it is registered, but no location is").about(address)
}

pub fn sender_paused(limit: Duration) -> Fault {
    Fault::new(
        "AS-SVC-0008",
        Category::DeadlineExceeded,
        format!("add files: nothing came for {} seconds", limit.as_secs()),
    )
}

pub fn too_many_items(operation: &str, limit: usize) -> Fault {
    Fault::new("AS-SVC-0009", Category::Invalid, format!("{operation}: at most {limit} items are taken at once"))
}

pub fn package_closed(package: &PackageRecord) -> Fault {
    let state = match package.manifest_digest {
        Some(digest) => format!("finalized under manifest {digest}"),
        None => package.status.name().to_owned(),
    };
    Fault::new("AS-SVC-0010", Category::FailedPrecondition, format!("add files: the package is {state}"))
        .about(package.package_id)
}

pub fn path_exists(path: &RelativePath) -> Fault {
    Fault::new(
        "AS-SVC-0011",
        Category::AlreadyExists,
        "add file: the package has a file at this path; ask for replacement to bind it anew",
    )
    .about(path)
}

pub fn unexpected_event(operation: &str, about: impl Display) -> Fault {
    let message = format!("{operation}: the events appended are not those asked for");
    Fault::new("AS-SVC-0012", Category::Internal, message).about(about).with_unknown_outcome()
}

pub fn too_large_for_batch(path: &RelativePath, limit: usize) -> Fault {
    Fault::new(
        "AS-SVC-0013",
        Category::Invalid,
        format!("add file: the batch stream takes files of at most {limit} bytes; send this one on its own"),
    )
    .about(path)
}

pub fn manifest_not_built(operation: &str, id: PackageId, reason: impl Display) -> Fault {
    Fault::new("AS-SVC-0014", Category::Internal, format!("{operation}: {reason}")).about(id)
}

pub fn bytes_lost(address: ContentAddress) -> Fault {
    Fault::new(
        "AS-SVC-0016",
        Category::DataLoss,
        "read blob: it is registered, but its bytes are at none of its locations; pushing them again repairs it",
    )
    .about(address)
}

pub fn database_silent(limit: Duration) -> Fault {
    Fault::new(
        "AS-SVC-0017",
        Category::DeadlineExceeded,
        format!("ping database: it did not answer within {} seconds", limit.as_secs()),
    )
}

pub fn no_contract_event(stream: &ContractStream, at: Option<Sequence>) -> Fault {
    let when = at.map_or_else(String::new, |at| format!(" up to sequence {at}"));
    let message = format!("load contract state: the stream has no event{when}");
    Fault::new("AS-SVC-0020", Category::NotFound, message).about(stream)
}

pub fn beyond_the_log(at: Sequence, head: Sequence) -> Fault {
    let message = format!("load contract state: the log ends at sequence {head}");
    Fault::new("AS-SVC-0021", Category::OutOfRange, message).about(at)
}

pub fn thread_lost(operation: &str, lost: &impl Display) -> Fault {
    Fault::new("AS-SVC-0022", Category::Internal, format!("{operation}: {lost}"))
}

pub fn not_answered(path: &RelativePath) -> Fault {
    Fault::new("AS-SVC-0015", Category::Unavailable, "add file: the data plane ended without an answer for it")
        .about(path)
}

pub fn too_many_ingests(most: usize, waited: Duration) -> Fault {
    Fault::new(
        "AS-SVC-0018",
        Category::Exhausted,
        format!("add files: {most} uploads are under way, and none ended within {} seconds", waited.as_secs()),
    )
    .with_retry(Retry::SameRequest)
}

/// Files that were not answered may be registered.
pub fn answers_not_taken(limit: Duration) -> Fault {
    Fault::new(
        "AS-SVC-0019",
        Category::DeadlineExceeded,
        format!("add files: for {} seconds no answer was taken, or could be committed", limit.as_secs()),
    )
    .with_unknown_outcome()
}
