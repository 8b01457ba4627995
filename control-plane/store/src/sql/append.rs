//! One batch of commands, one transaction: lock, load, decide, append, fold, commit.

use std::time::Duration;

use artifactstore_registry::{Batch, Command, Needs, PackageCommand, Prepared, Request, packages_of};
use artifactstore_types::{Category, EventRecord, Fault};
use tokio::{
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use super::{
    Session, SqlStore,
    engine::{Connection, Engine},
    writer::{Append, LogEnd, Writer},
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
        if let Some(answers) = self.commit_at_once(&mut writer, commands).await? {
            return Ok(answers);
        }
        // Given up on, or failed, it drops the connection, and the database undoes what was begun.
        let decided = timeout(deadline, self.decide(&mut writer, commands)).await.map_err(too_slow)?;
        let (Append { mut connection, end: before }, batch) = decided?;
        let Some(last) = batch.events.last() else {
            // Nothing is to be kept, so it is no matter how this ends.
            if end::<E>(&mut connection, "ROLLBACK", OPERATION, deadline).await.is_ok() {
                writer.rest(connection);
            }
            writer.restore(batch.facts);
            return Ok(answers(commands, batch.answers, batch.events));
        };
        self.commit_append(&mut writer, connection, OPERATION, last).await?;
        Ok(self.committed(&mut writer, before, commands, batch))
    }

    /// Commits what was appended, whose last event this is.
    pub(super) async fn commit_append(
        &self,
        writer: &mut Writer<E>,
        mut connection: Connection<E>,
        operation: &str,
        last: &EventRecord,
    ) -> Result<(), Fault> {
        let Err(fault) = end::<E>(&mut connection, "COMMIT", operation, self.parts.options.deadline).await else {
            writer.rest(connection);
            return Ok(());
        };
        drop(connection);
        match self.find_out(writer, last).await {
            Some(true) => Ok(()),
            Some(false) => Err(fault),
            None => Err(not_known(fault)),
        }
    }

    /// Commits with one statement and nothing before it, where all that a decision needs is remembered. The statement itself
    /// makes sure that the log still ends where it is remembered to end. Nothing, where this cannot be done, or has not been.
    async fn commit_at_once(
        &self,
        writer: &mut Writer<E>,
        commands: &[Prepared],
    ) -> Result<Option<Vec<Result<Committed, Fault>>>, Fault> {
        if !E::COMMITS_AT_ONCE {
            return Ok(None);
        }
        let Some((before, (states, facts))) = writer.recall_alone(&packages_of(commands)) else { return Ok(None) };
        if !Needs::of(commands, &facts).are_none() {
            writer.restore(facts);
            return Ok(None);
        }
        let batch = Batch::decide(before.head, states, facts, commands, &*self.parts.options.ids);
        let Some(last) = batch.events.last() else {
            // That there is nothing to append rests on a log that nobody has asked.
            writer.restore(batch.facts);
            return Ok(None);
        };
        let deadline = self.parts.options.deadline;
        let mut connection = writer.connection(&self.parts.writer, &self.parts.options, OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut connection };
        let appended = timeout(deadline, session.append(before, &batch.events, &batch.views, &batch.answered)).await;
        match appended.unwrap_or_else(|_| Err(faults::too_slow(OPERATION, deadline))) {
            Ok(true) => writer.rest(connection),
            Ok(false) => {
                writer.rest(connection);
                writer.forget();
                return Ok(None);
            }
            Err(fault) => {
                drop(connection);
                match self.find_out(writer, last).await {
                    Some(true) => {}
                    Some(false) => {
                        tracing::debug!(%fault, "nothing was appended at once; it is done step by step");
                        writer.forget();
                        return Ok(None);
                    }
                    None => return Err(not_known(fault)),
                }
            }
        }
        Ok(Some(self.committed(writer, before, commands, batch)))
    }

    /// Everything up to the commit.
    async fn decide(&self, writer: &mut Writer<E>, commands: &[Prepared]) -> Result<(Append<E>, Batch), Fault> {
        let mut append = writer.begin(&self.parts.writer, &self.parts.options, OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut append.connection };
        let mut unknown = packages_of(commands);
        let (mut states, mut facts) = writer.recall(append.end, &unknown);
        unknown.retain(|id| !states.contains_key(id));
        if !unknown.is_empty() {
            states.extend(session.load_states(&unknown).await?);
        }
        for id in unknown {
            if states.get(&id).is_none_or(|state| state.file_count == 0) {
                facts.add_empty(id);
            }
        }
        session.load_facts(&Needs::of(commands, &facts), writer.streams(append.end), &mut facts).await?;
        let batch = Batch::decide(append.end.head, states, facts, commands, &*self.parts.options.ids);
        session.append_here(append.end, &batch.events, &batch.views, &batch.answered).await?;
        session.fold_streams(&batch.views.unfolded_streams).await?;
        Ok((append, batch))
    }

    /// Remembers what a batch has led to, and answers those who asked.
    fn committed(
        &self,
        writer: &mut Writer<E>,
        before: LogEnd,
        commands: &[Prepared],
        batch: Batch,
    ) -> Vec<Result<Committed, Fault>> {
        let head = before.head + batch.events.len() as u64;
        writer.remember(before, head, batch.states, batch.facts);
        self.parts.head.send_modify(|known| *known = head.max(*known));
        answers(commands, batch.answers, batch.events)
    }
}

/// The fault of a commit of which it is not known whether it was made.
pub(super) fn not_known(fault: Fault) -> Fault {
    // Where there is no room for a commit, it was undone.
    if fault.category == Category::Exhausted { fault } else { fault.with_unknown_outcome() }
}

/// Reads the manifests that are to be decided about: not while the log is locked, and a large one not on a thread that
/// serves others. Fails only where the runtime is stopping.
async fn prepare(commands: Vec<Command>) -> Result<Vec<Prepared>, JoinError> {
    let large = manifest_bytes(&commands) > LARGE_MANIFEST;
    let all = move || commands.into_iter().map(Prepared::from).collect();
    if large { spawn_blocking(all).await } else { Ok(all()) }
}

fn manifest_bytes(commands: &[Command]) -> usize {
    let bytes = |command: &Command| match command {
        Command::Package(PackageCommand { request: Request::FinalizePackage(finalize), .. }) => finalize.manifest.len(),
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
