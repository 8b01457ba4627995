//! The views as ordered maps, and the row changes applied to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    ops::Bound,
};

use artifactstore_registry::view::{
    ContractEventRow, ContractStateRow, FileRow, LocationId, RetentionRow, ViewBatch, location_ids_of,
};
use artifactstore_types::{
    ContentAddress, FileId, FileRecord, Namespace, NodeId, NodeRecord, PackageId, PackageRecord, RelativePath,
    Sequence, StoredLocation,
};

use crate::{Difference, Finding, ports::in_order};

/// The views, and the orders they are read in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tables {
    pub(super) packages: BTreeMap<PackageId, PackageRecord>,
    pub(super) files: BTreeMap<PackageId, BTreeMap<RelativePath, FileRecord>>,
    pub(super) paths: BTreeMap<FileId, (PackageId, RelativePath)>,
    pub(super) blobs: BTreeSet<(Namespace, ContentAddress, FileId)>,
    pub(super) locations: BTreeMap<LocationId, StoredLocation>,
    pub(super) retention: BTreeMap<PackageId, RetentionRow>,
    pub(super) nodes: BTreeMap<NodeId, NodeRecord>,
    pub(super) contract_events: BTreeMap<(Namespace, String), ContractEventRow>,
    /// Events by stream and place in it.
    pub(super) streams: BTreeMap<(String, Vec<u8>), Sequence>,
    pub(super) contract_states: BTreeMap<String, ContractStateRow>,
}

impl Tables {
    pub(super) fn apply(&mut self, batch: ViewBatch) {
        for package in batch.packages {
            self.packages.insert(package.package_id, package);
        }
        for advance in batch.advances {
            if let Some(package) = self.packages.get_mut(&advance.package_id) {
                advance.apply(package);
            }
        }
        for row in batch.files {
            let FileRow { namespace, file } = row;
            self.paths.insert(file.file_id, (file.package_id, file.relative_path.clone()));
            self.blobs.insert((namespace, file.content_address, file.file_id));
            self.files.entry(file.package_id).or_default().insert(file.relative_path.clone(), file);
        }
        for row in batch.rebound {
            self.rebind(row.file);
        }
        for row in batch.locations {
            self.locations.entry(row.storage_location_id).or_insert(row.stored);
        }
        for row in batch.retention {
            self.retention.insert(row.package_id, row);
        }
        for change in batch.nodes {
            let node_id = change.node_id.clone();
            if let Some(node) = change.apply(self.nodes.remove(&node_id)) {
                self.nodes.insert(node_id, node);
            }
        }
        for row in batch.contract_events {
            self.streams.insert((row.subject_id.clone(), row.sort_key.clone()), row.sequence);
            self.contract_events.insert((row.namespace.clone(), row.event_id.clone()), row);
        }
        for row in batch.contract_states {
            self.contract_states.insert(row.subject_id.clone(), row);
        }
    }

    fn rebind(&mut self, file: FileRecord) {
        let Some(package) = self.packages.get(&file.package_id) else { return };
        let Some(old) = self.files.get_mut(&file.package_id).and_then(|files| files.get_mut(&file.relative_path))
        else {
            return;
        };
        let namespace = &package.package.namespace;
        self.blobs.remove(&(namespace.clone(), old.content_address, file.file_id));
        self.blobs.insert((namespace.clone(), file.content_address, file.file_id));
        *old = FileRecord { created_at: old.created_at, ..file };
    }

    /// Where these tables are not the `folded` ones.
    pub(super) fn differences(&self, folded: &Self) -> Vec<Finding> {
        let files = |tables: &Self| -> BTreeMap<FileId, FileRecord> {
            tables.files.values().flat_map(BTreeMap::values).map(|file| (file.file_id, file.clone())).collect()
        };
        let mut found = differences("artifact_packages", &self.packages, &folded.packages);
        found.extend(differences("artifact_files", &files(self), &files(folded)));
        found.extend(differences("storage_locations", &self.locations, &folded.locations));
        found.extend(differences("retention_state", &self.retention, &folded.retention));
        found.extend(differences("nodes", &self.nodes, &folded.nodes));
        found.extend(differences("contract_events", &self.contract_events, &folded.contract_events));
        found.extend(differences("contract_states", &self.contract_states, &folded.contract_states));
        found
    }

    /// The files of a package after `after`, in the order of their paths.
    pub(super) fn files_of(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
    ) -> impl Iterator<Item = &FileRecord> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.files
            .get(&package)
            .into_iter()
            .flat_map(move |files| files.range((after, Bound::Unbounded)))
            .map(|(_, file)| file)
    }

    /// Every location of a blob.
    pub(super) fn locations_of(&self, address: &ContentAddress) -> Vec<StoredLocation> {
        let (first, last) = location_ids_of(address);
        let of_blob = self.locations.range(first..=last).map(|(_, stored)| stored);
        let mut found: Vec<_> = of_blob.filter(|stored| stored.content_address == *address).cloned().collect();
        in_order(&mut found);
        found
    }

    /// A file by its path.
    pub(super) fn find_file(&self, package: PackageId, path: &RelativePath) -> Option<&FileRecord> {
        self.files.get(&package)?.get(path)
    }

    /// A file by its identity.
    pub(super) fn find_file_by_id(&self, id: FileId) -> Option<&FileRecord> {
        let (package, path) = self.paths.get(&id)?;
        self.find_file(*package, path)
    }
}

fn differences<K: Ord + Debug, V: PartialEq>(
    view: &'static str,
    kept: &BTreeMap<K, V>,
    folded: &BTreeMap<K, V>,
) -> Vec<Finding> {
    let keys: BTreeSet<&K> = kept.keys().chain(folded.keys()).collect();
    let compare = |key: &K| {
        let difference = match (kept.get(key), folded.get(key)) {
            (Some(kept), Some(folded)) if kept == folded => return None,
            (Some(_), Some(_)) => Difference::Altered,
            (Some(_), None) => Difference::Extra,
            (None, _) => Difference::Missing,
        };
        Some(Finding::Row { view, key: format!("{key:?}"), difference })
    };
    keys.into_iter().filter_map(compare).collect()
}
