//! Serving a file: where one location fails, the next is tried.

use artifactstore_client::Download;
use artifactstore_dataplane::ServedBlob;
use artifactstore_types::{ByteRange, Category, Fault, PackageId, RelativePath};

use crate::{Service, faults};

impl Service {
    pub(crate) async fn download(
        &self,
        id: PackageId,
        path: &RelativePath,
        range: ByteRange,
    ) -> Result<Download, Fault> {
        let Some(file) = self.store().find_file(id, path).await? else {
            self.require_package(id).await?;
            return Err(faults::file_not_found(id, path));
        };
        let mut last = faults::no_location(file.content_address);
        for stored in self.store().list_locations(&[file.content_address]).await? {
            match self.plane().serve_object(file.content_address, &stored.location, range).await {
                Ok(served) => {
                    let ServedBlob { range, verified, .. } = served.blob;
                    return Ok(Download { file, range, verified, bytes: served.bytes });
                }
                // What the caller asked for is wrong wherever the bytes lie.
                Err(fault) if fault.category == Category::OutOfRange => return Err(fault),
                Err(fault) if fault.category == Category::NotFound => last = faults::bytes_lost(file.content_address),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }
}
