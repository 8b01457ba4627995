//! The wire: generated protobuf, and the only conversions to and from it.
//!
//! Receiving is `TryFrom`, and checks: what has been converted is valid, and what was refused is a
//! [`Fault`](artifactstore_types::Fault) that names the field. Sending is `From`, and cannot fail. Faults travel as
//! [`tonic::Status`] with `google.rpc` details; no other crate builds one. What the contract means is written in
//! `proto/artifactstore/v1`; who calls whom is left to server and client.
#![deny(missing_docs)]

pub mod codes;
mod event;
mod fault;
pub mod field;
mod file;
mod health;
pub mod limits;
pub mod methods;
pub mod opening;
mod node;
mod package;
mod page;
pub mod pieces;
mod status;
pub mod stream;
mod time;
pub mod transport;
mod upload;
pub mod v1;
mod value;

pub use codes::CODES;
pub use event::{EventAssembly, event_parts};
pub use node::{node_status, node_status_if_given};
pub use page::{decode_token, encode_token};
pub use status::{fault_of_request, fault_of_status, status_of, unreadable};

#[cfg(test)]
mod tests;
