//! What a manifest says. A [`Manifest`] that exists is in order and within bounds, so that encoding it cannot fail; the
//! bytes are left to [`encode`](crate::encode) and [`decode`](crate::decode).

use std::cmp::Ordering;

use artifactstore_types::{
    Actor, Algorithm, ClassName, ContentAddress, Digest, MAX_SAFE_INTEGER, MediaType, Metadata, Name, Namespace,
    PackageId, Producer, Provenance, RelativePath, Subject, Timestamp, Value,
};

use crate::refused::ManifestRefused;

pub use artifactstore_types::StoredLocation as StorageReceipt;

/// The canonical statement of a finalized package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    package: PackageSection,
    files: Vec<FileEntry>,
    storage_receipts: Vec<StorageReceipt>,
    retention_summary: RetentionSummary,
    provenance: ProvenanceSection,
}

/// Which package it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageSection {
    /// Its identity while it was open.
    pub id: PackageId,
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
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was finalized.
    pub finalized_at: Timestamp,
    /// Whatever the producer wanted kept with it.
    pub metadata: Metadata,
}

/// One file: a path bound to a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Where in the package.
    pub relative_path: RelativePath,
    /// Its media type.
    pub media_type: MediaType,
    /// Its size in bytes, at most 2^53 − 1.
    pub size_bytes: u64,
    /// The blob; its digest is the file's BLAKE3.
    pub content_address: ContentAddress,
    /// The blob's SHA-256.
    pub sha256: Digest,
    /// Whether its executable bit was set.
    pub executable: bool,
}

/// How long the package was to be kept when it was finalized. Extensions and holds come later and are events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionSummary {
    /// Its retention class.
    pub class: ClassName,
    /// When it may be deleted at the earliest; `None` means never.
    pub expires_at: Option<Timestamp>,
}

/// Where the package came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenanceSection {
    /// Who finalized it.
    pub actor: Actor,
    /// What its producer said of its origin.
    pub origin: Provenance,
}

impl Manifest {
    /// The version of the layout.
    pub const VERSION: u64 = 1;

    /// A manifest of these parts. Files are put in the order of their paths' bytes, receipts in the order of content
    /// address, backend, key and offset (then length, node and time); a receipt given twice is kept once.
    ///
    /// # Errors
    /// Two files at one path, a digest of the wrong algorithm, an integer beyond 2^53 − 1, and metadata or provenance out
    /// of bounds.
    pub fn new(
        package: PackageSection,
        mut files: Vec<FileEntry>,
        mut storage_receipts: Vec<StorageReceipt>,
        retention_summary: RetentionSummary,
        provenance: ProvenanceSection,
    ) -> Result<Self, ManifestRefused> {
        files.sort_by(|left, right| left.relative_path.cmp(&right.relative_path));
        storage_receipts.sort_by(|left, right| receipt_key(left).cmp(&receipt_key(right)));
        storage_receipts.dedup();
        Self::in_order(package, files, storage_receipts, retention_summary, provenance)
    }

    /// A manifest of parts that must be in order already.
    pub(crate) fn in_order(
        package: PackageSection,
        files: Vec<FileEntry>,
        storage_receipts: Vec<StorageReceipt>,
        retention_summary: RetentionSummary,
        provenance: ProvenanceSection,
    ) -> Result<Self, ManifestRefused> {
        Value::check_metadata(&package.metadata).map_err(ManifestRefused::Metadata)?;
        provenance.origin.check()?;
        for pair in files.windows(2) {
            match pair[0].relative_path.cmp(&pair[1].relative_path) {
                Ordering::Less => {}
                Ordering::Equal => return Err(ManifestRefused::DuplicatePath(pair[1].relative_path.clone())),
                Ordering::Greater => return Err(ManifestRefused::FileOrder(pair[1].relative_path.clone())),
            }
        }
        for file in &files {
            within_json("size_bytes", file.size_bytes)?;
            if file.sha256.algorithm() != Algorithm::Sha256 {
                return Err(ManifestRefused::NotSha256(file.relative_path.clone()));
            }
        }
        for pair in storage_receipts.windows(2) {
            if receipt_key(&pair[0]) >= receipt_key(&pair[1]) {
                return Err(ManifestRefused::ReceiptOrder(pair[1].content_address));
            }
        }
        for receipt in &storage_receipts {
            within_json("offset", receipt.location.offset)?;
            within_json("length", receipt.location.length)?;
        }
        Ok(Self { package, files, storage_receipts, retention_summary, provenance })
    }

    /// Which package it is.
    pub const fn package(&self) -> &PackageSection {
        &self.package
    }

    /// Its files, sorted by the bytes of their paths; no path stands twice.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// Where its blobs lay when it was finalized, sorted by content address, backend, key and offset.
    pub fn storage_receipts(&self) -> &[StorageReceipt] {
        &self.storage_receipts
    }

    /// How long it was to be kept.
    pub const fn retention_summary(&self) -> &RetentionSummary {
        &self.retention_summary
    }

    /// Where it came from.
    pub const fn provenance(&self) -> &ProvenanceSection {
        &self.provenance
    }
}

/// What receipts are ordered by, and no two agree in.
fn receipt_key(receipt: &StorageReceipt) -> impl Ord + '_ {
    let StorageReceipt { content_address, location, node_id, stored_at } = receipt;
    (content_address, &location.backend_id, &location.key, location.offset, location.length, node_id, stored_at)
}

fn within_json(field: &'static str, int: u64) -> Result<(), ManifestRefused> {
    if int > MAX_SAFE_INTEGER.unsigned_abs() { Err(ManifestRefused::IntegerTooLarge { field }) } else { Ok(()) }
}
