//! Every fault a node makes itself. Those of its engine, of tickets and of the wire pass through unchanged.

use std::{fmt::Display, io, path::Path, time::Duration};

use artifactstore_types::{BackendId, Category, ContentAddress, Fault, Retry};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-NODE-0001", "the settings of the node are refused"),
    ("AS-NODE-0002", "a file or folder of the node cannot be used"),
    ("AS-NODE-0003", "the process cannot be set up"),
    ("AS-NODE-0011", "more bytes than the ticket permits"),
    ("AS-NODE-0012", "the blob declared is not the one of the ticket"),
    ("AS-NODE-0013", "the ticket is for a batch and was used already"),
    ("AS-NODE-0014", "the node is draining and takes nothing new"),
    ("AS-NODE-0015", "the node has as many transfers under way as it takes"),
    ("AS-NODE-0016", "the blob does not lie on the backend of the ticket"),
    ("AS-NODE-0017", "a receipt could not be signed"),
    ("AS-NODE-0018", "no control plane has told the node its keys yet"),
    ("AS-NODE-0021", "there is no such upload here"),
    ("AS-NODE-0031", "a control plane did not answer an announcement as it must"),
    ("AS-NODE-0032", "the node cannot be described to a control plane"),
];

/// The fault of settings that say what cannot be.
pub fn settings_refused(why: impl Display) -> Fault {
    Fault::new("AS-NODE-0001", Category::Invalid, format!("read settings: {why}"))
}

pub(crate) fn unusable(path: &Path, error: &io::Error) -> Fault {
    let category = match error.kind() {
        io::ErrorKind::PermissionDenied => Category::PermissionDenied,
        _ => Category::FailedPrecondition,
    };
    Fault::new("AS-NODE-0002", category, format!("open node: {error}")).about(path.display())
}

/// The fault of a process that cannot be set up.
pub fn process_refused(error: impl Display) -> Fault {
    Fault::new("AS-NODE-0003", Category::Internal, format!("start node: {error}"))
}

pub(crate) fn beyond_ticket(limit: u64) -> Fault {
    Fault::new("AS-NODE-0011", Category::Exhausted, format!("transfer: the ticket permits {limit} bytes, and no more"))
}

pub(crate) fn other_than_ticket(declared: ContentAddress) -> Fault {
    let message = "ingest: the blob declared is not the one that the ticket names";
    Fault::new("AS-NODE-0012", Category::Invalid, message).about(declared)
}

pub(crate) fn used_already(ticket_id: impl Display) -> Fault {
    let message = "ingest: a ticket for a batch counts for one stream; ask for another";
    Fault::new("AS-NODE-0013", Category::PermissionDenied, message).with_retry(Retry::AfterReload).about(ticket_id)
}

pub(crate) fn no_keys() -> Fault {
    let message = "transfer: no control plane has told this node its keys yet, so it can judge no ticket";
    Fault::new("AS-NODE-0018", Category::Unavailable, message)
}

pub(crate) fn draining() -> Fault {
    let message = "ingest: this node is draining; ask for a ticket for another one";
    Fault::new("AS-NODE-0014", Category::Unavailable, message).with_retry(Retry::AfterReload)
}

pub(crate) fn too_many(what: &str, limit: u32) -> Fault {
    let message = format!("transfer: there are {limit} {what} under way, which is as many as this node takes");
    Fault::new("AS-NODE-0015", Category::Unavailable, message)
}

pub(crate) fn elsewhere(backend_id: &BackendId) -> Fault {
    let message = "serve: the ticket is for another backend";
    Fault::new("AS-NODE-0016", Category::PermissionDenied, message).about(backend_id)
}

pub(crate) fn unsigned(why: impl Display) -> Fault {
    Fault::new("AS-NODE-0017", Category::Internal, format!("sign receipt: {why}")).with_unknown_outcome()
}

pub(crate) fn no_upload() -> Fault {
    let message = "query upload: there is no such upload here; begin it anew";
    Fault::new("AS-NODE-0021", Category::NotFound, message).with_retry(Retry::AfterReload)
}

pub(crate) fn not_answered(what: &str, limit: Duration) -> Fault {
    Fault::new("AS-NODE-0031", Category::Unavailable, format!("announce: no {what} within {limit:?}"))
}

pub(crate) fn answered_otherwise(what: &str) -> Fault {
    Fault::new("AS-NODE-0031", Category::Unavailable, format!("announce: the control plane did not send {what}"))
}

pub(crate) fn not_describable(why: impl Display) -> Fault {
    Fault::new("AS-NODE-0032", Category::Invalid, format!("describe node: {why}"))
}
