//! Every fault of this crate, each built in one place, and what the errors of a store mean. Text of an error is never
//! looked at: only its kind.

use std::{error::Error as _, io};

use artifactstore_types::{BackendId, Category, ContentAddress, Digest, Fault, RangeRefused, Retry};

use crate::s3::{RefusalKind, refusal_of};

/// Every code, with what it means in a line. The pages in `docs/errors/` are checked against it.
pub const CODES: &[(&str, &str)] = &[
    (UNKNOWN_BACKEND, "the node has no backend of that name"),
    (UNREACHABLE, "the backend does not answer, or answers with a failure that may pass"),
    (NOT_FOUND, "the blob does not lie at the location named"),
    (WRONG_ADDRESS, "the bytes received are not those of the declared address"),
    (OUT_OF_RANGE, "the range starts beyond the end of the blob"),
    (DAMAGED, "stored bytes are missing or not what they were"),
    (BLOB_TOO_LARGE, "a blob of a batch is larger than the node takes in batches"),
    (BAD_CURSOR, "the cursor is not one that an inventory gave"),
    (TOO_MANY, "more was asked for at once than the node answers"),
    (NO_SPACE, "the backend has no space, or a quota is reached"),
    (DEADLINE, "the backend took longer than the deadline of one call"),
    (BAD_KEY, "the key of the location is not one a node makes"),
    (ACCESS, "the backend refused the node's access"),
    (MISCONFIGURED, "the backend cannot be used as it is configured"),
    (STOPPED, "the node is shutting down"),
    (VANISHED, "the blob was deleted, or found damaged, while it was being received again"),
    (INDEX, "the index of packed blobs cannot be read or written"),
    (INDEX_NOT_READY, "the index of packed blobs is being rebuilt"),
    (NO_THREAD, "the operating system gives no further thread"),
];

const UNKNOWN_BACKEND: &str = "AS-DATA-0001";
const UNREACHABLE: &str = "AS-DATA-0002";
const NOT_FOUND: &str = "AS-DATA-0003";
const WRONG_ADDRESS: &str = "AS-DATA-0004";
const OUT_OF_RANGE: &str = "AS-DATA-0005";
const DAMAGED: &str = "AS-DATA-0006";
const BLOB_TOO_LARGE: &str = "AS-DATA-0007";
const BAD_CURSOR: &str = "AS-DATA-0008";
const TOO_MANY: &str = "AS-DATA-0009";
const NO_SPACE: &str = "AS-DATA-0010";
const DEADLINE: &str = "AS-DATA-0011";
const BAD_KEY: &str = "AS-DATA-0012";
const ACCESS: &str = "AS-DATA-0013";
const MISCONFIGURED: &str = "AS-DATA-0014";
const STOPPED: &str = "AS-DATA-0015";
const VANISHED: &str = "AS-DATA-0016";
const INDEX: &str = "AS-DATA-0017";
const INDEX_NOT_READY: &str = "AS-DATA-0018";
const NO_THREAD: &str = "AS-DATA-0019";

pub(crate) fn unknown_backend(backend_id: &BackendId) -> Fault {
    Fault::new(UNKNOWN_BACKEND, Category::NotFound, "no such backend").about(backend_id)
}

pub(crate) fn not_found(address: ContentAddress) -> Fault {
    Fault::new(NOT_FOUND, Category::NotFound, "no such blob at this location").about(address)
}

pub(crate) fn no_such_pack(key: &str) -> Fault {
    Fault::new(NOT_FOUND, Category::NotFound, "no such pack").about(key)
}

pub(crate) fn wrong_address(declared: ContentAddress, actual: Digest) -> Fault {
    let message = format!("the bytes are {actual}, not what was declared");
    Fault::new(WRONG_ADDRESS, Category::Invalid, message).about(declared)
}

pub(crate) fn out_of_range(address: ContentAddress, refused: RangeRefused) -> Fault {
    Fault::new(OUT_OF_RANGE, Category::OutOfRange, refused.to_string()).about(address)
}

pub(crate) fn damaged(address: ContentAddress) -> Fault {
    Fault::new(DAMAGED, Category::DataLoss, "the stored bytes are not what they were").about(address)
}

pub(crate) fn damaged_pack(key: &str) -> Fault {
    Fault::new(DAMAGED, Category::DataLoss, "the pack is not what it was").about(key)
}

pub(crate) fn blob_too_large(limit: usize, found: usize) -> Fault {
    let message = format!("a blob of a batch has at most {limit} bytes, not {found}");
    Fault::new(BLOB_TOO_LARGE, Category::Exhausted, message)
}

pub(crate) fn damaged_note(key: &object_store::path::Path) -> Fault {
    Fault::new(DAMAGED, Category::DataLoss, "what is noted beside a pack is not what it was").about(key)
}

pub(crate) fn ids_repeat(backend_id: &BackendId) -> Fault {
    let message = "every id drawn for a new object is taken: the source of ids repeats itself";
    Fault::new(MISCONFIGURED, Category::Internal, message).about(backend_id)
}

pub(crate) fn bad_cursor() -> Fault {
    Fault::new(BAD_CURSOR, Category::Invalid, "the cursor is not one that an inventory gave")
}

pub(crate) fn too_many_addresses(limit: usize) -> Fault {
    Fault::new(TOO_MANY, Category::Invalid, format!("at most {limit} addresses are asked for at once"))
}

pub(crate) fn deadline(backend_id: &BackendId, operation: &str) -> Fault {
    let message = format!("{operation} took longer than its deadline");
    Fault::new(DEADLINE, Category::DeadlineExceeded, message).about(backend_id)
}

pub(crate) fn bad_key(key: &str) -> Fault {
    Fault::new(BAD_KEY, Category::Invalid, "the location's key is not one of a stored blob").about(key)
}

pub(crate) fn no_backends() -> Fault {
    Fault::new(MISCONFIGURED, Category::Invalid, "a node needs at least one backend")
}

pub(crate) fn repeated_backend(backend_id: &BackendId) -> Fault {
    Fault::new(MISCONFIGURED, Category::Invalid, "two backends have the same name").about(backend_id)
}

pub(crate) fn directory_unusable(backend_id: &BackendId, error: &io::Error) -> Fault {
    let message = format!("the directory cannot be used: {error}");
    let fault = Fault::new(MISCONFIGURED, Category::FailedPrecondition, message).about(backend_id);
    // Whoever has it open may be about to leave.
    if error.kind() == io::ErrorKind::ResourceBusy { fault.with_retry(Retry::SameRequest) } else { fault }
}

/// Whether a fault only says that the process is about to end.
pub(crate) fn is_stopped(fault: &Fault) -> bool {
    fault.code == STOPPED
}

pub(crate) fn bucket_unusable(backend_id: &BackendId, error: &object_store::Error) -> Fault {
    let message = format!("the bucket cannot be used: {error}");
    Fault::new(MISCONFIGURED, Category::FailedPrecondition, message).about(backend_id)
}

pub(crate) fn stopped() -> Fault {
    Fault::new(STOPPED, Category::Unavailable, "the node is shutting down").with_unknown_outcome()
}

pub(crate) fn vanished(address: ContentAddress) -> Fault {
    let message = "the blob was deleted, or found damaged, while it was being received again";
    Fault::new(VANISHED, Category::Unavailable, message).about(address)
}

pub(crate) fn index_failed(operation: &str) -> Fault {
    Fault::new(INDEX, Category::Unavailable, format!("the index of packed blobs failed: {operation}"))
}

pub(crate) fn index_not_ready(backend_id: &BackendId) -> Fault {
    Fault::new(INDEX_NOT_READY, Category::Unavailable, "the index of packed blobs is being rebuilt").about(backend_id)
}

pub(crate) fn no_thread(error: &io::Error) -> Fault {
    Fault::new(NO_THREAD, Category::Unavailable, format!("no thread to digest on: {error}"))
}

/// What a store's error means to a caller that names no blob: `operation` says what was tried.
pub(crate) fn of_store(backend_id: &BackendId, operation: &str, error: &object_store::Error) -> Fault {
    use object_store::Error as Store;
    let message = format!("{operation} failed: {error}");
    let refused = refusal_of(error).map(|refusal| refusal.kind);
    match error {
        _ if refused == Some(RefusalKind::Misconfigured) => {
            Fault::new(MISCONFIGURED, Category::Unavailable, message).with_retry(Retry::Never)
        }
        _ if refused == Some(RefusalKind::Access) => {
            Fault::new(ACCESS, Category::Unavailable, message).with_retry(Retry::Never)
        }
        _ if refused == Some(RefusalKind::NoSpace) => Fault::new(NO_SPACE, Category::Exhausted, message),
        Store::NotFound { .. } => Fault::new(NOT_FOUND, Category::NotFound, message),
        // The runtime gives up what it has not begun when it ends.
        Store::JoinError { source } if source.is_cancelled() => stopped(),
        Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => {
            Fault::new(ACCESS, Category::Unavailable, message).with_retry(Retry::Never)
        }
        Store::InvalidPath { .. }
        | Store::NotSupported { .. }
        | Store::NotImplemented { .. }
        | Store::UnknownConfigurationKey { .. } => {
            Fault::new(MISCONFIGURED, Category::Unavailable, message).with_retry(Retry::Never)
        }
        other => match io_kind(other) {
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge) => {
                Fault::new(NO_SPACE, Category::Exhausted, message)
            }
            Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                Fault::new(ACCESS, Category::Unavailable, message).with_retry(Retry::Never)
            }
            _ => Fault::new(UNREACHABLE, Category::Unavailable, message),
        },
    }
    .about(backend_id)
}

/// The kind of the first operating-system error in the chain of causes.
fn io_kind(error: &object_store::Error) -> Option<io::ErrorKind> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}
