//! Files on their way to the store. A file that cannot be sent whole is given up by ending its stream without an end,
//! which the store refuses; nothing of it is kept there.

use artifactstore_types::{Fault, FileHeader, FileRecord, SmallFile, Upload};
use artifactstore_wire::{
    opening::{self, answer},
    pieces::{self, GivenUp},
    sent::Sent,
    unreadable, v1,
};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{Remote, read};
use crate::connection::ByteStream;

impl Remote {
    pub(super) async fn send_file(
        &self,
        upload: &Upload,
        header: FileHeader,
        bytes: ByteStream,
    ) -> Result<FileRecord, Fault> {
        let given_up = GivenUp::default();
        let header = v1::IngestFileHeader { upload: Some(upload.clone().into()), file: Some(header.into()) };
        let parts = pieces::sent(header, bytes, 0, given_up.clone());
        let answer = answer(self.packages().ingest_file(parts)).await;
        read("file", given_up.or(answer)?.file)
    }

    pub(super) fn send_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        use v1::ingest_files_request::Part;
        let (mut packages, limit) = (self.packages(), self.options.call_timeout);
        let sent = Sent::default();
        let first = stream::iter([Part::Upload(upload.clone().into())]);
        let parts = first.chain(sent.counted(files).map(|file| Part::File(file.into())));
        let messages = parts.map(|part| v1::IngestFilesRequest { part: Some(part) });
        let results = async move {
            let answers = opening::opened(limit, packages.ingest_files(messages)).await?;
            let results = answers.map(|answer| answer?.result.unwrap_or_default().decoded().map_err(unreadable));
            Ok::<_, Fault>(sent.answered(results.boxed()))
        };
        stream::once(results).try_flatten().boxed()
    }
}
