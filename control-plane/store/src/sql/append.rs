//! One batch of commands, one transaction: lock, load, decide, append, fold, commit.

use std::time::Duration;

use artifactstore_registry::{Batch, Command, Needs, Prepared, Request};
use artifactstore_types::{Category, Fault};
use tokio::{
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use super::{
    Session, SqlStore,
    engine::{Connection, Engine},
    writer::{Append, Writer},
};
use crate::{Committed, answers::answers, faults};

const OPERATION: &str = "commit";
/// How many bytes of manifest are read without being handed to another thread: about a millisecond.
const LARGE_MANIFEST: usize = 256 * 1024;

impl<E: Engine> SqlStore<E> {
    /// Commits these commands together. Where the database refuses a statement because of what one of them brings, each
    /// is tried alone, so that it takes no neighbour with it.
    pub(super) async fn commit_batch(&self, commands: Vec<Command>) -> Vec<Result<Committed, Fault>> {
        let count = commands.len();
        if count == 0 {
            return Vec::new();
        }
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
        let too_slow = |_| faults::too_slow(OPERATION, deadline);
        let mut writer = timeout(deadline, self.writer.lock()).await.map_err(too_slow)?;
        // Given up on, or failed, it drops the connection, and the database undoes what was begun.
        let decided = timeout(deadline, self.decide(&mut writer, commands)).await.map_err(too_slow)?;
        let (Append { mut connection, end: before }, batch) = decided?;
        let Some(last) = batch.events.last() else {
            // Nothing is to be kept, so it is no matter how this ends.
            if end::<E>(&mut connection, "ROLLBACK", OPERATION, deadline).await.is_ok() {
                writer.rest(connection);
            }
            return Ok(answers(commands, batch.answers, batch.events));
        };
        match end::<E>(&mut connection, "COMMIT", OPERATION, deadline).await {
            Ok(()) => writer.rest(connection),
            Err(fault) => {
                drop(connection);
                self.settle(&mut writer, last, fault).await?;
            }
        }
        let head = last.sequence;
        writer.remember(before, head, batch.states);
        self.parts.head.send_modify(|known| *known = head.max(*known));
        Ok(answers(commands, batch.answers, batch.events))
    }

    /// Everything up to the commit.
    async fn decide(&self, writer: &mut Writer<E>, commands: &[Prepared]) -> Result<(Append<E>, Batch), Fault> {
        let mut append = writer.begin(&self.parts.writer, &self.parts.options, OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut append.connection };
        let needs = Needs::of(commands);
        let states = match writer.recall(append.end, &needs.packages) {
            Some(states) => states,
            None => session.load_states(&needs.packages).await?,
        };
        let facts = session.load_facts(needs, &states).await?;
        let batch = Batch::decide(append.end.head, states, facts, commands, &*self.parts.options.ids);
        session.append(&batch.events, &batch.views).await?;
        Ok((append, batch))
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

/// Ends a transaction. Where that fails, what it did may have happened all the same.
pub(super) async fn end<E: Engine>(
    connection: &mut Connection<E>,
    how: &'static str,
    operation: &str,
    deadline: Duration,
) -> Result<(), Fault> {
    match timeout(deadline, E::run(connection, how)).await {
        Ok(ended) => ended.map_err(|error| E::fault(operation, &error)),
        Err(_) => Err(faults::too_slow(operation, deadline)),
    }
}
