//! Adding many small files in one stream: bytes to the data plane as one batch, receipts to the registry in groups.
//!
//! Three stages run at once, each bounded: files are taken while there is room for their bytes, the data plane packs
//! them, and groups of receipts are committed while the next pack is written. Answers keep the order of the files. What
//! ends the stream early (a sender that pauses, a commit that fails, answers that nobody takes) is the last one.
//! Whoever drops the answers stops all of it.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
    time::Duration,
};

use artifactstore_dataplane::Blob;
use artifactstore_types::{Fault, FileHeader, FileRecord, Receipt, SmallFile, Upload};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, mpsc::error::SendTimeoutError};
use tokio_stream::wrappers::ReceiverStream;

use crate::{Service, commit_files::Stored, faults, pauses};

/// How many bytes of files may be on their way at once.
const BYTES_IN_FLIGHT: u32 = 32 * 1024 * 1024;
/// What each file counts beyond its bytes, so that a flood of empty files is bounded too.
const FILE_OVERHEAD: usize = 1024;
/// How many receipts are committed together at most.
const GROUP: usize = 1_000;
/// How many groups are on their way to the registry at once.
const GROUPS_IN_FLIGHT: usize = 2;

/// A file whose bytes went to the data plane, or that was refused before.
struct Sent {
    header: FileHeader,
    refused: Option<Fault>,
    _room: OwnedSemaphorePermit,
}

impl Service {
    pub(crate) fn ingest_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let service = self.clone();
        let upload = Arc::new(upload.clone());
        let opened = async move {
            service.require_open_package(upload.package_id).await?;
            let turn = service.wait_for_turn().await?;
            Ok::<_, Fault>(service.ingest_opened(&upload, files, turn))
        };
        opened.into_stream().try_flatten().boxed()
    }

    fn ingest_opened(
        &self,
        upload: &Arc<Upload>,
        files: BoxStream<'static, SmallFile>,
        turn: OwnedSemaphorePermit,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let (service, upload) = (self.clone(), Arc::clone(upload));
        let ending = Arc::new(OnceLock::new());
        let files = pauses::cut_at_pause(files, self.options().sender_pause, Arc::clone(&ending));
        let groups = self
            .store_files(files, turn, Arc::clone(&ending))
            .ready_chunks(GROUP)
            .map(move |group| {
                let (service, upload) = (service.clone(), Arc::clone(&upload));
                async move { service.commit_stored(&upload, group).await }
            })
            .buffered(GROUPS_IN_FLIGHT);
        // A fault of a whole group ends the stream; each file's own fault is only its own.
        let until_fault = |ending: &mut Arc<OnceLock<Fault>>, group: Result<_, Fault>| {
            std::future::ready(group.map_err(|fault| ending.set(fault)).ok())
        };
        let answers = groups.scan(Arc::clone(&ending), until_fault).flat_map(stream::iter);
        let last = stream::once(async move { ending.get().cloned().map(Err) });
        answers.chain(last.filter_map(std::future::ready)).boxed()
    }

    /// Moves the bytes of files to the data plane, on a task of its own so that packing goes on during commits. That task
    /// has the turn: once it ends, no bytes are held.
    fn store_files(
        &self,
        files: BoxStream<'static, SmallFile>,
        turn: OwnedSemaphorePermit,
        ending: Arc<OnceLock<Fault>>,
    ) -> ReceiverStream<Stored> {
        let limit = self.plane().batch_blob_limit();
        let room = Arc::new(Semaphore::new(BYTES_IN_FLIGHT as usize));
        // Not bounded itself: what stands in it holds its share of the room.
        let (sender, sent) = mpsc::unbounded_channel();
        let blobs = files.filter_map(move |SmallFile { header, bytes }| {
            let (sender, room) = (sender.clone(), Arc::clone(&room));
            async move {
                let refused = (bytes.len() > limit).then(|| faults::too_large_for_batch(&header.relative_path, limit));
                let share = u32::try_from(bytes.len() + FILE_OVERHEAD).unwrap_or(BYTES_IN_FLIGHT).min(BYTES_IN_FLIGHT);
                let room = room.acquire_many_owned(share).await.ok()?;
                let blob = refused.is_none().then(|| Blob { bytes, declared: header.declared });
                sender.send(Sent { header, refused, _room: room }).ok()?;
                blob
            }
        });
        let receipts = self.plane().ingest_batch(self.options().backend_id.clone(), blobs.boxed());
        let (sender, receiver) = mpsc::channel(GROUP * GROUPS_IN_FLIGHT);
        let answers = Answers { sender, patience: self.options().sender_pause };
        tokio::spawn(async move {
            let _turn = turn;
            tokio::select! {
                () = answers.sender.closed() => {}
                matched = match_receipts(receipts, sent, &answers) => {
                    if let Err(Untaken) = matched {
                        let _ = ending.set(faults::answers_not_taken(answers.patience));
                    }
                }
            }
        });
        ReceiverStream::new(receiver)
    }
}

/// Where answers go, and how long whoever asked may leave them there.
struct Answers {
    sender: mpsc::Sender<Stored>,
    patience: Duration,
}

/// Nobody took an answer in time, or nobody is left to take it.
struct Untaken;

impl Answers {
    async fn send(&self, answer: Stored) -> Result<(), Untaken> {
        self.sender.send_timeout(answer, self.patience).await.map_err(|_: SendTimeoutError<Stored>| Untaken)
    }
}

/// Pairs each receipt with the file it is of: receipts come in the order in which blobs were sent. A refused file has no
/// receipt to wait for: it is answered as soon as those before it are, or its share of the room would never return.
async fn match_receipts(
    mut receipts: BoxStream<'static, Result<Receipt, Fault>>,
    mut sent: mpsc::UnboundedReceiver<Sent>,
    answers: &Answers,
) -> Result<(), Untaken> {
    let mut waiting = VecDeque::new();
    loop {
        let receipt = tokio::select! {
            receipt = receipts.next() => match receipt {
                Some(receipt) => Some(receipt),
                None => break,
            },
            Some(file) = sent.recv() => {
                waiting.push_back(file);
                None
            }
        };
        // A file is announced before its bytes are sent, so whatever has a receipt is in the channel by now.
        while let Ok(file) = sent.try_recv() {
            waiting.push_back(file);
        }
        answer(&mut waiting, receipt, answers).await?;
    }
    // What is left was refused here, or the data plane went away before it answered.
    sent.close();
    while let Some(file) = waiting.pop_front().or_else(|| sent.try_recv().ok()) {
        let fault = file.refused.unwrap_or_else(|| faults::not_answered(&file.header.relative_path));
        answers.send((file.header, Err(fault))).await?;
    }
    Ok(())
}

/// Answers the refused files at the front, then the one the receipt is of, then the refused files behind it.
async fn answer(
    waiting: &mut VecDeque<Sent>,
    mut receipt: Option<Result<Receipt, Fault>>,
    answers: &Answers,
) -> Result<(), Untaken> {
    while let Some(file) = waiting.pop_front() {
        let answered = match (file.refused, receipt.take()) {
            (Some(fault), later) => {
                receipt = later;
                Err(fault)
            }
            (None, Some(receipt)) => receipt,
            (None, None) => {
                waiting.push_front(Sent { refused: None, ..file });
                break;
            }
        };
        answers.send((file.header, answered)).await?;
    }
    Ok(())
}
