//! The typed client producers use: push, pull, verify, list, tail.
//!
//! [`Connection`] is what a store answers, in this process or behind the network; everything else here is written over
//! it, once.
#![deny(missing_docs)]

mod connection;

pub use connection::{ByteStream, Connection, Download, KnownFile, ManifestFormat, TailRequest};
