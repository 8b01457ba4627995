//! Committing files: binding paths to durable blobs, in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use artifactstore_client::KnownFile;
use artifactstore_registry::{self as registry, AnsweredTicket, Request};
use artifactstore_types::{
    BackendId, Category, ContentAddress, DualDigest, Fault, FileHeader, FileId, FileRecord, Location, Namespace,
    Receipt, RelativePath, StoredLocation, Upload,
};

use crate::{Service, derived_id::derived_id, faults};

/// A file and what the data plane said of its bytes.
pub type Stored = (FileHeader, Result<Receipt, Fault>);

impl Service {
    /// Binds paths to blobs that the namespace has already.
    pub(crate) async fn commit_files(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        if files.len() > registry::CommitFiles::MAX_FILES {
            return Err(faults::too_many_items("commit files", registry::CommitFiles::MAX_FILES));
        }
        let package = self.require_open_package(upload.package_id).await?;
        let known = self.known_files(&package.package.namespace, files).await?;
        self.commit_stored(upload, known).await
    }

    /// Files with the receipts of the blobs they name, where the namespace has them.
    pub(crate) async fn known_files(&self, namespace: &Namespace, files: Vec<KnownFile>) -> Result<Vec<Stored>, Fault> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let receipts = self.receipts_of(namespace, files.iter().map(|file| file.address)).await?;
        let known = files.into_iter().map(|file| {
            let receipt = receipts.get(&file.address).cloned();
            (file.header, receipt.ok_or_else(|| faults::blob_not_here(file.address)))
        });
        Ok(known.collect())
    }

    /// Binds paths to the blobs that are durable; each file is answered on its own, in order.
    pub(crate) async fn commit_stored(
        &self,
        upload: &Upload,
        files: Vec<Stored>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        self.commit_stated(upload, files, Vec::new()).await
    }

    /// The same, where some of the receipts come from these statements of nodes.
    pub(crate) async fn commit_stated(
        &self,
        upload: &Upload,
        files: Vec<Stored>,
        answered: Vec<AnsweredTicket>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let mut answers = Vec::with_capacity(files.len());
        let mut durable = Vec::with_capacity(files.len());
        for (header, receipt) in files {
            match receipt {
                Ok(receipt) => {
                    durable.push((header, receipt));
                    answers.push(None);
                }
                Err(fault) => answers.push(Some(Err(fault))),
            }
        }
        let mut committed = self.commit_receipts(upload, durable, answered).await?.into_iter();
        let missing = || Err(faults::unexpected_event("add files", upload.package_id));
        Ok(answers.into_iter().map(|answer| answer.or_else(|| committed.next()).unwrap_or_else(missing)).collect())
    }

    async fn commit_receipts(
        &self,
        upload: &Upload,
        files: Vec<(FileHeader, Receipt)>,
        answered: Vec<AnsweredTicket>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let paths: Vec<_> = files.iter().map(|(header, _)| header.relative_path.clone()).collect();
        let files = files.into_iter().map(|(header, receipt)| registry::NewFile {
            file_id: self.file_id(upload, &header.relative_path),
            relative_path: header.relative_path,
            media_type: header.media_type,
            executable: header.executable,
            receipt,
        });
        let request = registry::CommitFiles {
            files: files.collect(),
            replace: upload.replace,
            all_or_nothing: false,
            repeats: upload.idempotency_key.is_some(),
            answered,
        };
        let committed = self.submit(upload.package_id, &upload.actor, Request::CommitFiles(request)).await?;

        let mut refused: HashMap<usize, Fault> = committed.refused.into_iter().collect();
        let mut records = committed.files.into_iter();
        let mut answers = Vec::with_capacity(paths.len());
        let mut unchanged = committed.unchanged.iter().copied().peekable();
        for (index, path) in paths.iter().enumerate() {
            answers.push(if let Some(fault) = refused.remove(&index) {
                Err(fault)
            } else if unchanged.next_if_eq(&index).is_some() {
                self.require_file(upload.package_id, path).await
            } else {
                records.next().ok_or_else(|| faults::unexpected_event("add files", upload.package_id))
            });
        }
        Ok(answers)
    }

    /// The identity of a file that is added at this path: under an idempotency key always the same.
    fn file_id(&self, upload: &Upload, path: &RelativePath) -> FileId {
        FileId::new(match upload.idempotency_key {
            Some(key) => derived_id(key, &[upload.package_id.uuid().as_bytes(), path.as_str().as_bytes()]),
            None => self.ids().next(),
        })
    }

    /// Receipts for those of these blobs that the namespace has registered *and* that the data plane can serve now from a
    /// place that is registered. Where it can serve one from elsewhere only, sending it again registers that place.
    pub(crate) async fn receipts_of(
        &self,
        namespace: &Namespace,
        addresses: impl Iterator<Item = ContentAddress>,
    ) -> Result<HashMap<ContentAddress, Receipt>, Fault> {
        let mut addresses: Vec<_> = addresses.collect();
        addresses.sort_unstable();
        addresses.dedup();
        let files = self.store().find_blobs(namespace, &addresses).await?;
        let files: Vec<_> = files.into_iter().flatten().collect();
        let addresses: Vec<_> = files.iter().map(|file| file.content_address).collect();
        let files: HashMap<_, _> = files.iter().map(|file| (file.content_address, file)).collect();
        let registered = self.store().list_locations(&addresses).await?;
        let servable = self.servable(&registered).await?;
        let receipt = |stored: StoredLocation| {
            let file = files.get(&stored.content_address)?;
            let serves = servable.contains(&(stored.content_address, stored.location.clone()));
            let digests =
                DualDigest { blake3: file.content_address.digest(), sha256: file.sha256, size_bytes: file.size_bytes };
            let StoredLocation { content_address, location, node_id, stored_at } = stored;
            serves.then_some((content_address, Receipt { digests, location, node_id, stored_at }))
        };
        Ok(registered.into_iter().filter_map(receipt).collect())
    }

    /// Those of these places from which the data plane can serve now. A backend that cannot be reached serves nothing.
    async fn servable(&self, registered: &[StoredLocation]) -> Result<HashSet<(ContentAddress, Location)>, Fault> {
        let mut by_backend: BTreeMap<&BackendId, Vec<ContentAddress>> = BTreeMap::new();
        for stored in registered {
            by_backend.entry(&stored.location.backend_id).or_default().push(stored.content_address);
        }
        let mut servable = HashSet::new();
        for (backend_id, mut addresses) in by_backend {
            addresses.dedup();
            match self.plane().have_objects(Some(backend_id.clone()), &addresses).await {
                Ok(places) => {
                    servable.extend(addresses.into_iter().zip(places).filter_map(|(at, place)| Some((at, place?))));
                }
                Err(fault) if matches!(fault.category, Category::Unavailable | Category::NotFound) => {
                    tracing::warn!(%fault, backend = %backend_id, "blobs of a backend cannot be served now");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(servable)
    }
}
