//! Use cases: what happens when somebody asks for something. Each is one file; each takes ports and gives domain
//! values. The rules themselves are in the registry, the bytes in the data plane, the SQL in the store.
//!
//! The order that is never changed: bytes durable, then receipt, then database transaction, then answer. A crash
//! between any two leaves at worst bytes that nobody refers to; never a row without bytes.

mod commit_files;
mod connection;
mod contracts;
mod create_package;
mod download;
mod fail_package;
mod faults;
mod finalize_package;
mod health;
mod ingest_file;
mod ingest_files;
mod listings;
mod manifest;
mod page_token;
mod pauses;
pub mod placement;
mod plan_upload;
mod service;
mod verify_package;

pub use faults::CODES;
pub use service::{Parts, Service, ServiceOptions};

/// Every type of event that can happen here.
pub fn list_event_types() -> impl Iterator<Item = String> {
    let of_packages = artifactstore_registry::Event::TYPES.into_iter().map(str::to_owned);
    of_packages.chain(artifactstore_registry::event::ContractEventAppended::list_types())
}

#[cfg(test)]
mod tests;
