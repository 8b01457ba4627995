//! The control plane's two doors: gRPC for producers and subscribers, HTTP for whoever asks how it is.
//!
//! A handler decodes, makes one call on a [`Connection`](artifactstore_client::Connection), and encodes; what is true
//! of every call (deadlines, request ids, log lines, statuses with details) is `serving`'s. Rules of the domain are
//! behind the connection; what travels is in `wire`.
#![deny(missing_docs)]

mod grpc;
mod http;
pub mod process;
mod readiness;
mod server;

pub use artifactstore_serving::DoorOptions;
pub use server::Server;

#[cfg(test)]
mod tests;
