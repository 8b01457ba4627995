//! The wire: generated protobuf, and the only conversions to and from it.
//!
//! Receiving is `TryFrom`, and checks: what has been converted is valid, and what was refused is a
//! [`Fault`](artifactstore_types::Fault) that names the field. Sending is `From`, and cannot fail. Faults travel as
//! [`tonic::Status`] with `google.rpc` details; no other crate builds one. What the contract means is written in
//! `proto/artifactstore/v1`; who calls whom is left to server and client.
#![deny(missing_docs)]

pub mod codes;
mod contract;
mod event;
mod fault;
pub mod field;
mod file;
mod health;
pub mod limits;
pub mod methods;
mod package;
mod page;
mod status;
pub mod stream;
mod time;
pub mod transport;
mod upload;
pub mod v1;
mod value;

pub use codes::CODES;
pub use contract::{StateAssembly, state_parts};
pub use event::{EventAssembly, event_parts};
pub use page::{decode_token, encode_token};
pub use status::{fault_of_request, fault_of_status, status_of, unreadable};

#[cfg(test)]
mod tests;
