//! Committing files: binding paths to durable blobs, in one transaction.

use std::collections::HashMap;

use artifactstore_client::KnownFile;
use artifactstore_registry::{self as registry, Request};
use artifactstore_types::{
    ContentAddress, DualDigest, Fault, FileHeader, FileId, FileRecord, Namespace, Receipt, StoredLocation, Upload,
};

use crate::{Service, faults};

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
        let receipts = self.receipts_of(&package.package.namespace, files.iter().map(|file| file.address)).await?;
        let known = files.into_iter().map(|file| {
            let receipt = receipts.get(&file.address).cloned();
            (file.header, receipt.ok_or_else(|| faults::blob_not_here(file.address)))
        });
        self.commit_stored(upload, known.collect()).await
    }

    /// Binds paths to the blobs that are durable; each file is answered on its own, in order.
    pub(crate) async fn commit_stored(
        &self,
        upload: &Upload,
        files: Vec<Stored>,
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
        let mut committed = self.commit_receipts(upload, durable).await?.into_iter();
        let missing = || Err(faults::unexpected_event("add files", upload.package_id));
        Ok(answers.into_iter().map(|answer| answer.or_else(|| committed.next()).unwrap_or_else(missing)).collect())
    }

    async fn commit_receipts(
        &self,
        upload: &Upload,
        files: Vec<(FileHeader, Receipt)>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let count = files.len();
        let files = files.into_iter().map(|(header, receipt)| registry::NewFile {
            file_id: FileId::new(self.ids().next()),
            relative_path: header.relative_path,
            media_type: header.media_type,
            executable: header.executable,
            receipt,
        });
        let request = registry::CommitFiles { files: files.collect(), replace: upload.replace, all_or_nothing: false };
        let committed = self.submit(upload.package_id, &upload.actor, Request::CommitFiles(request)).await?;

        let mut refused: HashMap<usize, Fault> = committed.refused.into_iter().collect();
        let mut records = committed.files.into_iter();
        let answer = |index| match refused.remove(&index) {
            Some(fault) => Err(fault),
            None => records.next().ok_or_else(|| faults::unexpected_event("add files", upload.package_id)),
        };
        Ok((0..count).map(answer).collect())
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
        let servable = self.plane().have_objects(self.options().backend_id.clone(), &addresses).await?;
        let servable: HashMap<_, _> = addresses.iter().zip(servable).collect();
        let files: HashMap<_, _> = files.iter().map(|file| (file.content_address, file)).collect();
        let registered = self.store().list_locations(&addresses).await?;
        let receipt = |stored: StoredLocation| {
            let file = files.get(&stored.content_address)?;
            let serves = servable.get(&stored.content_address)?.as_ref() == Some(&stored.location);
            let digests =
                DualDigest { blake3: file.content_address.digest(), sha256: file.sha256, size_bytes: file.size_bytes };
            let StoredLocation { content_address, location, node_id, stored_at } = stored;
            serves.then_some((content_address, Receipt { digests, location, node_id, stored_at }))
        };
        Ok(registered.into_iter().filter_map(receipt).collect())
    }
}
