//! The wire: generated protobuf, and the only conversions to and from it.
//!
//! Receiving is `TryFrom`, and checks: what has been converted is valid, and what was refused is a
//! [`Fault`](artifactstore_types::Fault) that names the field. Sending is `From`, and cannot fail. Faults travel as
//! [`tonic::Status`] with `google.rpc` details; no other crate builds one. What the contract means is written in
//! `proto/artifactstore/v1`; who calls whom is left to server and client.
#![deny(missing_docs)]

mod answers;
pub mod codes;
mod contract;
mod data_plane;
mod direct;
mod event;
mod fault;
pub mod field;
mod file;
mod health;
mod idle;
pub mod limits;
pub mod methods;
mod node;
pub mod opening;
mod package;
mod page;
pub mod pieces;
pub mod sent;
mod status;
pub mod stream;
mod time;
pub mod transport;
mod upload;
pub mod v1;
mod value;

pub use answers::{Messages, reply, reply_with};
pub use codes::CODES;
pub use contract::{StateAssembly, state_parts};
pub use data_plane::{decode_mismatch, encode_mismatch};
pub use event::{EventAssembly, event_parts};
pub use idle::{not_idle, not_left};
pub use node::{node_status, node_status_if_given};
pub use page::{decode_token, encode_token};
pub use status::{fault_of_request, fault_of_status, status_of, unreadable};

#[cfg(test)]
mod tests;
