//! Upkeep of the store in memory. There is no schema; the rest is done in full, as the reference for the databases.

use artifactstore_types::{EventRecord, Fault};
use async_trait::async_trait;

use super::{MemoryStore, State, default_classes, tables::Tables};
use crate::{Checked, Finding, Progress, Replayed, Upkeep, check::check_classes, faults, run::Run};

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
        let (tables, findings) = fold(&state.log, progress);
        if let Some(finding) = findings.first() {
            return Err(faults::damaged_log("replay", finding));
        }
        state.tables = tables;
        Ok(Replayed { events: state.log.len() as u64, head: state.head() })
    }

    async fn check(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        let state = self.lock();
        let (tables, findings) = fold(&state.log, progress);
        let mut checked = Checked { events: state.log.len() as u64, head: state.head(), ..Checked::default() };
        checked.add(findings);
        checked.add(state.tables.differences(&tables));
        checked.add(check_classes(&state.classes));
        Ok(checked)
    }
}

fn fold(log: &[EventRecord], progress: Progress<'_>) -> (Tables, Vec<Finding>) {
    let (mut tables, mut findings) = (Tables::default(), Vec::new());
    let mut last = 0;
    for events in log.chunks(1_000) {
        let mut run = Run::after(last);
        for event in events {
            run.read(event);
        }
        last = run.last;
        tables.apply(run.views);
        findings.extend(run.findings);
        progress(last, log.len() as u64);
    }
    if let Err(fault) = tables.fold_all_streams(log) {
        findings.push(Finding::Unfoldable { reason: fault.message });
    }
    (tables, findings)
}
