//! Files on their way to the store. A file that cannot be sent whole is given up by ending its stream without an end,
//! which the store refuses; nothing of it is kept there.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use artifactstore_types::{Fault, FileHeader, FileRecord, SmallFile, Upload};
use artifactstore_wire::{stream as wire, unreadable, v1};
use bytes::Bytes;
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{Remote, answer, opening, read};
use crate::connection::ByteStream;

impl Remote {
    pub(super) async fn send_file(
        &self,
        upload: &Upload,
        header: FileHeader,
        bytes: ByteStream,
    ) -> Result<FileRecord, Fault> {
        let given_up = Arc::new(OnceLock::new());
        let header = v1::IngestFileHeader { upload: Some(upload.clone().into()), file: Some(header.into()) };
        let parts = file_parts(header, bytes, Arc::clone(&given_up));
        let answer = answer(self.packages().ingest_file(parts)).await;
        match given_up.get() {
            Some(fault) => Err(Fault::clone(fault)),
            None => read("file", answer?.file),
        }
    }

    pub(super) fn send_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let (mut packages, limit) = (self.packages(), self.options.call_timeout);
        let sent = Arc::new(Sent::default());
        let parts = small_file_parts(upload.clone(), files, Arc::clone(&sent));
        let results = async move {
            let messages = opening::opened(limit, packages.ingest_files(parts)).await?;
            Ok::<_, Fault>(results(messages, sent))
        };
        stream::once(results).try_flatten().boxed()
    }
}

/// A header, the bytes in chunks that fit a message, and the end. Where the bytes fail, the fault is left in `given_up`
/// and the end is missing.
fn file_parts(
    header: v1::IngestFileHeader,
    bytes: ByteStream,
    given_up: Arc<OnceLock<Fault>>,
) -> impl Stream<Item = v1::IngestFileRequest> + Send + 'static {
    use v1::ingest_file_request::Part;
    let chunks = bytes.map_ok(|bytes| stream::iter(wire::chunks(bytes).map(Ok::<Bytes, Fault>))).try_flatten();
    let rest = stream::unfold(Some((chunks.boxed(), 0_u64)), move |open| {
        let given_up = Arc::clone(&given_up);
        async move {
            let (mut chunks, sent) = open?;
            match chunks.next().await {
                Some(Ok(chunk)) => {
                    let sent = sent + chunk.len() as u64;
                    Some((Part::Chunk(chunk), Some((chunks, sent))))
                }
                Some(Err(fault)) => {
                    given_up.get_or_init(|| fault);
                    None
                }
                None => Some((Part::End(v1::IngestFileEnd { size_bytes: sent }), None)),
            }
        }
    });
    let first = stream::iter([Part::Header(header)]);
    first.chain(rest).map(|part| v1::IngestFileRequest { part: Some(part) })
}

/// How far a stream of small files has come.
#[derive(Debug, Default)]
struct Sent {
    files: AtomicU64,
    all: AtomicBool,
}

fn small_file_parts(
    upload: Upload,
    files: BoxStream<'static, SmallFile>,
    sent: Arc<Sent>,
) -> impl Stream<Item = v1::IngestFilesRequest> + Send + 'static {
    use v1::ingest_files_request::Part;
    let first = stream::iter([Part::Upload(upload.into())]);
    let rest = stream::unfold((files, sent), |(mut files, sent)| async move {
        let Some(file) = files.next().await else {
            sent.all.store(true, Ordering::SeqCst);
            return None;
        };
        sent.files.fetch_add(1, Ordering::SeqCst);
        Some((Part::File(file.into()), (files, sent)))
    });
    first.chain(rest).map(|part| v1::IngestFilesRequest { part: Some(part) })
}

/// One result a file. A store that ends early says why with its last one; where it does not, that is a fault itself.
fn results(
    messages: BoxStream<'static, Result<v1::IngestFilesResponse, Fault>>,
    sent: Arc<Sent>,
) -> impl Stream<Item = Result<FileRecord, Fault>> + Send + 'static {
    struct Open {
        messages: BoxStream<'static, Result<v1::IngestFilesResponse, Fault>>,
        sent: Arc<Sent>,
        answered: u64,
        last_was_fault: bool,
    }
    let open = Open { messages, sent, answered: 0, last_was_fault: false };
    let results = stream::try_unfold(open, |mut open| async move {
        if let Some(message) = open.messages.try_next().await? {
            let result = message.result.unwrap_or_default().decoded().map_err(unreadable)?;
            open.answered += 1;
            open.last_was_fault = result.is_err();
            return Ok(Some((result, open)));
        }
        let all_sent = open.sent.all.load(Ordering::SeqCst);
        let complete = all_sent && open.answered == open.sent.files.load(Ordering::SeqCst);
        if complete || open.last_was_fault { Ok(None) } else { Err(wire::cut_short().with_unknown_outcome()) }
    });
    results.map(|result| result.and_then(std::convert::identity))
}

#[cfg(test)]
mod tests;
