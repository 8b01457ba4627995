//! Verifying a package: the stored bytes of every file are read again and digested.

use artifactstore_types::{Fault, FileRecord, FileVerification, Mismatch, PackageId, RelativePath};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};

use crate::Service;

/// How many files are asked of the registry at once.
const PAGE: u32 = 1_000;
/// How many blobs are read at once.
const READS: usize = 4;

impl Service {
    pub(crate) fn verify_package(&self, id: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>> {
        let service = self.clone();
        self.all_files(id)
            .map_ok(move |file| {
                let service = service.clone();
                async move { service.verify_file(file).await }
            })
            .try_buffered(READS)
            .boxed()
    }

    /// Every file of a package, in the order of paths, a page of the registry at a time.
    pub(crate) fn all_files(&self, id: PackageId) -> BoxStream<'static, Result<FileRecord, Fault>> {
        enum Next {
            First,
            After(RelativePath),
            Done,
        }
        let service = self.clone();
        let pages = futures::stream::try_unfold(Next::First, move |next| {
            let service = service.clone();
            async move {
                let after = match next {
                    Next::Done => return Ok::<_, Fault>(None),
                    Next::First => {
                        service.require_package(id).await?;
                        None
                    }
                    Next::After(path) => Some(path),
                };
                let page = service.store().list_files(id, after.as_ref(), PAGE).await?;
                let next = match page.last() {
                    Some(last) if page.len() == PAGE as usize => Next::After(last.relative_path.clone()),
                    _ => Next::Done,
                };
                Ok(Some((futures::stream::iter(page.into_iter().map(Ok)), next)))
            }
        });
        pages.try_flatten().boxed()
    }

    /// A file is whole while one of its locations is; otherwise the last one looked at says how it is not.
    pub(crate) async fn verify_file(&self, file: FileRecord) -> Result<FileVerification, Fault> {
        let mut mismatch = Some(Mismatch::Missing);
        for stored in self.store().list_locations(&[file.content_address]).await? {
            let verification = self.plane().verify_object(file.content_address, &stored.location).await?;
            let sha256_differs = verification.actual.is_some_and(|actual| actual.sha256 != file.sha256);
            mismatch = verification.mismatch.or(sha256_differs.then_some(Mismatch::Digest));
            if mismatch.is_none() {
                break;
            }
        }
        Ok(FileVerification { file, mismatch })
    }
}
