//! Packages and files as the registry shows them.

use crate::{
    address::ContentAddress,
    digest::Digest,
    ids::{FileId, PackageId},
    name::{Actor, ClassName, MediaType, Name, Namespace, Producer, Subject},
    path::RelativePath,
    timestamp::Timestamp,
    value::{Metadata, Value, ValueRefused},
};

/// Where a package is in its life: `created → uploading → finalized → deleted`, or `→ failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PackageStatus {
    /// Created; no file yet.
    Created,
    /// Has files, takes more.
    Uploading,
    /// Closed for ever; its manifest is its identity.
    Finalized,
    /// Given up by its producer; closed for ever.
    Failed,
    /// Removed under policy.
    Deleted,
}

impl PackageStatus {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Created, Self::Uploading, Self::Finalized, Self::Failed, Self::Deleted];

    /// The name in columns, on the wire and in the CLI.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Uploading => "uploading",
            Self::Finalized => "finalized",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// The status of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether files may still be added.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Uploading)
    }
}

/// Where a package came from, beyond who pushed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// References to sources, such as commits: at most 64, each at most 512 bytes.
    pub source_refs: Vec<String>,
    /// The producer's version: at most 512 bytes.
    pub producer_version: Option<String>,
    /// Anything more.
    pub extra: Metadata,
}

/// Why provenance is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvenanceRefused {
    /// More than [`Provenance::MAX_SOURCE_REFS`].
    #[error("more than 64 source references")]
    TooManySourceRefs,
    /// A source reference or the producer's version has more than [`Provenance::MAX_TEXT_BYTES`].
    #[error("a source reference or the producer version has more than 512 bytes")]
    TextTooLong,
    /// `extra` is out of bounds.
    #[error(transparent)]
    Extra(#[from] ValueRefused),
}

impl Provenance {
    /// The most source references.
    pub const MAX_SOURCE_REFS: usize = 64;
    /// The longest source reference or producer version, in bytes.
    pub const MAX_TEXT_BYTES: usize = 512;

    /// Checks bounds: how many references, how long the texts, and what [`Value::check_metadata`] asks of `extra`.
    ///
    /// # Errors
    /// The first bound it breaks.
    pub fn check(&self) -> Result<(), ProvenanceRefused> {
        if self.source_refs.len() > Self::MAX_SOURCE_REFS {
            return Err(ProvenanceRefused::TooManySourceRefs);
        }
        if self.source_refs.iter().chain(&self.producer_version).any(|text| text.len() > Self::MAX_TEXT_BYTES) {
            return Err(ProvenanceRefused::TextTooLong);
        }
        Ok(Value::check_metadata(&self.extra)?)
    }
}

/// What a producer says when it creates a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPackage {
    /// The namespace it belongs to.
    pub namespace: Namespace,
    /// Its name; not unique.
    pub name: Name,
    /// The system that made it.
    pub producer: Producer,
    /// What it is evidence about.
    pub subject: Subject,
    /// What kind of package it is, where producers distinguish kinds.
    pub kind: Option<Name>,
    /// Its retention class.
    pub class: ClassName,
    /// Whatever the producer wants kept with it.
    pub metadata: Metadata,
    /// Where it came from.
    pub provenance: Provenance,
}

/// A package, as the registry shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRecord {
    /// Its identity while it is open, and its name afterwards.
    pub package_id: PackageId,
    /// What its producer said.
    pub package: NewPackage,
    /// Who created it.
    pub actor: Actor,
    /// Where it is in its life.
    pub status: PackageStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was finalized.
    pub finalized_at: Option<Timestamp>,
    /// BLAKE3 of its manifest's canonical CBOR, once finalized.
    pub manifest_digest: Option<ContentAddress>,
    /// Why it failed, where it did.
    pub failure_reason: Option<String>,
    /// When its retention ends; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// How many files it has.
    pub file_count: u64,
    /// The sum of the files' sizes, in bytes.
    pub size_bytes: u64,
    /// How many events it has had; a change is guarded by it.
    pub revision: u64,
    /// The sequence of the last of them.
    pub last_event_sequence: u64,
}

/// A file, as the registry shows it: a relative path in a package, bound to a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Its identity.
    pub file_id: FileId,
    /// The package it is in.
    pub package_id: PackageId,
    /// Where in the package.
    pub relative_path: RelativePath,
    /// Its media type.
    pub media_type: MediaType,
    /// Whether its executable bit was set.
    pub executable: bool,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The blob.
    pub content_address: ContentAddress,
    /// The blob's SHA-256.
    pub sha256: Digest,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Which packages a listing wants. An empty filter is every package of the namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageFilter {
    /// The namespace; always exactly one.
    pub namespace: Namespace,
    /// Only this status.
    pub status: Option<PackageStatus>,
    /// Only of this producer.
    pub producer: Option<Producer>,
    /// Only about this subject.
    pub subject: Option<Subject>,
    /// Only of this class.
    pub class: Option<ClassName>,
    /// Only of this name.
    pub name: Option<Name>,
}
