//! What a decision needs to know of a package: its state, folded from its events one by one. Smaller than the view of
//! it, so that loading it for every command is cheap; the fold of its events and the row of the view always agree on it.

use artifactstore_types::{
    ClassName, ContentAddress, EventRecord, LeafHash, Namespace, PackageId, PackageStatus, Sequence, Timestamp,
};

use crate::event::Event;

/// The state of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its identity.
    pub package_id: PackageId,
    /// Its namespace.
    pub namespace: Namespace,
    /// Its retention class.
    pub class: ClassName,
    /// Where it is in its life.
    pub status: PackageStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// BLAKE3 of its manifest, once finalized.
    pub manifest_digest: Option<ContentAddress>,
    /// When its retention ends; `None` means never.
    pub expires_at: Option<Timestamp>,
    /// How many files it has.
    pub file_count: u64,
    /// The sum of their sizes, in bytes.
    pub size_bytes: u64,
    /// How many events it has had.
    pub revision: u64,
    /// The sequence of the last of them.
    pub last_event_sequence: Sequence,
}

/// The columns of an event that a fold reads beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its sequence.
    pub sequence: Sequence,
    /// Its subject's revision.
    pub revision: u64,
    /// When it was decided.
    pub recorded_at: Timestamp,
    /// BLAKE3 of its payload.
    pub payload_digest: LeafHash,
}

impl From<&EventRecord> for Stamp {
    fn from(record: &EventRecord) -> Self {
        Self {
            sequence: record.sequence,
            revision: record.subject_revision,
            recorded_at: record.recorded_at,
            payload_digest: record.payload_digest,
        }
    }
}

impl Package {
    /// The state after one more event. An event before the package's creation changes nothing, and neither does the
    /// payload of a type this program does not know (`None`); its place in the package's history is counted all the
    /// same, so that the next revision is right.
    #[must_use]
    pub fn apply(state: Option<Self>, package_id: PackageId, stamp: Stamp, event: Option<&Event>) -> Option<Self> {
        let mut package = match (state, event) {
            (Some(package), _) => package,
            (None, Some(Event::PackageCreated(created))) => Self {
                package_id,
                namespace: created.namespace().clone(),
                class: created.class().clone(),
                status: PackageStatus::Created,
                created_at: stamp.recorded_at,
                manifest_digest: None,
                expires_at: None,
                file_count: 0,
                size_bytes: 0,
                revision: 0,
                last_event_sequence: 0,
            },
            (None, _) => return None,
        };
        package.revision = stamp.revision;
        package.last_event_sequence = stamp.sequence;
        match event {
            Some(Event::FileIngested(file)) => {
                package.status = PackageStatus::Uploading;
                package.file_count += 1;
                package.size_bytes = package.size_bytes.saturating_add(file.size_bytes());
            }
            Some(Event::FileReplaced(file)) => {
                let rest = package.size_bytes.saturating_sub(file.replaced.size_bytes);
                package.size_bytes = rest.saturating_add(file.current.size_bytes());
            }
            Some(Event::PackageFinalized(_)) => {
                package.status = PackageStatus::Finalized;
                package.manifest_digest = Some(ContentAddress::from_blake3(stamp.payload_digest));
            }
            Some(Event::PackageFailed(_)) => package.status = PackageStatus::Failed,
            Some(Event::DefaultApplied(applied)) => package.expires_at = applied.expires_at,
            Some(Event::PackageCreated(_)) | None => {}
        }
        Some(package)
    }
}
