//! A whole node behind real sockets, with a control plane that does as a test says, and clients of every kind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batches;
mod downloads;
mod endings;
mod process;
mod registration;
mod resuming;
mod spi;
mod tickets;
mod uploads;
mod world;
