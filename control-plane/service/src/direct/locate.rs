//! Where a file can be read straight from, for readers that can go there themselves.

use artifactstore_dataplane::ticket::Target;
use artifactstore_types::{ByteRange, DownloadSource, Fault, PackageId, RelativePath};

use super::{Direct, Located};

/// How many sources a reader is told: enough to go on where one fails.
const MAX_SOURCES: usize = 4;

impl Direct {
    /// The nodes from which this range of a file can be read, or nothing where it is better sent from here.
    ///
    /// # Errors
    /// A file that is not there.
    pub async fn locate(
        &self,
        package_id: PackageId,
        path: &RelativePath,
        range: ByteRange,
    ) -> Result<Option<Located>, Fault> {
        let file = self.service.require_file(package_id, path).await?;
        let wanted = range.resolve(file.size_bytes).map_or(0, |wanted| wanted.end - wanted.start);
        if wanted < self.options.redirect_bytes {
            return Ok(None);
        }
        let namespace = self.service.require_package(package_id).await?.package.namespace;
        let address = file.content_address;
        let mut sources = Vec::new();
        for stored in self.service.store().list_locations(&[address]).await? {
            for node in self.fleet.speakers(&stored.location.backend_id, &address) {
                let backend_id = stored.location.backend_id.clone();
                let what = (Target::Blob(address), file.size_bytes);
                let issued = self.issue_to_serve(&node, backend_id, (&namespace, package_id), what)?;
                sources.push(DownloadSource { issued, location: stored.location.clone() });
            }
        }
        sources.truncate(MAX_SOURCES);
        Ok((!sources.is_empty()).then_some(Located { file, sources }))
    }
}
