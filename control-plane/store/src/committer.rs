//! Group commit: one task takes whatever commands are waiting and hands them to the log as one transaction, then answers
//! each. The log's head is one row, so appends are serial whatever the number of connections; what makes them fast is how
//! many share a transaction.
//!
//! Invariants: a command that was taken is committed or refused even if whoever asked has gone away; what waits is bounded
//! by its weight, not by its number; nobody waits for room longer than the deadline; [`Committer::stop`] answers everything
//! taken before it returns.

use std::{sync::Arc, time::Duration};

use artifactstore_registry::{Command, Request};
use artifactstore_types::Fault;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::yield_now,
    time::timeout,
};

use crate::{Committed, EventLog, faults};

/// What may be set.
#[derive(Clone, Debug)]
pub struct CommitterOptions {
    /// How many rows may share a transaction; a command counts as many as it has files, and at least one.
    pub batch_weight: usize,
    /// How many rows may wait or be under way.
    pub queue_weight: usize,
    /// How long a command may wait for room.
    pub queue_deadline: Duration,
}

impl Default for CommitterOptions {
    fn default() -> Self {
        Self { batch_weight: 4_096, queue_weight: 65_536, queue_deadline: Duration::from_secs(30) }
    }
}

struct Job {
    command: Command,
    answer: oneshot::Sender<Result<Committed, Fault>>,
    weight: usize,
    _room: OwnedSemaphorePermit,
}

/// The one writer of a process to its log. Cheap to clone; every clone is the same committer, which stops when
/// [`Committer::stop`] is called or the last clone is dropped, after what was taken is committed.
#[derive(Clone, Debug)]
pub struct Committer {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    stopped: watch::Receiver<bool>,
    options: Arc<CommitterOptions>,
}

impl Committer {
    /// Starts the task.
    pub fn start<L: EventLog + ?Sized>(log: Arc<L>, options: CommitterOptions) -> Self {
        // The channel itself needs no bound: a job in it holds its weight of the room.
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let (done, stopped) = watch::channel(false);
        let room = Arc::new(Semaphore::new(options.queue_weight.max(1)));
        let batch_weight = options.batch_weight.max(1);
        tokio::spawn(async move {
            run(&*log, waiting, stopping, batch_weight).await;
            done.send_replace(true);
        });
        Self { jobs, room, stop, stopped, options: Arc::new(options) }
    }

    /// Asks for a change and waits until it is durable, or refused.
    ///
    /// # Errors
    /// The registry's refusal, a fault of the database with its outcome, or that there is no room or no committer.
    pub async fn submit(&self, command: impl Into<Command>) -> Result<Committed, Fault> {
        let command = command.into();
        let weight = weight(&command);
        let permits = u32::try_from(weight.min(self.options.queue_weight.max(1))).unwrap_or(u32::MAX);
        let room = timeout(self.options.queue_deadline, Arc::clone(&self.room).acquire_many_owned(permits))
            .await
            .map_err(|_| faults::overloaded(self.options.queue_deadline))?
            .map_err(|_| faults::stopping())?;
        let (answer, answered) = oneshot::channel();
        let job = Job { command, answer, weight, _room: room };
        self.jobs.send(job).map_err(|_| faults::stopping())?;
        answered.await.unwrap_or_else(|_| Err(faults::stopping().with_unknown_outcome()))
    }

    /// Takes no more commands, commits those that were taken, and returns when all are answered.
    pub async fn stop(&self) {
        self.room.close();
        self.stop.send_replace(true);
        let mut stopped = self.stopped.clone();
        // An error means that the task is gone, which is what is waited for.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

fn weight(command: &Command) -> usize {
    let command = match command {
        Command::Package(command) => command,
        // An envelope has up to a mebibyte.
        Command::AppendContractEvents(append) => {
            let bytes: usize = append.events.iter().map(|event| event.text().len()).sum();
            return append.events.len().max(bytes / 1_024).max(1);
        }
    };
    match &command.request {
        Request::CommitFiles(commit) => commit.files.len().max(1),
        // A manifest is held in memory while it waits; a file's share of it is a few hundred bytes.
        Request::FinalizePackage(finalize) => 1 + finalize.manifest.len() / 1_024,
        Request::CreatePackage(_) | Request::FailPackage { .. } => 1,
    }
}

async fn run<L: EventLog + ?Sized>(
    log: &L,
    mut waiting: mpsc::UnboundedReceiver<Job>,
    mut stopping: watch::Receiver<bool>,
    batch_weight: usize,
) {
    let mut left_over = None;
    loop {
        let first = if let Some(job) = left_over.take() {
            job
        } else {
            tokio::select! {
                biased;
                job = waiting.recv() => match job {
                    Some(job) => job,
                    None => return,
                },
                // Once closed, `recv` gives what is left and then nothing.
                _ = stopping.wait_for(|stop| *stop), if !waiting.is_closed() => {
                    waiting.close();
                    continue;
                }
            }
        };
        let mut weight = first.weight;
        let mut jobs = vec![first];
        // Those whom the last commit answered are about to ask again. Each turn lets some of them join this one; the first
        // that brings nobody ends the waiting.
        loop {
            yield_now().await;
            let before = jobs.len();
            while left_over.is_none()
                && let Ok(job) = waiting.try_recv()
            {
                weight += job.weight;
                if weight > batch_weight {
                    left_over = Some(job);
                } else {
                    jobs.push(job);
                }
            }
            if left_over.is_some() || jobs.len() == before {
                break;
            }
        }
        commit(log, jobs).await;
    }
}

async fn commit<L: EventLog + ?Sized>(log: &L, jobs: Vec<Job>) {
    let mut commands = Vec::with_capacity(jobs.len());
    let mut answers = Vec::with_capacity(jobs.len());
    for Job { command, answer, _room: room, .. } in jobs {
        commands.push(command);
        answers.push((answer, room));
    }
    let outcomes = log.commit(commands).await;
    for ((answer, _room), outcome) in answers.into_iter().zip(outcomes) {
        // Whoever asked may have gone away; the change stands all the same.
        let _ = answer.send(outcome);
    }
}
