//! Adding one file of any size: bytes to the data plane, then its receipt to the registry.

use artifactstore_dataplane::{ByteStream, IngestHints};
use artifactstore_types::{Fault, FileHeader, FileRecord, Upload};

use crate::{Service, faults, pauses};

impl Service {
    pub(crate) async fn ingest_file(
        &self,
        upload: &Upload,
        header: FileHeader,
        bytes: ByteStream,
    ) -> Result<FileRecord, Fault> {
        self.require_open_package(upload.package_id).await?;
        if !upload.replace && self.store().find_file(upload.package_id, &header.relative_path).await?.is_some() {
            return Err(faults::path_exists(&header.relative_path));
        }
        let hints =
            IngestHints { backend_id: self.options().backend_id.clone(), size_hint: None, declared: header.declared };
        let _turn = self.wait_for_turn().await?;
        let bytes = pauses::ended_at_pause(bytes, self.options().sender_pause);
        let receipt = self.plane().ingest_stream(hints, bytes).await?;
        let mut answers = self.commit_stored(upload, vec![(header, Ok(receipt))]).await?;
        answers.pop().unwrap_or_else(|| Err(faults::unexpected_event("add files", upload.package_id)))
    }
}
