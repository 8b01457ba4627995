//! Bytes on their way to a node.

use artifactstore_types::{BackendId, Fault, Receipt};
use artifactstore_wire::{
    opening::{self, answer},
    pieces::{self, GivenUp},
    sent::Sent,
    unreadable,
    v1::{self, ingest_batch_request::Part},
};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{RemotePlane, named, read};
use crate::{
    grpc::progress::Progress,
    spi::{Blob, ByteStream, DataPlane as _, IngestHints},
};

impl RemotePlane {
    /// Where the bytes fail, the stream is ended without an end, which the node refuses.
    pub(super) async fn send(&self, hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault> {
        let (given_up, progress) = (GivenUp::default(), Progress::default());
        let header = v1::IngestStreamHeader {
            backend_id: named(hints.backend_id),
            size_hint: hints.size_hint,
            declared: hints.declared.map(|address| address.to_string()),
        };
        let messages = progress.noted(pieces::sent(header, bytes, 0, given_up.clone()));
        let mut client = self.client();
        let answer = progress.or_stalled(self.options.stall_timeout, answer(client.ingest_stream(messages))).await;
        read("receipt", given_up.or(answer)?.receipt)
    }

    pub(super) fn send_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        let (mut client, options, limit) = (self.client(), self.options, self.batch_blob_limit());
        let (sent, progress) = (Sent::default(), Progress::default());
        let first = stream::iter([Part::Header(v1::IngestBatchHeader { backend_id: named(backend_id) })]);
        let rest = sent.counted(blobs).map(move |blob| Part::Blob(within(limit, blob).into()));
        let parts = first.chain(rest).map(|part| v1::IngestBatchRequest { part: Some(part) });
        let messages = progress.noted(parts);
        let receipts = async move {
            let answers = opening::opened(options.call_timeout, client.ingest_batch(messages)).await?;
            let answers = stream::unfold((answers, progress), move |(mut answers, progress)| async move {
                let next = progress.or_stalled(options.stall_timeout, answers.try_next()).await;
                Some((next.transpose()?, (answers, progress)))
            });
            let results = answers.map_ok(|answer: v1::IngestBatchResponse| {
                stream::iter(answer.results.into_iter().map(|result| result.decoded().map_err(unreadable)))
            });
            Ok::<_, Fault>(sent.answered(results.try_flatten().boxed()))
        };
        stream::once(receipts).try_flatten().boxed()
    }
}

/// Of a blob that is too large, one byte too many: the node refuses it by its size, so that more of it would be sent, and
/// might not fit a message, for nothing.
fn within(limit: usize, mut blob: Blob) -> Blob {
    blob.bytes.truncate(limit + 1);
    blob
}
