//! Folding the log, from its first event to its last. One connection reads it, other threads verify and fold what was read,
//! and this one writes what earlier events fold to, all at once: none waits for another as long as there is work. What is
//! under way is bounded in events and in bytes, so memory does not grow with the log.

use artifactstore_types::{Fault, Sequence};
use futures::{StreamExt as _, stream::BoxStream};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::super::{
    Row, Session, SqlStore, decode,
    engine::{Argument, Columns, Engine, Scanned},
};
use crate::{Finding, Progress, faults, run::Run};

/// How many events are folded into one set of row changes.
const RUN: usize = 5_000;
/// How many bytes of payload a run may have, and then one event more.
const RUN_BYTES: usize = 16 * 1024 * 1024;
/// How many runs may be read and wait for their turn.
const AHEAD: usize = 2;

/// How far a fold has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Folded {
    /// How many events were folded.
    pub(super) events: u64,
    /// The sequence of the last of them.
    pub(super) last: Sequence,
}

impl<E: Engine> SqlStore<E> {
    /// Folds every event up to `end` into the views as the session sees them, and hands what is wrong to `inspect`. Up to
    /// there the log must be committed and never change: another connection reads it.
    pub(super) async fn fold(
        &self,
        session: &mut Session<'_, E>,
        end: Sequence,
        progress: Progress<'_>,
        mut inspect: impl FnMut(Vec<Finding>) -> Result<(), Fault> + Send,
    ) -> Result<Folded, Fault> {
        let operation = session.operation;
        let (runs, mut coming) = mpsc::channel::<JoinHandle<Run>>(AHEAD);
        let write = async {
            let mut folded = Folded::default();
            while let Some(run) = coming.recv().await {
                // It ends otherwise only with the runtime.
                let run = run.await.map_err(|_| faults::stopping())?;
                inspect(run.findings)?;
                session.load(&run.views).await?;
                folded = Folded { events: folded.events + run.events, last: run.last };
                progress(folded.events, end);
            }
            Ok(folded)
        };
        let ((), folded) = tokio::try_join!(self.read_runs(operation, end, runs), write)?;
        Ok(folded)
    }

    async fn read_runs(
        &self,
        operation: &str,
        end: Sequence,
        runs: mpsc::Sender<JoinHandle<Run>>,
    ) -> Result<(), Fault> {
        let mut connection = self.upkeep_connection(operation).await?;
        let arguments = [Argument::Int(0), Argument::Int(i64::try_from(end).unwrap_or(i64::MAX))];
        let rows = E::scan(&mut connection, &E::STATEMENTS.scan_events, &arguments);
        let mut rows = rows.map_err(|error| E::fault(operation, &error))?;
        let deadline = self.parts.options.deadline;
        let mut last = 0;
        loop {
            let read = timeout(deadline, read_run::<E>(operation, &mut rows)).await;
            let rows = read.map_err(|_| faults::too_slow(operation, deadline))??;
            let Some(newest) = rows.last() else { return Ok(()) };
            let after = std::mem::replace(&mut last, decode::event_place(newest)?.0);
            let run = spawn_blocking(move || fold_run(after, &rows));
            if runs.send(run).await.is_err() {
                // Whoever writes has given up, and says why.
                return Ok(());
            }
        }
    }
}

async fn read_run<E: Engine>(operation: &str, rows: &mut BoxStream<'_, Scanned<E>>) -> Result<Vec<Row<E>>, Fault> {
    let (mut run, mut bytes) = (Vec::new(), 0);
    while run.len() < RUN && bytes < RUN_BYTES {
        let Some(row) = rows.next().await else { break };
        let row = row.map_err(|error| E::fault(operation, &error))?;
        bytes += decode::event_place(&row)?.1;
        run.push(row);
    }
    Ok(run)
}

fn fold_run(after: Sequence, rows: &[impl Columns]) -> Run {
    let mut run = Run::after(after);
    for row in rows {
        match decode::event(row) {
            Ok(event) => run.read(&event),
            Err(fault) => {
                let sequence = decode::event_place(row).map_or(run.last + 1, |(sequence, _)| sequence);
                run.skip(sequence, fault.message);
            }
        }
    }
    run
}
