//! What tests of every crate share: a clock and ids they decide, words and values said in one line, a PostgreSQL database
//! and a part of an S3 bucket of their own. It knows `types` and nothing above it; what only one crate's tests need stays
//! with that crate.
//!
//! Everything here panics where a test cannot be set up: that is how a test fails.
#![deny(missing_docs)]
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod builders;
mod clock;
pub mod contracts;
mod ids;
pub mod postgres;
pub mod rgw;
mod service;

pub use builders::{file_header, file_id, new_package, package_id, receipt_for, small_file, upload, word};
pub use clock::{ManualClock, START};
pub use ids::SequentialIds;
