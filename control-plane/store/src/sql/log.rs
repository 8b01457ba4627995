//! The log in a database.

use artifactstore_registry::Command;
use artifactstore_types::{EventRecord, Fault, Sequence};
use async_trait::async_trait;
use tokio::sync::watch;

use super::{
    SqlStore, decode,
    engine::{Argument, Engine},
};
use crate::{Committed, EventLog};

/// How many bytes of payload one page of events may have: manifests are large, and a page is held in memory.
const PAGE_BYTES: i64 = 16 * 1024 * 1024;

#[async_trait]
impl<E: Engine> EventLog for SqlStore<E> {
    async fn commit(&self, commands: Vec<Command>) -> Vec<Result<Committed, Fault>> {
        self.commit_batch(commands).await
    }

    async fn list_events(&self, since: Sequence, limit: usize) -> Result<Vec<EventRecord>, Fault> {
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let arguments = [Argument::Int(since), Argument::Int(limit), Argument::Int(PAGE_BYTES)];
        self.read("list events", &E::STATEMENTS.list_events, &arguments, decode::event).await
    }

    async fn load_head(&self) -> Result<Sequence, Fault> {
        let head = |row: &_| decode::count("event_log_head", &["sequence"], row);
        let rows = self.read("load head", &E::STATEMENTS.load_head, &[], head).await?;
        rows.first().copied().ok_or_else(|| crate::faults::foreign_schema("load head"))
    }

    fn wakeups(&self) -> watch::Receiver<Sequence> {
        if let Some(listener) = &self.parts.listener {
            listener.start();
        }
        self.parts.head.subscribe()
    }
}
