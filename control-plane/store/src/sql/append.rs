//! One batch of commands, one transaction: lock, load, decide, append, fold, commit.

use std::time::Duration;

use artifactstore_registry::{Batch, Command, Needs, Prepared, Request};
use artifactstore_types::{Category, Fault};
use sqlx::Transaction;
use tokio::{
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use super::{Session, SqlStore, engine::Engine};
use crate::{Committed, answers::answers, faults};

const OPERATION: &str = "commit";
/// How many bytes of manifest are read without being handed to another thread: about a millisecond.
const LARGE_MANIFEST: usize = 256 * 1024;

impl<E: Engine> SqlStore<E> {
    /// Commits these commands together. Where the database refuses a statement because of what one of them brings, each
    /// is tried alone, so that it takes no neighbour with it.
    pub(super) async fn commit_batch(&self, commands: Vec<Command>) -> Vec<Result<Committed, Fault>> {
        let count = commands.len();
        let Ok(commands) = prepare(commands).await else {
            return (0..count).map(|_| Err(faults::stopping())).collect();
        };
        let fault = match self.commit_together(&commands).await {
            Ok(answers) => return answers,
            Err(fault) => fault,
        };
        if commands.len() == 1 || fault.category != Category::Internal {
            return commands.iter().map(|_| Err(fault.clone())).collect();
        }
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            let alone = self.commit_together(std::slice::from_ref(&command)).await;
            answers.push(alone.and_then(|mut answers| answers.pop().unwrap_or(Err(fault.clone()))));
        }
        answers
    }

    async fn commit_together(&self, commands: &[Prepared]) -> Result<Vec<Result<Committed, Fault>>, Fault> {
        let deadline = self.parts.options.deadline;
        let decided = timeout(deadline, self.decide(commands));
        let (transaction, batch) = decided.await.map_err(|_| faults::too_slow(OPERATION, deadline))??;
        if batch.events.is_empty() {
            // Nothing was written. Ending the transaction can fail without anybody having to know.
            let _ = timeout(deadline, transaction.rollback()).await;
        } else {
            let head = batch.events.last().map_or(0, |event| event.sequence);
            end::<E>(transaction, OPERATION, deadline).await?;
            self.parts.head.send_modify(|known| *known = head.max(*known));
        }
        Ok(answers(commands, batch.answers, batch.events))
    }

    /// Everything up to the commit. If this is given up on, the transaction is rolled back.
    async fn decide(&self, commands: &[Prepared]) -> Result<(Transaction<'static, E::Db>, Batch), Fault> {
        let mut transaction = self.begin_append().await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut *transaction };
        let head = session.load_head().await?;
        let needs = Needs::of(commands);
        let states = session.load_states(&needs).await?;
        let facts = session.load_facts(needs, &states).await?;
        let batch = Batch::decide(head, states, facts, commands, &*self.parts.options.ids);
        session.append(&batch.events).await?;
        session.apply(&batch.views).await?;
        Ok((transaction, batch))
    }

    /// Begins a transaction that holds the log's lock. A connection of the pool may have died unnoticed: that is found out
    /// by using it, once.
    pub(super) async fn begin_append(&self) -> Result<Transaction<'static, E::Db>, Fault> {
        match self.parts.writer.begin_with(E::BEGIN_APPEND).await {
            Ok(transaction) => Ok(transaction),
            Err(sqlx::Error::Io(_)) => {
                self.parts.writer.begin_with(E::BEGIN_APPEND).await.map_err(|error| E::fault(OPERATION, &error))
            }
            Err(error) => Err(E::fault(OPERATION, &error)),
        }
    }
}

/// Reads the manifests that are to be decided about: not while the log is locked, and a large one not on a thread that
/// serves others. Fails only where the runtime is stopping.
async fn prepare(commands: Vec<Command>) -> Result<Vec<Prepared>, JoinError> {
    let large = manifest_bytes(&commands) > LARGE_MANIFEST;
    let all = move || commands.into_iter().map(Prepared::from).collect();
    if large { spawn_blocking(all).await } else { Ok(all()) }
}

fn manifest_bytes(commands: &[Command]) -> usize {
    let bytes = |command: &Command| match &command.request {
        Request::FinalizePackage(finalize) => finalize.manifest.len(),
        _ => 0,
    };
    commands.iter().map(bytes).sum()
}

/// Commits. Whatever goes wrong from here on, it may have happened.
pub(super) async fn end<E: Engine>(
    transaction: Transaction<'_, E::Db>,
    operation: &str,
    deadline: Duration,
) -> Result<(), Fault> {
    match timeout(deadline, transaction.commit()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let fault = E::fault(operation, &error);
            match fault.category {
                Category::Unavailable | Category::DeadlineExceeded => Err(fault.with_unknown_outcome()),
                // The database said no, and undid everything.
                _ => Err(fault),
            }
        }
        Err(_) => Err(faults::too_slow(operation, deadline).with_unknown_outcome()),
    }
}
