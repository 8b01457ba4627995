//! The data-plane SPI: how the control plane, or a process that holds both planes, moves and keeps bytes.
//!
//! [`DataPlane`] is the whole contract; [`conformance`] proves an implementation against it, obligation by obligation.
//! An engine in this process and a node behind the network are one type to a caller: `Arc<dyn DataPlane>`.
#![deny(missing_docs)]

pub mod conformance;
pub mod control_token;
mod faults;
#[cfg(feature = "grpc")]
pub mod grpc;
mod memory;
pub mod signed_receipt;
pub mod signing;
mod spi;
pub mod ticket;

pub use faults::CODES;
pub use memory::MemoryPlane;
pub use spi::{
    Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, InventoryEntry, Served, ServedBlob,
    Verification,
};
