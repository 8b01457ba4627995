//! Upkeep of the store in memory. There is no schema; the rest is done in full, as the reference for the databases.

use artifactstore_registry::view::ViewBatch;
use artifactstore_types::{EventRecord, Fault};
use async_trait::async_trait;

use super::{MemoryStore, State, default_classes, tables::Tables};
use crate::{Checked, Progress, Replayed, Upkeep, check::LogCheck, faults};

#[async_trait]
impl Upkeep for MemoryStore {
    async fn migrate(&self, fresh: bool) -> Result<Vec<String>, Fault> {
        if fresh {
            *self.lock() = State { classes: default_classes(), ..State::default() };
            self.head.send_replace(0);
        }
        Ok(Vec::new())
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }

    async fn close(&self) {}

    async fn replay(&self, progress: Progress<'_>) -> Result<Replayed, Fault> {
        let mut state = self.lock();
        let tables = fold(&state.log, progress)?;
        state.tables = tables;
        Ok(Replayed { events: state.log.len() as u64, head: state.head() })
    }

    async fn check(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        let state = self.lock();
        let mut check = LogCheck::default();
        for event in &state.log {
            check.read(event);
        }
        match fold(&state.log, progress) {
            Ok(tables) if tables == state.tables => {}
            Ok(_) => check.find("the views are not what the log folds to; replay them".to_owned()),
            Err(fault) => check.find(fault.to_string()),
        }
        Ok(check.finish(state.head()))
    }
}

fn fold(log: &[EventRecord], progress: Progress<'_>) -> Result<Tables, Fault> {
    let mut tables = Tables::default();
    let mut done = 0;
    for events in log.chunks(1_000) {
        let mut batch = ViewBatch::default();
        for event in events {
            batch.fold(event).map_err(|refused| faults::unreadable_event(event.sequence, &refused.to_string()))?;
        }
        tables.apply(batch);
        done += events.len() as u64;
        progress(done, log.len() as u64);
    }
    Ok(tables)
}
