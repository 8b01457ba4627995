//! Many small files in one stream. The store takes whole, valid files; one that is not valid is answered here, in its
//! turn, and the others do not notice. Turns are bounded, so that a client that does not read its answers is not read
//! either.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use artifactstore_types::{Fault, FileRecord, SmallFile, Upload};
use artifactstore_wire::{
    fault_of_request, field, stream as wire,
    v1::{self, ingest_files_request::Part},
};
use futures::{Stream, StreamExt as _, stream, stream::BoxStream};
use tokio::sync::mpsc::{self, error::TryRecvError};
use tonic::Status;

/// How many files may wait for their answer. Above what a store takes before it answers, so that it is never starved.
const TURNS: usize = 8_192;

type Answer = Result<FileRecord, Fault>;

/// Whose turn it is to be answered, in the order in which files came.
enum Turn {
    /// A file that was passed on; its answer is the store's next.
    Passed,
    /// A file that was refused here.
    Refused(Fault),
    /// The stream itself is refused: nothing after this is answered.
    Over(Fault),
}

/// Reads what is said before the files.
pub async fn header<S>(parts: &mut S) -> Result<Upload, Fault>
where
    S: Stream<Item = Result<v1::IngestFilesRequest, Status>> + Unpin,
{
    match parts.next().await {
        Some(Ok(v1::IngestFilesRequest { part: Some(Part::Upload(upload)) })) => {
            field::converted("upload", Some(upload))
        }
        Some(Err(status)) => Err(fault_of_request(&status)),
        _ => Err(wire::out_of_order("it does not begin with an upload")),
    }
}

/// One answer a file, in order, from `parts` by way of `ingest`. An error of this stream concerns all of it.
pub fn answers<S>(
    parts: S,
    ingest: impl FnOnce(BoxStream<'static, SmallFile>) -> BoxStream<'static, Answer>,
) -> BoxStream<'static, Result<v1::IngestFilesResponse, Fault>>
where
    S: Stream<Item = Result<v1::IngestFilesRequest, Status>> + Send + Unpin + 'static,
{
    let (turns, order) = mpsc::channel(TURNS);
    let answers = ingest(files(parts, turns));
    let answers = InTurn { order, answers: Some(answers), passed: false, early: None };
    answers.map(|answer| Ok(v1::IngestFilesResponse { result: Some(answer?.into()) })).boxed()
}

/// The valid files of a stream. Each takes its turn before it is passed on.
fn files<S>(parts: S, turns: mpsc::Sender<Turn>) -> BoxStream<'static, SmallFile>
where
    S: Stream<Item = Result<v1::IngestFilesRequest, Status>> + Send + Unpin + 'static,
{
    let files = stream::unfold((parts, turns), |(mut parts, turns)| async move {
        loop {
            let turn = match parts.next().await?.map(|message| message.part) {
                Ok(Some(Part::File(file))) => match SmallFile::try_from(file) {
                    Ok(file) => {
                        turns.send(Turn::Passed).await.ok()?;
                        return Some((file, (parts, turns)));
                    }
                    Err(fault) => Turn::Refused(fault),
                },
                Ok(Some(Part::Upload(_))) => Turn::Over(wire::out_of_order("a second upload came")),
                Ok(None) => Turn::Over(field::refused("part", "it is missing")),
                Err(status) => Turn::Over(fault_of_request(&status)),
            };
            let over = matches!(turn, Turn::Over(_));
            turns.send(turn).await.ok()?;
            if over {
                return None;
            }
        }
    });
    files.boxed()
}

/// Answers in the order of turns. Polling the store's answers is also what has it read further files.
struct InTurn {
    order: mpsc::Receiver<Turn>,
    /// The store's answers, until they end.
    answers: Option<BoxStream<'static, Answer>>,
    /// Whether it is a passed file's turn.
    passed: bool,
    /// An answer that came before its turn was seen.
    early: Option<Answer>,
}

impl InTurn {
    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Option<Answer>> {
        if let Some(answer) = self.early.take() {
            return Poll::Ready(Some(answer));
        }
        let Some(answers) = &mut self.answers else { return Poll::Ready(None) };
        let answer = ready!(answers.poll_next_unpin(context));
        if answer.is_none() {
            self.answers = None;
        }
        Poll::Ready(answer)
    }

    /// Nothing is answered after this.
    fn close(&mut self) {
        self.answers = None;
        self.order.close();
        while self.order.try_recv().is_ok() {}
    }
}

impl Stream for InTurn {
    type Item = Result<Answer, Fault>;

    // Emptiness is learnt from `try_recv`: `poll_recv` also says pending where it merely gives way to other tasks.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.passed {
                let answer = ready!(this.poll_answer(context));
                this.passed = false;
                if answer.is_none() {
                    this.close();
                }
                return Poll::Ready(answer.map(Ok));
            }
            let turn = match this.order.try_recv() {
                Ok(turn) => Poll::Ready(Some(turn)),
                Err(TryRecvError::Disconnected) => Poll::Ready(None),
                // A file takes its turn before it is passed on, so an answer without a turn is about no file.
                Err(TryRecvError::Empty) if this.early.is_some() => return Poll::Ready(this.early.take().map(Ok)),
                Err(TryRecvError::Empty) if this.answers.is_none() => return Poll::Ready(None),
                Err(TryRecvError::Empty) => this.order.poll_recv(context),
            };
            match turn {
                Poll::Ready(Some(Turn::Passed)) => this.passed = true,
                Poll::Ready(Some(Turn::Refused(fault))) => return Poll::Ready(Some(Ok(Err(fault)))),
                Poll::Ready(Some(Turn::Over(fault))) => {
                    this.close();
                    return Poll::Ready(Some(Err(fault)));
                }
                Poll::Ready(None) => return this.poll_answer(context).map(|answer| answer.map(Ok)),
                Poll::Pending => this.early = ready!(this.poll_answer(context)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
