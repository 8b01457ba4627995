//! The SPI over the network, both ways: [`RemotePlane`] is a [`DataPlane`](crate::DataPlane) behind a channel, and
//! [`service`] answers its calls from any other one. What is true of the one is true of the other: obligations, faults and
//! their retry and outcome pass unchanged, and memory is bounded by windows whatever is moved.
//!
//! A call shows a control token; the node's [`ControlGuard`] lets no other call through. Where calls are served, their
//! deadlines and reports, is left to the process that serves them.

mod batch;
mod guard;
mod handlers;
mod options;
mod progress;
mod remote;
mod subject;

#[cfg(test)]
mod tests;

pub use guard::{ControlGuard, bearer};
pub use handlers::{UNHURRIED, service};
pub use options::RemotePlaneOptions;
pub use remote::RemotePlane;
pub use subject::ThroughGrpc;
