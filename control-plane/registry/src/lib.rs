//! The registry's rules: a [`Command`] is decided against the state of its package and a few facts, what is decided is a
//! list of [`Event`]s, and every view is folded from them. All of it is pure: no clock, no database, no waiting. The
//! store loads state and facts, appends what was decided, and applies the changes of [`view`] in the same transaction.
#![deny(missing_docs)]

mod batch;
mod command;
pub mod contract;
mod decide;
pub mod event;
mod facts;
mod leaf;
mod manifest;
mod package;
mod prepared;
mod refusal;
mod retention;
mod tree;
pub mod view;

pub use batch::{Accepted, Batch};
pub use command::{AppendContractEvents, Command, CommitFiles, FinalizePackage, NewFile, PackageCommand, Request};
pub use contract::{MAX_STREAM_BYTES, MAX_STREAM_EVENTS, NewContractEvent};
pub(crate) use decide::Decision;
pub use decide::MAX_FILES_PER_PACKAGE;
pub use event::{Event, EventRefused};
pub use facts::{Facts, FileFact, Needs, packages_of};
pub use leaf::{Unsealed, leaf_hash, payload_digest, seal};
pub use manifest::build_manifest;
pub use package::{Package, Stamp};
pub use prepared::Prepared;
pub use refusal::{CODES, Refusal};
pub use retention::{DEFAULT_CLASSES, DefaultClass, default_expiry};
pub use tree::Tree;
