//! Streams of contract events: what may be appended, what an event is held against, and how a stream becomes a state. What
//! an event of a family may say is the catalogue's of `contracts`; nothing here names a family.

mod append;
mod event;
mod facts;
mod folding;
mod references;

#[cfg(test)]
mod tests;

pub(crate) use append::{Appending, decide};
pub use event::NewContractEvent;
pub(crate) use facts::KnownStream;
pub use facts::{ContractFacts, KnownContractEvent};
pub use folding::StreamFolding;
pub use references::{FileReference, References, references, require_family};

/// How many events a stream may have: an event that comes before others in a stream's own order has all of it folded
/// again while the log is locked, and this is what that takes within a second or two.
pub const MAX_STREAM_EVENTS: u64 = 100_000;

/// How many bytes the events of a stream may have together. It bounds its state, which is held in memory as a whole.
pub const MAX_STREAM_BYTES: u64 = 64 * 1024 * 1024;
