//! The engine as its callers see it: the conformance suite on every kind of store, and what it does when stores,
//! disks and callers fail.

mod conformance;
mod crashes;
mod directory;
mod support;
