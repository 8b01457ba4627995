//! Questions to the views in a database.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use artifactstore_registry::view::{blob_key, location_ids_of};
use artifactstore_types::{
    ClassName, ContentAddress, Fault, FileId, FileRecord, Name, Namespace, PackageFilter, PackageId, PackageRecord,
    PackageStatus, Producer, RelativePath, RetentionClass, StoredLocation, Subject, Timestamp,
};
use async_trait::async_trait;
use bytes::Bytes;

use super::{
    SqlStore, decode,
    engine::{Argument, Column, Engine, Rows},
};
use crate::{PlacedFile, Views, faults, ports::in_order};

/// What follows the half of a location's id that is its blob's, in the last id there can be.
const LAST_OF_BLOB: [u8; 8] = [u8::MAX; 8];

#[async_trait]
impl<E: Engine> Views for SqlStore<E> {
    async fn find_package(&self, id: PackageId) -> Result<Option<PackageRecord>, Fault> {
        let id = id.uuid();
        let arguments = [Argument::Bytes(id.as_bytes())];
        let found = self.read("find package", &E::STATEMENTS.find_package, &arguments, decode::package).await?;
        Ok(found.into_iter().next())
    }

    async fn list_packages(
        &self,
        filter: &PackageFilter,
        after: Option<(Timestamp, PackageId)>,
        limit: u16,
    ) -> Result<Vec<PackageRecord>, Fault> {
        // After the last place there can be, which no package has.
        let (micros, id) = after.map_or((i64::MAX, [0xff; 16]), |(at, id)| (at.micros(), *id.uuid().as_bytes()));
        let arguments = [
            Argument::Text(filter.namespace.as_str()),
            Argument::Int(micros),
            Argument::Bytes(&id),
            Argument::MaybeText(filter.status.map(PackageStatus::name)),
            Argument::MaybeText(filter.producer.as_ref().map(Producer::as_str)),
            Argument::MaybeText(filter.subject.as_ref().map(Subject::as_str)),
            Argument::MaybeText(filter.class.as_ref().map(ClassName::as_str)),
            Argument::MaybeText(filter.name.as_ref().map(Name::as_str)),
            Argument::Int(i64::from(limit)),
        ];
        self.read("list packages", &E::STATEMENTS.list_packages, &arguments, decode::package).await
    }

    async fn list_files(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
        limit: u32,
    ) -> Result<Vec<FileRecord>, Fault> {
        let package = package.uuid();
        let arguments = [
            Argument::Bytes(package.as_bytes()),
            Argument::Text(after.map_or("", RelativePath::as_str)),
            Argument::Int(i64::from(limit)),
        ];
        self.read("list files", &E::STATEMENTS.list_files, &arguments, decode::file).await
    }

    async fn list_placed_files(
        &self,
        package: PackageId,
        after: Option<&RelativePath>,
        limit: u32,
    ) -> Result<Vec<PlacedFile>, Fault> {
        let package = package.uuid();
        let arguments = [
            Argument::Bytes(package.as_bytes()),
            Argument::Text(after.map_or("", RelativePath::as_str)),
            Argument::Int(i64::from(limit)),
            Argument::Bytes(&LAST_OF_BLOB),
        ];
        let statement = &E::STATEMENTS.list_placed_files;
        let mut found = self.read("list placed files", statement, &arguments, decode::placed_file).await?;
        found.sort_by(|(file, _), (other, _)| file.relative_path.cmp(&other.relative_path));
        let mut placed: Vec<PlacedFile> = Vec::with_capacity(found.len());
        for (file, location) in found {
            match placed.last_mut() {
                Some(last) if last.file.file_id == file.file_id => last.locations.extend(location),
                _ => placed.push(PlacedFile { file, locations: location.into_iter().collect() }),
            }
        }
        for file in &mut placed {
            in_order(&mut file.locations);
        }
        Ok(placed)
    }

    async fn find_file(&self, package: PackageId, path: &RelativePath) -> Result<Option<FileRecord>, Fault> {
        let package = package.uuid();
        let arguments = [Argument::Bytes(package.as_bytes()), Argument::Text(path.as_str())];
        let found = self.read("find file", &E::STATEMENTS.find_file, &arguments, decode::file).await?;
        Ok(found.into_iter().next())
    }

    async fn find_file_by_id(&self, id: FileId) -> Result<Option<FileRecord>, Fault> {
        let id = id.uuid();
        let arguments = [Argument::Bytes(id.as_bytes())];
        let found = self.read("find file", &E::STATEMENTS.find_file_by_id, &arguments, decode::file).await?;
        Ok(found.into_iter().next())
    }

    async fn list_locations(&self, addresses: &[ContentAddress]) -> Result<Vec<StoredLocation>, Fault> {
        faults::require_few("list locations", addresses.len())?;
        let asked = unique(addresses);
        let (first, last) = asked.iter().map(location_ids_of).unzip();
        let rows = Rows::new(vec![texts(&asked), Column::Id(first), Column::Id(last)]);
        let statement = &E::STATEMENTS.list_locations;
        let mut found = self.read_bulk("list locations", statement, &rows, decode::location).await?;
        in_order(&mut found);
        Ok(found)
    }

    async fn find_blobs(
        &self,
        namespace: &Namespace,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<FileRecord>>, Fault> {
        faults::require_few("find blobs", addresses.len())?;
        let asked = unique(addresses);
        let keys = asked.iter().map(|address| blob_key(namespace, address)).collect();
        let rows = Rows::new(vec![Column::Int(keys), same(namespace, asked.len()), texts(&asked)]);
        let found = self.read_bulk("find blobs", &E::STATEMENTS.find_blobs, &rows, decode::file).await?;
        let by_address: HashMap<_, _> = found.into_iter().map(|file| (file.content_address, file)).collect();
        Ok(addresses.iter().map(|address| by_address.get(address).cloned()).collect())
    }

    async fn have_sizes(&self, namespace: &Namespace, sizes: &[u64]) -> Result<Vec<bool>, Fault> {
        faults::require_few("have sizes", sizes.len())?;
        // No blob has a size beyond what a column holds.
        let asked: HashSet<i64> = sizes.iter().filter_map(|size| i64::try_from(*size).ok()).collect();
        let columns = vec![same(namespace, asked.len()), Column::Int(asked.iter().copied().collect())];
        let rows = Rows::new(columns);
        let size = |row: &_| decode::count("artifact_files", &["size_bytes"], row);
        let here = self.read_bulk("have sizes", &E::STATEMENTS.find_sizes, &rows, size).await?;
        let here: HashSet<u64> = here.into_iter().collect();
        Ok(sizes.iter().map(|size| here.contains(size)).collect())
    }

    async fn find_manifest(&self, package: PackageId) -> Result<Option<Bytes>, Fault> {
        let (id, subject) = (package.uuid(), package.to_string());
        let arguments = [Argument::Bytes(id.as_bytes()), Argument::Text(&subject)];
        let found = self.read("find manifest", &E::STATEMENTS.find_manifest, &arguments, decode::payload).await?;
        Ok(found.into_iter().next())
    }

    async fn list_classes(&self) -> Result<Vec<RetentionClass>, Fault> {
        self.read("list classes", &E::STATEMENTS.list_classes, &[], decode::class).await
    }
}

/// Each address once, in the order of their bytes, as the index has them.
fn unique(addresses: &[ContentAddress]) -> BTreeSet<ContentAddress> {
    addresses.iter().copied().collect()
}

fn texts(addresses: &BTreeSet<ContentAddress>) -> Column<'static> {
    Column::Text(addresses.iter().map(|address| Cow::Owned(address.to_string())).collect())
}

fn same(namespace: &Namespace, count: usize) -> Column<'_> {
    Column::Text(vec![Cow::Borrowed(namespace.as_str()); count])
}
