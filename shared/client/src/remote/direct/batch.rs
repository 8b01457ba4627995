//! Many small files to nodes: runs of them, each in one stream to one node, a few at once. What becomes durable together is
//! committed together, while the rest is still on its way. Answers keep the order of the files; what is in memory is bounded
//! by the runs under way.

use std::{collections::BTreeSet, time::Duration};

use artifactstore_types::{Fault, FileRecord, IssuedTicket, SmallFile, TicketStatement, TicketTarget, Upload};
use artifactstore_wire::{field, opening, stream as wire, unreadable, v1};
use bytes::Bytes;
use futures::{
    FutureExt as _, Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream, FuturesUnordered},
};
use tokio::time;

use super::{super::Remote, may_be_the_node, with_ticket};
use crate::faults;

/// The most files, and bytes, of a run.
const RUN_FILES: usize = 4_096;
const RUN_BYTES: usize = 8 * 1024 * 1024;
/// How many runs are under way at once.
const RUNS: usize = 3;
/// How long a run waits for one more file before it goes: who sends a file and waits for its answer must get it.
const LINGER: Duration = Duration::from_millis(5);
/// How many bytes of blobs go into one message, at least one blob.
const MESSAGE_BYTES: usize = 512 * 1024;
/// What a blob counts beside its bytes.
const BLOB_OVERHEAD: usize = 96;
/// How long a node may let a stream stand still.
const STALL: Duration = Duration::from_secs(30);

/// What became of each file of a run.
type Answers = Vec<Option<Result<FileRecord, Fault>>>;

/// What a node says of blobs, by their places in the run.
enum Said {
    Refused(usize, Fault),
    Stated(Bytes, Vec<usize>),
}

/// Why a run does not go on at a node.
enum Stopped {
    /// The node broke off.
    Node(Fault),
    /// What it stated could not be committed.
    Commit(Fault),
}

impl Remote {
    /// Sends small files to nodes where the store has some, and else, in one stream, to where they are kept.
    pub(in crate::remote) fn send_small(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let (remote, upload) = (self.clone(), upload.clone());
        let answers = async move {
            let has_nodes = remote.has_nodes(upload.package_id).await?;
            Ok(if has_nodes { remote.send_runs(&upload, files) } else { remote.send_files(&upload, files) })
        };
        answers.into_stream().try_flatten().boxed()
    }

    /// Sends small files to nodes, or, where none takes them, through the control plane.
    fn send_runs(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let (remote, upload) = (self.clone(), upload.clone());
        let answered = runs(files)
            .map(move |run| {
                let (remote, upload) = (remote.clone(), upload.clone());
                async move { remote.send_run(&upload, run).await }
            })
            .buffered(RUNS);
        // A fault of a whole run is the last thing said; each file's own fault is only its own.
        let mut over = false;
        answered
            .take_while(move |run| std::future::ready(!std::mem::replace(&mut over, run.is_err())))
            .flat_map(|run| stream::iter(run.unwrap_or_else(|fault| vec![Err(fault)])))
            .boxed()
    }

    async fn send_run(&self, upload: &Upload, run: Vec<SmallFile>) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let mut answers: Answers = run.iter().map(|_| None).collect();
        let mut failed = BTreeSet::new();
        loop {
            let missing: Vec<usize> = (0..run.len()).filter(|index| answers[*index].is_none()).collect();
            if missing.is_empty() {
                break;
            }
            let size_bytes = missing.iter().map(|index| run[*index].bytes.len() as u64).sum();
            let ticket = self.ticket(upload.package_id, TicketTarget::Batch { size_bytes }, &failed).await?;
            let Some(issued) = ticket else {
                self.send_through(upload, &run, &missing, &mut answers).await?;
                break;
            };
            match self.send_to_node(&issued, upload, &run, &missing, &mut answers).await {
                Ok(()) => {}
                Err(Stopped::Node(fault)) if may_be_the_node(&fault) => {
                    tracing::info!(node = %issued.node_id, %fault, "a node broke off; another one goes on");
                    failed.insert(issued.node_id);
                }
                Err(Stopped::Node(fault) | Stopped::Commit(fault)) => return Err(fault),
            }
        }
        let unanswered = || Err(faults::answer_unfit("add files", "left files unanswered"));
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect())
    }

    /// Sends what no node takes through the control plane.
    async fn send_through(
        &self,
        upload: &Upload,
        run: &[SmallFile],
        missing: &[usize],
        answers: &mut Answers,
    ) -> Result<(), Fault> {
        let files: Vec<_> = missing.iter().map(|index| run[*index].clone()).collect();
        let mut results = self.send_files(upload, stream::iter(files).boxed());
        for index in missing {
            match results.next().await {
                Some(result) => answers[*index] = Some(result),
                None => break,
            }
        }
        Ok(())
    }

    /// Sends files to a node and commits what it states, while the rest is on its way.
    async fn send_to_node(
        &self,
        issued: &IssuedTicket,
        upload: &Upload,
        run: &[SmallFile],
        missing: &[usize],
        answers: &mut Answers,
    ) -> Result<(), Stopped> {
        let mut said = self.open_batch(issued, run, missing).await.map_err(Stopped::Node)?;
        let mut commits = FuturesUnordered::new();
        let mut open = true;
        while open || !commits.is_empty() {
            tokio::select! {
                message = time::timeout(STALL, said.try_next()), if open => {
                    let message = message.unwrap_or_else(|_| Err(faults::stalled(STALL))).map_err(Stopped::Node)?;
                    match message.map(|message| read(message, missing)).transpose().map_err(Stopped::Node)? {
                        None => open = false,
                        Some(Said::Refused(index, fault)) => answers[index] = Some(Err(fault)),
                        Some(Said::Stated(statement, indexes)) => {
                            let shown = TicketStatement { ticket: issued.ticket.clone(), statement };
                            let files = indexes.iter().enumerate();
                            let files = files.map(|(receipt, index)| (run[*index].header.clone(), receipt)).collect();
                            commits.push(async move { (indexes, self.commit_statement(upload, shown, files).await) });
                        }
                    }
                }
                Some((indexes, committed)) = commits.next() => {
                    for (index, answer) in indexes.into_iter().zip(committed.map_err(Stopped::Commit)?) {
                        answers[index] = Some(answer);
                    }
                }
            }
        }
        let all = missing.iter().all(|index| answers[*index].is_some());
        if all { Ok(()) } else { Err(Stopped::Node(wire::truncated())) }
    }

    async fn open_batch(
        &self,
        issued: &IssuedTicket,
        run: &[SmallFile],
        missing: &[usize],
    ) -> Result<BoxStream<'static, Result<v1::TransferServiceIngestBatchResponse, Fault>>, Fault> {
        let blobs = missing.iter().map(|index| &run[*index]);
        let request = with_ticket(stream::iter(messages(blobs)), &issued.ticket)?;
        opening::opened(self.options.call_timeout, self.at_node(issued)?.ingest_batch(request)).await
    }
}

/// Files in runs: as many as come without a pause, up to the bounds.
fn runs(files: BoxStream<'static, SmallFile>) -> impl Stream<Item = Vec<SmallFile>> + Send {
    stream::unfold(Some(files), |files| async move {
        let mut files = files?;
        let first = files.next().await?;
        let mut bytes = first.bytes.len();
        let mut run = vec![first];
        while run.len() < RUN_FILES && bytes < RUN_BYTES {
            let next = match files.next().now_or_never() {
                Some(next) => Ok(next),
                None => time::timeout(LINGER, files.next()).await,
            };
            match next {
                Ok(Some(file)) => {
                    bytes += file.bytes.len();
                    run.push(file);
                }
                Ok(None) => return Some((run, None)),
                Err(_) => break,
            }
        }
        Some((run, Some(files)))
    })
}

/// The blobs of these files in messages of a good size.
fn messages<'a>(files: impl Iterator<Item = &'a SmallFile>) -> Vec<v1::TransferServiceIngestBatchRequest> {
    let mut messages = vec![v1::TransferServiceIngestBatchRequest::default()];
    let mut bytes = 0;
    for SmallFile { header, bytes: content } in files {
        if bytes + content.len() > MESSAGE_BYTES && bytes > 0 {
            messages.push(v1::TransferServiceIngestBatchRequest::default());
            bytes = 0;
        }
        // What a blob takes beside its bytes counts too, so that many empty ones fill a message.
        bytes += content.len() + BLOB_OVERHEAD;
        let declared = header.declared.map(|address| address.to_string());
        if let Some(message) = messages.last_mut() {
            message.blobs.push(v1::Blob { content: content.clone(), declared });
        }
    }
    messages
}

/// What a node says, with the places of the run in place of those of the stream.
fn read(message: v1::TransferServiceIngestBatchResponse, missing: &[usize]) -> Result<Said, Fault> {
    use v1::transfer_service_ingest_batch_response::Answer;
    let place = |index: u64| {
        let place = usize::try_from(index).ok().and_then(|index| missing.get(index));
        place.copied().ok_or_else(|| unreadable(field::refused("index", "it is no place of the stream")))
    };
    match field::required("answer", message.answer).map_err(unreadable)? {
        Answer::Refused(refused) => {
            let fault = field::converted("refused.fault", refused.fault).map_err(unreadable)?;
            Ok(Said::Refused(place(refused.index)?, fault))
        }
        Answer::Stated(stated) => {
            let places = stated.blobs.iter().map(|blob| place(blob.index)).collect::<Result<_, _>>()?;
            Ok(Said::Stated(stated.statement, places))
        }
    }
}

#[cfg(test)]
mod tests;
