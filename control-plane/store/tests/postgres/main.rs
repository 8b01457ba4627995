//! What only happens to a database on a server: connections that are lost in mid-use, a server that crashes, answers that
//! never come, and others who write to the same log.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod neighbours;
mod outages;
mod proxy;
mod server;
mod world;
