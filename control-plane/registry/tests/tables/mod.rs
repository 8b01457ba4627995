//! The views as plain maps: the least that row changes can be applied to.

use std::collections::{BTreeMap, HashMap};

use artifactstore_registry::{
    DEFAULT_CLASSES, Package,
    view::{FileRow, LocationId, RetentionRow, ViewBatch},
};
use artifactstore_testkit::word;
use artifactstore_types::{FileId, FileRecord, PackageId, PackageRecord, RetentionClass, StoredLocation};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    pub packages: BTreeMap<PackageId, PackageRecord>,
    pub files: BTreeMap<FileId, FileRecord>,
    pub locations: BTreeMap<LocationId, StoredLocation>,
    pub retention: BTreeMap<PackageId, RetentionRow>,
}

impl Tables {
    pub fn apply(&mut self, batch: ViewBatch) {
        for package in batch.packages {
            assert_eq!(self.packages.insert(package.package_id, package), None);
        }
        for advance in batch.advances {
            let package = self.packages.get_mut(&advance.package_id).unwrap();
            advance.apply(package);
        }
        for row in batch.files {
            assert_eq!(self.files.insert(row.file.file_id, row.file), None);
        }
        for FileRow { file, .. } in batch.rebound {
            let old = self.files.get_mut(&file.file_id).unwrap();
            *old = FileRecord { created_at: old.created_at, ..file };
        }
        for row in batch.locations {
            self.locations.entry(row.storage_location_id).or_insert(row.stored);
        }
        for row in batch.retention {
            self.retention.insert(row.package_id, row);
        }
    }

    pub fn files_of(&self, package: PackageId) -> impl Iterator<Item = &FileRecord> {
        self.files.values().filter(move |file| file.package_id == package)
    }

    pub fn states(&self) -> HashMap<PackageId, Package> {
        let state = |record: &PackageRecord| Package {
            package_id: record.package_id,
            namespace: record.package.namespace.clone(),
            class: record.package.class.clone(),
            status: record.status,
            created_at: record.created_at,
            manifest_digest: record.manifest_digest,
            expires_at: record.expires_at,
            file_count: record.file_count,
            size_bytes: record.size_bytes,
            revision: record.revision,
            last_event_sequence: record.last_event_sequence,
        };
        self.packages.values().map(|record| (record.package_id, state(record))).collect()
    }
}

pub fn classes() -> Vec<RetentionClass> {
    let class = |default: &artifactstore_registry::DefaultClass| RetentionClass {
        name: word(default.name),
        description: default.description.to_owned(),
        duration_seconds: default.duration_seconds,
    };
    DEFAULT_CLASSES.iter().map(class).collect()
}
