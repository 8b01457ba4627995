//! Reading a manifest: the exact bytes that were finalized, or their JSON projection.

use artifactstore_client::ManifestFormat;
use artifactstore_types::{Fault, PackageId};
use bytes::Bytes;

use crate::{Service, faults};

impl Service {
    pub(crate) async fn load_manifest(&self, id: PackageId, format: ManifestFormat) -> Result<Bytes, Fault> {
        let Some(cbor) = self.store().find_manifest(id).await? else {
            return Err(faults::not_finalized("load manifest", &self.require_package(id).await?));
        };
        match format {
            ManifestFormat::Cbor => Ok(cbor),
            ManifestFormat::Json => artifactstore_manifest::to_json(&cbor)
                .map(Bytes::from)
                .map_err(|refused| faults::manifest_not_built("project manifest", id, refused)),
        }
    }
}
