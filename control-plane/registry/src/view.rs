//! The views' one reducer: event to row changes, whatever the database. A batch of events folds into one [`ViewBatch`], in
//! which changes to one row have become one, so that a store applies each kind of change with one statement. How events
//! are cut into batches makes no difference to the rows, and every value in a row comes from an event, times too.

mod contract;
mod keys;

use std::collections::{HashMap, HashSet};

use artifactstore_types::{
    ClassName, ContentAddress, EventRecord, FileId, FileRecord, IdRefused, MAX_SAFE_INTEGER, Namespace, PackageId,
    PackageRecord, PackageStatus, Sequence, StoredLocation, Timestamp,
};

use crate::event::{ContractEventAppended, Event, EventRefused, FileIngested, PackageCreated};

pub use contract::{ContractEventRow, ContractStateRow};
pub use keys::{LocationId, blob_key, location_ids_of};

/// What happens to one package that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageAdvance {
    /// The package.
    pub package_id: PackageId,
    /// Its new status, if that changes.
    pub status: Option<PackageStatus>,
    /// How many files it has gained.
    pub files_added: u64,
    /// How many bytes it has gained; fewer than nothing where a file was replaced by a smaller one.
    pub bytes_added: i64,
    /// When it was finalized, if it was.
    pub finalized_at: Option<Timestamp>,
    /// Its manifest, if it was finalized.
    pub manifest_digest: Option<ContentAddress>,
    /// Why it failed, if it did.
    pub failure_reason: Option<String>,
    /// Its new expiry, if that changes; `Some(None)` means never.
    pub expires_at: Option<Option<Timestamp>>,
    /// How many events it has had.
    pub revision: u64,
    /// The sequence of the last of them.
    pub last_event_sequence: Sequence,
}

/// A file and the namespace it is seen in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The namespace of its package.
    pub namespace: Namespace,
    /// The file.
    pub file: FileRecord,
}

/// Where a blob lies, under an identity that follows from the place alone: the same place recorded twice is one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationRow {
    /// Its identity.
    pub storage_location_id: LocationId,
    /// The place.
    pub stored: StoredLocation,
}

impl From<StoredLocation> for LocationRow {
    fn from(stored: StoredLocation) -> Self {
        Self { storage_location_id: keys::location_id(&stored), stored }
    }
}

/// What retention says of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRow {
    /// The package.
    pub package_id: PackageId,
    /// Its class.
    pub class: ClassName,
    /// When retention ends; `None` means never.
    pub current_expires_at: Option<Timestamp>,
}

/// The row changes of a run of events, each row at most once in each list. They are applied in the order of the fields.
#[derive(Clone, Debug, Default)]
pub struct ViewBatch {
    /// Packages that are new.
    pub packages: Vec<PackageRecord>,
    /// Packages that are not.
    pub advances: Vec<PackageAdvance>,
    /// Files that are new.
    pub files: Vec<FileRow>,
    /// Files bound to another blob; their identity, path and time of creation stay.
    pub rebound: Vec<FileRow>,
    /// Locations, each to be added unless it is there already.
    pub locations: Vec<LocationRow>,
    /// Retention of packages, each to be added or to take the place of what was there.
    pub retention: Vec<RetentionRow>,
    /// Contract events, all of them new.
    pub contract_events: Vec<ContractEventRow>,
    /// States of streams, each to be added or to take the place of what was there; of those only whose new events stand
    /// after all others.
    pub contract_states: Vec<ContractStateRow>,
    /// Streams that are to be folded again once the events of this batch are there, by their subject ids.
    pub unfolded_streams: Vec<String>,
    index: Index,
}

/// Where in the lists each row is.
#[derive(Clone, Debug, Default)]
struct Index {
    packages: HashMap<PackageId, usize>,
    advances: HashMap<PackageId, usize>,
    files: HashMap<FileId, usize>,
    rebound: HashMap<FileId, usize>,
    locations: HashSet<LocationId>,
    retention: HashMap<PackageId, usize>,
}

impl ViewBatch {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.advances.is_empty() && self.contract_events.is_empty()
    }

    /// Folds one event more, in the order of the log. The states of streams are left to whoever has read all of it.
    ///
    /// # Errors
    /// A payload that is not what its type says.
    pub fn fold(&mut self, record: &EventRecord) -> Result<(), EventRefused> {
        if let Some(appended) = ContractEventAppended::of(record)? {
            self.contract_events.push(ContractEventRow::of(record, &appended)?);
            return Ok(());
        }
        let event = Event::of(record)?;
        let package_id = record.subject_id.parse().map_err(|refused: IdRefused| EventRefused::Payload {
            event_type: record.event_type.to_string(),
            reason: format!("subject is no package: {refused}"),
        })?;
        self.apply(package_id, record, event.as_ref());
        Ok(())
    }

    /// Folds one event that is decoded already. A type this program does not know (`None`) changes nothing but the place
    /// of its package in its own history.
    pub fn apply(&mut self, package_id: PackageId, record: &EventRecord, event: Option<&Event>) {
        let mut advance = PackageAdvance {
            package_id,
            status: None,
            files_added: 0,
            bytes_added: 0,
            finalized_at: None,
            manifest_digest: None,
            failure_reason: None,
            expires_at: None,
            revision: record.subject_revision,
            last_event_sequence: record.sequence,
        };
        match event {
            Some(Event::PackageCreated(created)) => self.add_package(package_id, record, created),
            Some(Event::FileIngested(file)) => {
                advance.status = Some(PackageStatus::Uploading);
                advance.files_added = 1;
                advance.bytes_added = signed(file.size_bytes());
                self.add_file(package_id, record, file);
            }
            Some(Event::FileReplaced(file)) => {
                advance.bytes_added = signed(file.current.size_bytes()) - signed(file.replaced.size_bytes);
                self.rebind_file(package_id, record, &file.current);
            }
            Some(Event::PackageFinalized(_)) => {
                advance.status = Some(PackageStatus::Finalized);
                advance.finalized_at = Some(record.recorded_at);
                advance.manifest_digest = Some(ContentAddress::from_blake3(record.payload_digest));
            }
            Some(Event::PackageFailed(failed)) => {
                advance.status = Some(PackageStatus::Failed);
                advance.failure_reason = Some(failed.reason.clone());
            }
            Some(Event::DefaultApplied(applied)) => {
                advance.expires_at = Some(applied.expires_at);
                self.set_retention(RetentionRow {
                    package_id,
                    class: applied.class.clone(),
                    current_expires_at: applied.expires_at,
                });
            }
            None => {}
        }
        self.advance(advance);
    }

    fn add_package(&mut self, package_id: PackageId, record: &EventRecord, created: &PackageCreated) {
        self.index.packages.insert(package_id, self.packages.len());
        self.packages.push(PackageRecord {
            package_id,
            package: created.clone().into(),
            actor: record.actor.clone(),
            status: PackageStatus::Created,
            created_at: record.recorded_at,
            finalized_at: None,
            manifest_digest: None,
            failure_reason: None,
            expires_at: None,
            file_count: 0,
            size_bytes: 0,
            revision: 0,
            last_event_sequence: 0,
        });
    }

    fn add_file(&mut self, package_id: PackageId, record: &EventRecord, ingested: &FileIngested) {
        let file = ingested.file(package_id, record.recorded_at);
        self.index.files.insert(file.file_id, self.files.len());
        self.files.push(FileRow { namespace: record.namespace.clone(), file });
        self.add_location(ingested.location());
    }

    fn rebind_file(&mut self, package_id: PackageId, record: &EventRecord, current: &FileIngested) {
        let file = current.file(package_id, record.recorded_at);
        self.add_location(current.location());
        if let Some(new) = self.index.files.get(&file.file_id).and_then(|at| self.files.get_mut(*at)) {
            let created_at = new.file.created_at;
            new.file = FileRecord { created_at, ..file };
        } else if let Some(rebound) = self.index.rebound.get(&file.file_id).and_then(|at| self.rebound.get_mut(*at)) {
            rebound.file = file;
        } else {
            self.index.rebound.insert(file.file_id, self.rebound.len());
            self.rebound.push(FileRow { namespace: record.namespace.clone(), file });
        }
    }

    fn add_location(&mut self, stored: StoredLocation) {
        let row = LocationRow::from(stored);
        if self.index.locations.insert(row.storage_location_id) {
            self.locations.push(row);
        }
    }

    fn set_retention(&mut self, row: RetentionRow) {
        if let Some(earlier) = self.index.retention.get(&row.package_id).and_then(|at| self.retention.get_mut(*at)) {
            *earlier = row;
        } else {
            self.index.retention.insert(row.package_id, self.retention.len());
            self.retention.push(row);
        }
    }

    fn advance(&mut self, later: PackageAdvance) {
        if let Some(new) = self.index.packages.get(&later.package_id).and_then(|at| self.packages.get_mut(*at)) {
            later.apply(new);
        } else if let Some(earlier) =
            self.index.advances.get(&later.package_id).and_then(|at| self.advances.get_mut(*at))
        {
            earlier.merge(later);
        } else {
            self.index.advances.insert(later.package_id, self.advances.len());
            self.advances.push(later);
        }
    }
}

impl PackageAdvance {
    /// Applies this to the row.
    pub fn apply(self, row: &mut PackageRecord) {
        row.status = self.status.unwrap_or(row.status);
        row.file_count = row.file_count.saturating_add(self.files_added);
        row.size_bytes = row.size_bytes.saturating_add_signed(self.bytes_added);
        row.finalized_at = self.finalized_at.or(row.finalized_at);
        row.manifest_digest = self.manifest_digest.or(row.manifest_digest);
        row.failure_reason = self.failure_reason.or_else(|| row.failure_reason.take());
        row.expires_at = self.expires_at.unwrap_or(row.expires_at);
        row.revision = self.revision;
        row.last_event_sequence = self.last_event_sequence;
    }

    fn merge(&mut self, later: Self) {
        self.status = later.status.or(self.status);
        self.files_added = self.files_added.saturating_add(later.files_added);
        self.bytes_added = self.bytes_added.saturating_add(later.bytes_added);
        self.finalized_at = later.finalized_at.or(self.finalized_at);
        self.manifest_digest = later.manifest_digest.or(self.manifest_digest);
        self.failure_reason = later.failure_reason.or_else(|| self.failure_reason.take());
        self.expires_at = later.expires_at.or(self.expires_at);
        self.revision = later.revision;
        self.last_event_sequence = later.last_event_sequence;
    }
}

/// A size as a difference of sizes. Sizes are at most 2^53 − 1 by the rules; what a damaged log says more is held there.
fn signed(size_bytes: u64) -> i64 {
    i64::try_from(size_bytes).map_or(MAX_SAFE_INTEGER, |size| size.min(MAX_SAFE_INTEGER))
}
