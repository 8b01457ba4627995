//! Bytes that do not pass through here: tickets with which clients go to nodes, and what nodes state of what they got.
//!
//! Invariants: a ticket names one node, one package and one thing, and lives for minutes; what is committed rests on a
//! receipt whose every part was verified, the key of the node included; what is refused is logged without its contents.

mod commit;
mod locate;
mod tickets;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use artifactstore_types::{DownloadSource, FileRecord};

use crate::{Service, fleet::Fleet};

/// What may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectOptions {
    /// How long a ticket lives, in seconds.
    pub ticket_seconds: u64,
    /// How long after it was signed a statement is taken, in seconds: shorter than unreferenced bytes are left alone.
    pub statement_seconds: u64,
    /// From which size on, in bytes, a reader is sent to a node: what is smaller is not worth a second call.
    pub redirect_bytes: u64,
}

impl Default for DirectOptions {
    fn default() -> Self {
        Self { ticket_seconds: 900, statement_seconds: 3_600, redirect_bytes: 256 * 1024 }
    }
}

/// Where a file can be read straight from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file.
    pub file: FileRecord,
    /// The sources, the best first; at least one.
    pub sources: Vec<DownloadSource>,
}

/// A service whose bytes are on the nodes of a fleet. Cheap to clone.
#[derive(Clone)]
pub struct Direct {
    service: Service,
    fleet: Fleet,
    options: Arc<DirectOptions>,
}

impl Direct {
    /// The direct way to what `service` keeps on `fleet`.
    pub fn new(service: Service, fleet: Fleet, options: DirectOptions) -> Self {
        Self { service, fleet, options: Arc::new(options) }
    }

    /// The nodes.
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }
}
