//! Many small blobs on their way in under one ticket. What is refused before it reaches the plane is answered beside what
//! the plane answers; those that became durable together share a statement.
//!
//! Every queue is bounded: a client that does not take its answers is not read either.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use artifactstore_dataplane::{
    Blob, DataPlane as _,
    signed_receipt::MAX_RECEIPTS,
    ticket::{Permission, Target, Ticket, TicketId, TicketRefused},
};
use artifactstore_types::{Fault, Receipt};
use artifactstore_wire::{
    field, stream as wire,
    v1::{self, transfer_service_ingest_batch_response::Answer},
};
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;

use super::{Transfers, signer::Signer};
use crate::{faults, load::Place};

type Request = v1::TransferServiceIngestBatchRequest;
type Response = v1::TransferServiceIngestBatchResponse;

/// How many refusals may wait for whoever takes them.
const REFUSALS_AHEAD: usize = 64;

impl Transfers {
    pub(super) fn ingest_batch(
        &self,
        ticket: &Ticket,
        messages: BoxStream<'static, Result<Request, Fault>>,
    ) -> Result<impl Stream<Item = Result<Response, Fault>> + use<>, Fault> {
        let Permission { target, backend_id, size_limit, .. } = ticket.permission();
        if *target != Target::Batch {
            return Err(TicketRefused::OtherOperation { ticket_id: ticket.ticket_id() }.into());
        }
        if !self.site.takes_uploads() {
            return Err(faults::draining());
        }
        let place = self.load.begin_upload()?;
        self.used.take(ticket, self.signer.clock().now())?;

        let (refusals, refused) = mpsc::channel(REFUSALS_AHEAD);
        let batch = Arc::new(Batch::default());
        let incoming = Incoming {
            messages,
            left: Vec::new().into_iter(),
            next_index: 0,
            room: *size_limit,
            size_limit: *size_limit,
            refusals,
            batch: Arc::clone(&batch),
        };
        let receipts = self.engine.ingest_batch(Some(backend_id.clone()), incoming.blobs());
        let stating = Stating { signer: self.signer.clone(), ticket_id: ticket.ticket_id(), next_part: 0 };
        let stated = stating.answers(receipts, Arc::clone(&batch));
        Ok(Answers { stated, refused, batch, all_stated: false, ended: false, _place: place }.stream())
    }
}

/// What both directions of a batch know.
#[derive(Default)]
struct Batch {
    /// The indices of the blobs that the plane has and has not answered, in order: as many as it takes before it answers.
    passed: Mutex<VecDeque<u64>>,
    /// Why no more blobs came, where that was not well.
    broken: OnceLock<Fault>,
}

impl Batch {
    fn passed(&self) -> std::sync::MutexGuard<'_, VecDeque<u64>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The blobs of a client's messages.
struct Incoming {
    messages: BoxStream<'static, Result<Request, Fault>>,
    /// What is left of the last message.
    left: std::vec::IntoIter<v1::Blob>,
    next_index: u64,
    /// How many bytes the ticket still permits.
    room: u64,
    size_limit: u64,
    refusals: mpsc::Sender<(u64, Fault)>,
    batch: Arc<Batch>,
}

impl Incoming {
    /// Those that the plane is to have. The others are refused on the way.
    fn blobs(self) -> BoxStream<'static, Blob> {
        let blobs = stream::unfold(self, |mut incoming| async move {
            match incoming.next().await {
                Ok(Some(blob)) => Some((blob, incoming)),
                Ok(None) => None,
                Err(fault) => {
                    incoming.batch.broken.get_or_init(|| fault);
                    None
                }
            }
        });
        blobs.boxed()
    }

    async fn next(&mut self) -> Result<Option<Blob>, Fault> {
        loop {
            let Some(blob) = self.left.next() else {
                let Some(message) = self.messages.try_next().await? else { return Ok(None) };
                if message.blobs.is_empty() {
                    return Err(field::refused("blobs", "it is empty"));
                }
                self.left = message.blobs.into_iter();
                continue;
            };
            let index = self.next_index;
            self.next_index += 1;
            let room = self.room.checked_sub(blob.content.len() as u64);
            self.room = room.ok_or_else(|| faults::beyond_ticket(self.size_limit))?;
            match Blob::try_from(blob) {
                Ok(blob) => {
                    self.batch.passed().push_back(index);
                    return Ok(Some(blob));
                }
                Err(fault) => {
                    if self.refusals.send((index, fault)).await.is_err() {
                        // Whoever would take the refusal has gone: so has the batch.
                        return Ok(None);
                    }
                }
            }
        }
    }
}

/// States what the plane made durable.
struct Stating {
    signer: Signer,
    ticket_id: TicketId,
    next_part: u64,
}

impl Stating {
    fn answers(
        mut self,
        receipts: BoxStream<'static, Result<Receipt, Fault>>,
        batch: Arc<Batch>,
    ) -> BoxStream<'static, Result<Answer, Fault>> {
        let groups = receipts.ready_chunks(MAX_RECEIPTS).map(move |group| {
            let mut passed = batch.passed();
            let answered = group.len().min(passed.len());
            let indices: Vec<u64> = passed.drain(..answered).collect();
            drop(passed);
            stream::iter(self.group(indices, group))
        });
        groups.flatten().boxed()
    }

    /// The answers to blobs that were answered together.
    fn group(&mut self, indices: Vec<u64>, group: Vec<Result<Receipt, Fault>>) -> Vec<Result<Answer, Fault>> {
        let (mut blobs, mut receipts) = (Vec::with_capacity(group.len()), Vec::with_capacity(group.len()));
        let mut answers = Vec::new();
        for (index, answer) in indices.into_iter().zip(group) {
            match answer {
                Ok(receipt) => {
                    blobs.push(v1::StatedBlob { index, digests: Some(receipt.digests.into()) });
                    receipts.push(receipt);
                }
                Err(fault) => answers.push(Ok(refusal(index, fault))),
            }
        }
        if !receipts.is_empty() {
            let part = self.next_part;
            self.next_part += 1;
            let stated = self.signer.state(self.ticket_id, part, receipts);
            answers.push(
                stated.map(|statement| Answer::Stated(v1::StatedBlobs { statement: statement.bytes().clone(), blobs })),
            );
        }
        answers
    }
}

fn refusal(index: u64, fault: Fault) -> Answer {
    Answer::Refused(v1::RefusedBlob { index, fault: Some(fault.into()) })
}

/// What a client is answered: what is stated and what is refused, as it comes; then why it ended, where that was not well.
struct Answers {
    stated: BoxStream<'static, Result<Answer, Fault>>,
    refused: mpsc::Receiver<(u64, Fault)>,
    batch: Arc<Batch>,
    all_stated: bool,
    ended: bool,
    /// Free again when the last answer was taken.
    _place: Place,
}

impl Answers {
    fn stream(self) -> impl Stream<Item = Result<Response, Fault>> + Send {
        let answers = stream::unfold(self, |mut answers| async move { Some((answers.next().await?, answers)) });
        answers.map_ok(|answer| Response { answer: Some(answer) })
    }

    async fn next(&mut self) -> Option<Result<Answer, Fault>> {
        if !self.all_stated {
            tokio::select! {
                Some((index, fault)) = self.refused.recv() => return Some(Ok(refusal(index, fault))),
                stated = self.stated.next() => {
                    if stated.is_some() {
                        return stated;
                    }
                    self.all_stated = true;
                    self.refused.close();
                }
            }
        }
        if let Some((index, fault)) = self.refused.recv().await {
            return Some(Ok(refusal(index, fault)));
        }
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        let unanswered = !self.batch.passed().is_empty();
        self.batch.broken.get().cloned().or_else(|| unanswered.then(wire::truncated)).map(Err)
    }
}
