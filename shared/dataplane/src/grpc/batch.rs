//! A batch on its way into a node: the blobs of the messages, and why they ended where that was not well.

use std::sync::{Arc, OnceLock};

use artifactstore_types::Fault;
use artifactstore_wire::{
    field, limits, stream as wire,
    v1::{self, ingest_batch_request::Part},
};
use futures::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};

use crate::spi::Blob;

/// Reads what is said before the blobs.
pub(super) async fn header(
    messages: &mut (impl Stream<Item = Result<v1::IngestBatchRequest, Fault>> + Unpin),
) -> Result<v1::IngestBatchHeader, Fault> {
    match messages.next().await {
        Some(message) => match field::required("part", message?.part)? {
            Part::Header(header) => Ok(header),
            Part::Blob(_) => Err(wire::out_of_order("it does not begin with a header")),
        },
        None => Err(wire::out_of_order("it does not begin with a header")),
    }
}

/// The answers to the blobs of `messages`, by way of `ingest`. Where the messages fail, what came before is answered, and
/// then the fault.
pub(super) fn answers<R: Send + 'static>(
    messages: BoxStream<'static, Result<v1::IngestBatchRequest, Fault>>,
    ingest: impl FnOnce(BoxStream<'static, Blob>) -> BoxStream<'static, R>,
) -> impl Stream<Item = Result<Vec<R>, Fault>> + Send + 'static {
    let broken = Arc::new(OnceLock::new());
    let answers = ingest(blobs(messages, Arc::clone(&broken))).ready_chunks(limits::BATCH_RESULTS).map(Ok);
    let last = stream::once(async move { broken.get().cloned().map(Err) });
    answers.chain(last.filter_map(std::future::ready))
}

fn blobs(
    messages: BoxStream<'static, Result<v1::IngestBatchRequest, Fault>>,
    broken: Arc<OnceLock<Fault>>,
) -> BoxStream<'static, Blob> {
    let blobs = stream::unfold((messages, broken), |(mut messages, broken)| async move {
        match messages.next().await?.and_then(blob) {
            Ok(blob) => Some((blob, (messages, broken))),
            Err(fault) => {
                broken.get_or_init(|| fault);
                None
            }
        }
    });
    blobs.boxed()
}

fn blob(message: v1::IngestBatchRequest) -> Result<Blob, Fault> {
    match field::required("part", message.part)? {
        Part::Blob(blob) => Blob::try_from(blob),
        Part::Header(_) => Err(wire::out_of_order("a second header came")),
    }
}

impl TryFrom<v1::Blob> for Blob {
    type Error = Fault;

    fn try_from(blob: v1::Blob) -> Result<Self, Fault> {
        let declared = field::parsed_if_given("declared", blob.declared.as_deref())?;
        Ok(Self { bytes: blob.content, declared })
    }
}

impl From<Blob> for v1::Blob {
    fn from(blob: Blob) -> Self {
        Self { content: blob.bytes, declared: blob.declared.map(|address| address.to_string()) }
    }
}
