//! Every fault made around handlers. Faults of what is behind them pass through unchanged.

use std::{io, net::SocketAddr, time::Duration};

use artifactstore_types::{Category, Fault};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-SERVER-0001", "the call took longer than its deadline"),
    ("AS-SERVER-0002", "the server is shutting down"),
    ("AS-SERVER-0003", "the server cannot listen on an address"),
    ("AS-SERVER-0004", "the store did not say in time how it is"),
    ("AS-SERVER-0005", "the server ended unexpectedly"),
    ("AS-SERVER-0006", "an upload did not begin in time"),
];

pub fn too_slow(limit: Duration) -> Fault {
    Fault::new("AS-SERVER-0001", Category::DeadlineExceeded, format!("call: it took longer than {limit:?}"))
        .with_unknown_outcome()
}

/// The fault of a call that ends because the process does.
pub fn shutting_down() -> Fault {
    Fault::new("AS-SERVER-0002", Category::Unavailable, "call: the server is shutting down; go on elsewhere")
}

pub fn cannot_listen(address: SocketAddr, error: &io::Error) -> Fault {
    let category = match error.kind() {
        io::ErrorKind::PermissionDenied => Category::PermissionDenied,
        _ => Category::FailedPrecondition,
    };
    Fault::new("AS-SERVER-0003", category, format!("listen: {error}")).about(address)
}

/// The fault of a store that did not say within `limit` how it is.
pub fn health_unknown(limit: Duration) -> Fault {
    Fault::new("AS-SERVER-0004", Category::Unavailable, format!("health: the store did not answer in {limit:?}"))
}

pub fn ended(error: &dyn std::error::Error) -> Fault {
    Fault::new("AS-SERVER-0005", Category::Internal, format!("serve: {error}"))
}

/// The fault of an upload whose header did not come within `limit`.
pub fn not_begun(limit: Duration) -> Fault {
    Fault::new("AS-SERVER-0006", Category::DeadlineExceeded, format!("ingest file: no header came in {limit:?}"))
}
