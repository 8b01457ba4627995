//! The registry's database: the log that is its truth, the views folded from it, and their upkeep.
//!
//! [`RegistryStore`] is the whole port; memory, SQLite and PostgreSQL implement it and `conformance` holds them to the
//! same behaviour. [`open`] picks the engine. [`Committer`] groups changes into transactions, [`Tail`] feeds those who
//! follow the log. No type of a database leaves this crate.
#![deny(missing_docs)]

mod answers;
mod check;
mod committer;
mod faults;
mod leases;
mod memory;
mod node_changed;
mod open;
mod ports;
mod run;
mod sql;
mod tail;

pub use check::{Difference, Finding};
pub use committer::{Committer, CommitterOptions};
pub use faults::CODES;
pub use leases::{Lease, Leases};
pub use memory::MemoryStore;
pub use node_changed::NodeChanged;
pub use open::{StoreOptions, database_file, open};
pub use ports::{
    Checked, Committed, ContractViews, EventLog, Nodes, PlacedFile, Progress, RegistryStore, Replayed, Upkeep, Views,
};
pub use tail::{Tail, TailOptions};
