//! The log in memory.

use std::collections::{BTreeSet, HashMap};

use artifactstore_registry::{Batch, Command, Facts, FileFact, Needs, Package, Prepared, packages_of};
use artifactstore_types::{EventRecord, Fault, PackageId, PackageRecord, Sequence};
use async_trait::async_trait;
use tokio::sync::watch;

use super::{MemoryStore, State};
use crate::{Committed, EventLog, answers::answers};

#[async_trait]
impl EventLog for MemoryStore {
    async fn commit(&self, commands: Vec<Command>) -> Vec<Result<Committed, Fault>> {
        let commands: Vec<Prepared> = commands.into_iter().map(Prepared::from).collect();
        let mut state = self.lock();
        let packages = packages_of(&commands);
        let (states, mut facts) = (state.packages(&packages), state.facts(&packages));
        state.tables.contract_facts(&Needs::of(&commands, &facts), &mut facts.contracts);
        let batch = Batch::decide(state.head(), states, facts, &commands, &*self.ids);
        state.log.extend(batch.events.iter().cloned());
        let unfolded = batch.views.unfolded_streams.clone();
        state.tables.apply(batch.views);
        let State { log, tables, .. } = &mut *state;
        if let Err(fault) = tables.fold_streams(log, &unfolded) {
            return commands.iter().map(|_| Err(fault.clone().with_unknown_outcome())).collect();
        }
        self.head.send_replace(state.head());
        answers(&commands, batch.answers, batch.events)
    }

    async fn list_events(&self, since: Sequence, limit: usize) -> Result<Vec<EventRecord>, Fault> {
        let start = usize::try_from(since).unwrap_or(usize::MAX);
        Ok(self.lock().log.iter().skip(start).take(limit).cloned().collect())
    }

    async fn load_head(&self) -> Result<Sequence, Fault> {
        Ok(self.lock().head())
    }

    fn wakeups(&self) -> watch::Receiver<Sequence> {
        self.head.subscribe()
    }
}

impl State {
    fn packages(&self, packages: &BTreeSet<PackageId>) -> HashMap<PackageId, Package> {
        let find = |id: &PackageId| self.tables.packages.get(id).map(|record| (*id, state_of(record)));
        packages.iter().filter_map(find).collect()
    }

    fn facts(&self, packages: &BTreeSet<PackageId>) -> Facts {
        let mut facts = Facts::default();
        facts.add_classes(self.classes.iter().cloned());
        for package in packages {
            for file in self.tables.files_of(*package, None) {
                facts.add_file(*package, &file.relative_path, FileFact::from(file));
            }
        }
        facts
    }
}

fn state_of(record: &PackageRecord) -> Package {
    Package {
        package_id: record.package_id,
        namespace: record.package.namespace.clone(),
        class: record.package.class.clone(),
        status: record.status,
        created_at: record.created_at,
        manifest_digest: record.manifest_digest,
        expires_at: record.expires_at,
        file_count: record.file_count,
        size_bytes: record.size_bytes,
        revision: record.revision,
        last_event_sequence: record.last_event_sequence,
    }
}
