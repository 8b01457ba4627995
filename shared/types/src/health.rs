//! How a store is.

use crate::name::BackendId;

/// How one backend is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendHealth {
    /// The backend.
    pub backend_id: BackendId,
    /// Whether it can be read from and written to now.
    pub reachable: bool,
    /// Why not, for people.
    pub reason: Option<String>,
    /// Bytes in use on the device, where known.
    pub used_bytes: Option<u64>,
    /// Bytes free on the device, where known.
    pub free_bytes: Option<u64>,
}

/// How the whole store is: serving while the database answers and at least one backend is reachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The version of the program that answers.
    pub version: String,
    /// Why the database does not answer; `None` means it does.
    pub database_fault: Option<String>,
    /// The sequence of the last event, where the database answers.
    pub head: Option<u64>,
    /// Each backend, in configured order.
    pub backends: Vec<BackendHealth>,
}

impl Health {
    /// Whether requests can be served.
    pub fn serving(&self) -> bool {
        self.database_fault.is_none() && self.backends.iter().any(|backend| backend.reachable)
    }
}
