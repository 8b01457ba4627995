//! The built command on a store in a temporary directory: what it prints, how it ends, what it leaves.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod contracts;
mod endings;
mod events;
mod inputs;
mod packages;
mod serving;
mod store;
mod streams;
mod verifying;
