//! The facts the registry records, and their one encoding: a type and a payload of canonical CBOR (RFC 8949 §4.2.1).
//!
//! A payload says everything a view needs beyond the columns of [`EventRecord`], so that folding never looks anything
//! up. A type this program does not know decodes to nothing: a log written by a newer program can still be folded.

mod contract;
mod payload;
#[cfg(test)]
mod tests;

use artifactstore_manifest::cbor;
use artifactstore_types::{EventRecord, EventType, FileRecord, PackageId, Timestamp};
use bytes::Bytes;

pub use contract::ContractEventAppended;
pub use payload::{
    DefaultApplied, FileIngested, FileReplaced, PackageCreated, PackageFailed, PackageFinalized, ReceiptPlace, Replaced,
};

/// One fact about a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The package exists.
    PackageCreated(PackageCreated),
    /// A path of it is bound to a blob.
    FileIngested(FileIngested),
    /// A path of it that was bound is bound to another blob.
    FileReplaced(FileReplaced),
    /// It is closed under a manifest.
    PackageFinalized(PackageFinalized),
    /// It was given up.
    PackageFailed(PackageFailed),
    /// The expiry of its class holds for it.
    DefaultApplied(DefaultApplied),
}

/// Why an event cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventRefused {
    /// The payload is not what its type says.
    #[error("payload of {event_type} cannot be read: {reason}")]
    Payload {
        /// The type.
        event_type: String,
        /// What the decoder found.
        reason: String,
    },
    /// The event cannot be encoded.
    #[error("payload of {event_type} cannot be written: {reason}")]
    Encoding {
        /// The type.
        event_type: &'static str,
        /// What the encoder found.
        reason: String,
    },
}

impl Event {
    /// Every type this program writes.
    pub const TYPES: [&'static str; 6] = [
        PackageCreated::TYPE,
        FileIngested::TYPE,
        FileReplaced::TYPE,
        PackageFinalized::TYPE,
        PackageFailed::TYPE,
        DefaultApplied::TYPE,
    ];

    /// Its type, such as `v1.package.created`.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::PackageCreated(_) => PackageCreated::TYPE,
            Self::FileIngested(_) => FileIngested::TYPE,
            Self::FileReplaced(_) => FileReplaced::TYPE,
            Self::PackageFinalized(_) => PackageFinalized::TYPE,
            Self::PackageFailed(_) => PackageFailed::TYPE,
            Self::DefaultApplied(_) => DefaultApplied::TYPE,
        }
    }

    /// Its payload.
    ///
    /// # Errors
    /// A value that canonical CBOR has no form for.
    pub fn encode(&self) -> Result<Bytes, EventRefused> {
        let encoded = match self {
            Self::PackageCreated(payload) => cbor::to_vec(payload),
            Self::FileIngested(payload) => cbor::to_vec(payload),
            Self::FileReplaced(payload) => cbor::to_vec(payload),
            Self::PackageFinalized(payload) => return Ok(payload.manifest.clone()),
            Self::PackageFailed(payload) => cbor::to_vec(payload),
            Self::DefaultApplied(payload) => cbor::to_vec(payload),
        };
        encoded
            .map(Bytes::from)
            .map_err(|error| EventRefused::Encoding { event_type: self.event_type(), reason: error.to_string() })
    }

    /// The event of this type and payload; `None` for a type this program does not know.
    ///
    /// # Errors
    /// A payload that is not canonical, or not what its type says.
    pub fn decode(event_type: &EventType, payload: &Bytes) -> Result<Option<Self>, EventRefused> {
        let decoded = match event_type.as_str() {
            PackageCreated::TYPE => cbor::from_slice(payload).map(Self::PackageCreated),
            FileIngested::TYPE => cbor::from_slice(payload).map(Self::FileIngested),
            FileReplaced::TYPE => cbor::from_slice(payload).map(Self::FileReplaced),
            // The manifest stays the bytes it is: no view looks into it, and it may be large.
            PackageFinalized::TYPE => Ok(Self::PackageFinalized(PackageFinalized { manifest: payload.clone() })),
            PackageFailed::TYPE => cbor::from_slice(payload).map(Self::PackageFailed),
            DefaultApplied::TYPE => cbor::from_slice(payload).map(Self::DefaultApplied),
            _ => return Ok(None),
        };
        decoded
            .map(Some)
            .map_err(|error| EventRefused::Payload { event_type: event_type.to_string(), reason: error.to_string() })
    }

    /// The event in this record; `None` for a type this program does not know, or for one that is not about a package.
    ///
    /// # Errors
    /// As [`Event::decode`].
    pub fn of(record: &EventRecord) -> Result<Option<Self>, EventRefused> {
        Self::decode(&record.event_type, &record.payload)
    }

    /// The file as this event, recorded in this package at that time, binds it, if it is one that binds a file.
    pub fn file(&self, package_id: PackageId, recorded_at: Timestamp) -> Option<FileRecord> {
        match self {
            Self::FileIngested(file) => Some(file.file(package_id, recorded_at)),
            Self::FileReplaced(file) => Some(file.current.file(package_id, recorded_at)),
            _ => None,
        }
    }
}
