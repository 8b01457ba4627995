//! Questions to the views in memory.

use std::collections::{BTreeSet, HashSet};

use artifactstore_registry::event::PackageFinalized;
use artifactstore_types::{
    ContentAddress, EventRecord, Fault, FileId, FileRecord, Namespace, PackageFilter, PackageId, PackageRecord,
    RelativePath, RetentionClass, StoredLocation, Timestamp,
};
use async_trait::async_trait;
use bytes::Bytes;

use super::MemoryStore;
use crate::{PlacedFile, Views, faults};

#[async_trait]
impl Views for MemoryStore {
    async fn find_package(&self, id: PackageId) -> Result<Option<PackageRecord>, Fault> {
        Ok(self.lock().tables.packages.get(&id).cloned())
    }

    async fn list_packages(
        &self,
        filter: &PackageFilter,
        after: Option<(Timestamp, PackageId)>,
        limit: u16,
    ) -> Result<Vec<PackageRecord>, Fault> {
        let state = self.lock();
        let place = |record: &PackageRecord| (record.created_at, record.package_id);
        let mut found: Vec<_> = state
            .tables
            .packages
            .values()
            .filter(|record| admits(filter, record) && after.is_none_or(|after| place(record) < after))
            .collect();
        found.sort_by_key(|record| std::cmp::Reverse(place(record)));
        Ok(found.into_iter().take(usize::from(limit)).cloned().collect())
    }

    async fn list_files(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
        limit: u32,
    ) -> Result<Vec<FileRecord>, Fault> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.lock().tables.files_of(package, after).take(limit).cloned().collect())
    }

    async fn list_placed_files(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
        limit: u32,
    ) -> Result<Vec<PlacedFile>, Fault> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let state = self.lock();
        let place = |file: &FileRecord| PlacedFile {
            file: file.clone(),
            locations: state.tables.locations_of(&file.content_address),
        };
        Ok(state.tables.files_of(package, after).take(limit).map(place).collect())
    }

    async fn find_file(&self, package: PackageId, path: &RelativePath) -> Result<Option<FileRecord>, Fault> {
        Ok(self.lock().tables.find_file(package, path).cloned())
    }

    async fn find_file_by_id(&self, id: FileId) -> Result<Option<FileRecord>, Fault> {
        Ok(self.lock().tables.find_file_by_id(id).cloned())
    }

    async fn list_locations(&self, addresses: &[ContentAddress]) -> Result<Vec<StoredLocation>, Fault> {
        faults::require_few("list locations", addresses.len())?;
        let state = self.lock();
        let asked: BTreeSet<_> = addresses.iter().collect();
        Ok(asked.into_iter().flat_map(|address| state.tables.locations_of(address)).collect())
    }

    async fn find_blobs(
        &self,
        namespace: &Namespace,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<FileRecord>>, Fault> {
        faults::require_few("find blobs", addresses.len())?;
        let state = self.lock();
        let find = |address: &ContentAddress| {
            let first = (namespace.clone(), *address, FileId::from_bytes([0; 16]));
            let (of, blob, file) = state.tables.blobs.range(first..).next()?;
            (of == namespace && blob == address).then(|| state.tables.find_file_by_id(*file).cloned())?
        };
        Ok(addresses.iter().map(find).collect())
    }

    async fn have_sizes(&self, namespace: &Namespace, sizes: &[u64]) -> Result<Vec<bool>, Fault> {
        faults::require_few("have sizes", sizes.len())?;
        let state = self.lock();
        let here: HashSet<u64> = state
            .tables
            .blobs
            .iter()
            .filter(|(of, _, _)| of == namespace)
            .filter_map(|(_, _, file)| state.tables.find_file_by_id(*file))
            .map(|file| file.size_bytes)
            .collect();
        Ok(sizes.iter().map(|size| here.contains(size)).collect())
    }

    async fn find_manifest(&self, package: PackageId) -> Result<Option<Bytes>, Fault> {
        let subject = package.to_string();
        let is_it =
            |event: &&EventRecord| event.event_type.as_str() == PackageFinalized::TYPE && event.subject_id == subject;
        Ok(self.lock().log.iter().rfind(is_it).map(|event| event.payload.clone()))
    }

    async fn list_classes(&self) -> Result<Vec<RetentionClass>, Fault> {
        Ok(self.lock().classes.clone())
    }
}

fn admits(filter: &PackageFilter, record: &PackageRecord) -> bool {
    let said = &record.package;
    said.namespace == filter.namespace
        && filter.status.is_none_or(|status| status == record.status)
        && filter.producer.as_ref().is_none_or(|producer| *producer == said.producer)
        && filter.subject.as_ref().is_none_or(|subject| *subject == said.subject)
        && filter.class.as_ref().is_none_or(|class| *class == said.class)
        && filter.name.as_ref().is_none_or(|name| *name == said.name)
}
