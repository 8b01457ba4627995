//! The engine as its callers see it: the conformance suite on every kind of store, and what it does when stores,
//! disks and callers fail.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod crashes;
mod deletions;
mod directory;
mod durability;
mod faults;
mod index;
mod killed;
mod outages;
mod packing;
mod quarantine;
mod s3;
mod shared;
mod support;
