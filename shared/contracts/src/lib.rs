//! Event families others rely on: what an event may say, and what a stream of events amounts to.
//!
//! The contract is that of `spec_kitty_events` 2.5.0, read as a specification: same field names, same error types, same
//! reduced states. The crate is pure. Its reducers take events and return state; what touches the file system is the
//! fixture loader, the schema writer, and the temporary file of a stream too long to sort in memory.
//!
//! * [`envelope`] — the envelope every event travels in, and the normal form of its identifiers
//! * [`order`] — in which order events count, and which of them count once
//! * [`model`] — the model layer: typed records with the contract's lax rules and its violations
//! * [`catalogue`] — the families; [`mission_audit`] and [`mission_dossier`] are folders below it
//! * [`schemas`] — JSON Schemas generated from the types, and the check that the checked-in ones have not drifted
//! * [`validator`] — model and schema layer together, for one payload or a stream of them
//! * [`admission`] — whether an event may enter a stream that is kept, and which stream that is
//! * [`reduction`] — a stream of envelopes, in any order and of any length, to a state in bounded memory
//! * [`fixtures`] — documents and streams with known verdicts, ours or a directory's
//!
//! How to add a family is told in the crate's README.

#![deny(missing_docs)]

pub mod admission;
pub mod catalogue;
pub mod envelope;
pub mod fixtures;
pub mod model;
pub mod order;
pub mod reduction;
pub mod schemas;
pub mod validator;

mod lines;

/// Every family stands at the root of the crate too.
pub use catalogue::families::*;
pub use validator::validate_event;
