//! The payloads of version 1. Fields stand in canonical order, by the length of their name and then its bytes, because
//! the encoder is fastest then; metadata it puts in order itself. A field is never added, renamed or
//! given another meaning: that is a new type, `v2.…`.

use artifactstore_types::{
    BackendId, ClassName, ContentAddress, Digest, FileId, FileRecord, Location, MediaType, Metadata, Name, Namespace,
    NewPackage, NodeId, PackageId, Producer, Provenance, RelativePath, StoredLocation, Subject, Timestamp,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{FileFact, NewFile};

/// `v1.package.created`: what the producer said. Who and when are columns of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageCreated {
    kind: Option<Name>,
    name: Name,
    extra: Metadata,
    subject: Subject,
    metadata: Metadata,
    producer: Producer,
    namespace: Namespace,
    source_refs: Vec<String>,
    retention_class: ClassName,
    producer_version: Option<String>,
}

impl PackageCreated {
    /// The type.
    pub const TYPE: &'static str = "v1.package.created";
}

impl From<NewPackage> for PackageCreated {
    fn from(package: NewPackage) -> Self {
        let NewPackage { namespace, name, producer, subject, kind, class, metadata, provenance } = package;
        let Provenance { source_refs, producer_version, extra } = provenance;
        Self {
            kind,
            name,
            extra,
            subject,
            metadata,
            producer,
            namespace,
            source_refs,
            retention_class: class,
            producer_version,
        }
    }
}

impl From<PackageCreated> for NewPackage {
    fn from(created: PackageCreated) -> Self {
        Self {
            namespace: created.namespace,
            name: created.name,
            producer: created.producer,
            subject: created.subject,
            kind: created.kind,
            class: created.retention_class,
            metadata: created.metadata,
            provenance: Provenance {
                source_refs: created.source_refs,
                producer_version: created.producer_version,
                extra: created.extra,
            },
        }
    }
}

impl PackageCreated {
    /// Its class.
    pub fn class(&self) -> &ClassName {
        &self.retention_class
    }

    /// Its namespace.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }
}

/// Where and when a blob became durable, as its receipt said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptPlace {
    key: String,
    length: u64,
    offset: u64,
    node_id: NodeId,
    stored_at: Timestamp,
    backend_id: BackendId,
}

/// `v1.file.ingested`: a new path, bound to a durable blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileIngested {
    sha256: Digest,
    file_id: FileId,
    receipt: ReceiptPlace,
    executable: bool,
    media_type: MediaType,
    size_bytes: u64,
    relative_path: RelativePath,
    content_address: ContentAddress,
}

impl FileIngested {
    /// The type.
    pub const TYPE: &'static str = "v1.file.ingested";

    /// Its size in bytes.
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Its path.
    pub const fn relative_path(&self) -> &RelativePath {
        &self.relative_path
    }

    /// What later decisions need to know of it.
    pub(crate) fn fact(&self) -> FileFact {
        FileFact {
            file_id: self.file_id,
            content_address: self.content_address,
            size_bytes: self.size_bytes,
            media_type: self.media_type.clone(),
            executable: self.executable,
        }
    }

    /// The file, as the event recorded in this package at that time makes it.
    pub fn file(&self, package_id: PackageId, created_at: Timestamp) -> FileRecord {
        FileRecord {
            file_id: self.file_id,
            package_id,
            relative_path: self.relative_path.clone(),
            media_type: self.media_type.clone(),
            executable: self.executable,
            size_bytes: self.size_bytes,
            content_address: self.content_address,
            sha256: self.sha256,
            created_at,
        }
    }

    /// Where the blob lies.
    pub fn location(&self) -> StoredLocation {
        StoredLocation {
            content_address: self.content_address,
            location: Location {
                backend_id: self.receipt.backend_id.clone(),
                key: self.receipt.key.clone(),
                offset: self.receipt.offset,
                length: self.receipt.length,
            },
            node_id: self.receipt.node_id.clone(),
            stored_at: self.receipt.stored_at,
        }
    }
}

impl From<&NewFile> for FileIngested {
    fn from(new: &NewFile) -> Self {
        let receipt = &new.receipt;
        Self {
            sha256: receipt.digests.sha256,
            file_id: new.file_id,
            receipt: ReceiptPlace {
                key: receipt.location.key.clone(),
                length: receipt.location.length,
                offset: receipt.location.offset,
                node_id: receipt.node_id.clone(),
                stored_at: receipt.stored_at,
                backend_id: receipt.location.backend_id.clone(),
            },
            executable: new.executable,
            media_type: new.media_type.clone(),
            size_bytes: receipt.digests.size_bytes,
            relative_path: new.relative_path.clone(),
            content_address: receipt.address(),
        }
    }
}

/// The blob a path was bound to before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its address.
    pub content_address: ContentAddress,
}

/// `v1.file.replaced`: a path bound to another blob than before. Both addresses are kept, so that the old blob can be
/// reclaimed; the file keeps its identity and the time it was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileReplaced {
    /// What it is bound to now, under the identity the file had.
    pub current: FileIngested,
    /// What it was bound to.
    pub replaced: Replaced,
}

impl FileReplaced {
    /// The type.
    pub const TYPE: &'static str = "v1.file.replaced";

    /// The path of `new`, which was `file_id` bound to `replaced`, bound anew.
    pub fn new(new: &NewFile, file_id: FileId, replaced: Replaced) -> Self {
        Self { current: FileIngested { file_id, ..new.into() }, replaced }
    }

    /// The file's identity.
    pub const fn file_id(&self) -> FileId {
        self.current.file_id
    }
}

/// `v1.package.finalized`: the payload is the canonical CBOR manifest itself, so the payload's digest is the manifest's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFinalized {
    /// The manifest.
    pub manifest: Bytes,
}

impl PackageFinalized {
    /// The type.
    pub const TYPE: &'static str = "v1.package.finalized";
}

/// `v1.package.failed`: why it was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageFailed {
    /// For people.
    pub reason: String,
}

impl PackageFailed {
    /// The type.
    pub const TYPE: &'static str = "v1.package.failed";
}

/// `v1.retention.default_applied`: the class's expiry, counted from creation or finalization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultApplied {
    /// The class.
    pub class: ClassName,
    /// When retention ends; nothing means never.
    pub expires_at: Option<Timestamp>,
    /// The time the duration is counted from.
    pub counted_from: Timestamp,
    /// The duration the class had then, in seconds.
    pub duration_seconds: Option<u64>,
}

impl DefaultApplied {
    /// The type.
    pub const TYPE: &'static str = "v1.retention.default_applied";
}
