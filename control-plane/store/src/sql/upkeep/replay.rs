//! Folding the log again, from its first event, in runs that are bounded in memory.

use artifactstore_registry::view::ViewBatch;
use artifactstore_types::{EventRecord, Fault, Sequence};

use super::super::{
    Session, SqlStore, append, decode,
    engine::{Argument, Engine},
};
use crate::{Progress, Replayed, faults};

const OPERATION: &str = "replay";
/// How many events are folded into one set of row changes.
const RUN: i64 = 5_000;
/// How many bytes of payload a run may have.
const RUN_BYTES: i64 = 16 * 1024 * 1024;

impl<E: Engine> SqlStore<E> {
    /// Empties the views and folds the log again, under the log's lock: nothing is appended meanwhile, and readers see
    /// the views as they were until all is done.
    pub(super) async fn fold_anew(&self, progress: Progress<'_>) -> Result<Replayed, Fault> {
        let mut connection = self.upkeep_connection(OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut connection };
        let head = session.begin_append().await?;
        session.run(E::CLEAR_VIEWS).await?;
        let events = session.fold(head, progress, |_| ()).await?;
        append::end::<E>(&mut connection, "COMMIT", OPERATION, self.parts.options.deadline).await?;
        Ok(Replayed { events, head })
    }
}

impl<E: Engine> Session<'_, E> {
    /// Folds every event up to `head` into the views as this connection sees them, showing each to `inspect` first. Says
    /// how many there were.
    pub(super) async fn fold(
        &mut self,
        head: Sequence,
        progress: Progress<'_>,
        mut inspect: impl FnMut(&EventRecord) + Send,
    ) -> Result<u64, Fault> {
        let mut done = 0;
        let mut last = 0;
        loop {
            let events = self.load_run(last).await?;
            let Some(newest) = events.last() else { return Ok(done) };
            last = newest.sequence;
            let mut views = ViewBatch::default();
            for event in &events {
                inspect(event);
                views.fold(event).map_err(|refused| faults::unreadable_event(event.sequence, &refused.to_string()))?;
            }
            self.apply(&views).await?;
            done += events.len() as u64;
            progress(done, head.max(done));
        }
    }

    async fn load_run(&mut self, since: Sequence) -> Result<Vec<EventRecord>, Fault> {
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let arguments = [Argument::Int(since), Argument::Int(RUN), Argument::Int(RUN_BYTES)];
        self.fetch(&E::STATEMENTS.list_events, &arguments).await?.iter().map(decode::event).collect()
    }
}
