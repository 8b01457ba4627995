//! Serving a file: where one location fails, also in the middle, the next goes on.

use std::sync::Arc;

use artifactstore_client::{Download, Reading, Source, resumed};
use artifactstore_dataplane::{DataPlane, Served, ServedBlob};
use artifactstore_types::{ByteRange, Category, ContentAddress, Fault, FileRecord, Location, PackageId, RelativePath};
use futures::FutureExt as _;

use crate::{Service, faults};

impl Service {
    pub(crate) async fn download(
        &self,
        id: PackageId,
        path: &RelativePath,
        range: ByteRange,
    ) -> Result<Download, Fault> {
        let file = self.require_file(id, path).await?;
        let address = file.content_address;
        let locations = self.store().list_locations(&[address]).await?;
        let sources = locations.into_iter().map(|stored| source(Arc::clone(self.plane()), address, stored.location));
        let none = faults::no_location(address);
        let Reading { range, verified, bytes, .. } = resumed(address, range, sources, none)
            .await
            .map_err(|fault| if fault.category == Category::NotFound { faults::bytes_lost(address) } else { fault })?;
        Ok(Download { file, range, verified, bytes })
    }

    /// The file at this path, or the fault that there is none.
    pub(crate) async fn require_file(&self, id: PackageId, path: &RelativePath) -> Result<FileRecord, Fault> {
        if let Some(file) = self.store().find_file(id, path).await? {
            return Ok(file);
        }
        self.require_package(id).await?;
        Err(faults::file_not_found(id, path))
    }
}

/// A blob at a location of a data plane.
pub fn source(plane: Arc<dyn DataPlane>, address: ContentAddress, location: Location) -> Source {
    Box::new(move |range| {
        async move {
            let Served { blob, bytes } = plane.serve_object(address, &location, range).await?;
            let ServedBlob { size_bytes, range, verified } = blob;
            Ok(Reading { size_bytes, range, verified, bytes })
        }
        .boxed()
    })
}
