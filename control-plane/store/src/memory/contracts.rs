//! Streams of contract events in memory.

use artifactstore_registry::{
    Needs,
    contract::{ContractFacts, KnownContractEvent, StreamFolding},
    event::ContractEventAppended,
    view::ContractStateRow,
};
use artifactstore_types::{ContractState, ContractStream, EventRecord, Fault, Sequence};
use async_trait::async_trait;

use super::{MemoryStore, tables::Tables};
use crate::{ContractViews, Finding, faults, ports::state_of};

const OPERATION: &str = "fold stream";

impl Tables {
    /// What is known of the contract events and streams that are asked for.
    pub(super) fn contract_facts(&self, needs: &Needs, facts: &mut ContractFacts) {
        for (namespace, event_id, _) in &needs.contract_events {
            if let Some(row) = self.contract_events.get(&(namespace.clone(), event_id.clone())) {
                let known = KnownContractEvent { digest: row.digest, sequence: row.sequence };
                facts.add_event(row.namespace.clone(), row.event_id.clone(), known);
            }
        }
        for subject_id in needs.grown_streams(facts) {
            if let Some(row) = self.contract_states.get(subject_id) {
                facts.add_state(row.clone());
            }
        }
    }

    /// Folds these streams anew, each from its first event on.
    pub(super) fn fold_streams(&mut self, log: &[EventRecord], subject_ids: &[String]) -> Result<(), Fault> {
        for subject_id in subject_ids {
            if let Some(row) = self.fold_stream(log, subject_id, Sequence::MAX)? {
                self.contract_states.insert(subject_id.clone(), row);
            }
        }
        Ok(())
    }

    /// Folds every stream.
    pub(super) fn fold_all_streams(&mut self, log: &[EventRecord]) -> Result<(), Fault> {
        let mut subject_ids: Vec<_> = self.streams.keys().map(|(subject_id, _)| subject_id.clone()).collect();
        subject_ids.dedup();
        self.fold_streams(log, &subject_ids)
    }

    /// The state of a stream after those of its events that came no later than the sequence `at`.
    fn fold_stream(
        &self,
        log: &[EventRecord],
        subject_id: &str,
        at: Sequence,
    ) -> Result<Option<ContractStateRow>, Fault> {
        let Some(mut folding) = StreamFolding::begin(subject_id) else { return Ok(None) };
        let first = (subject_id.to_owned(), Vec::new());
        let stream = self.streams.range(first..).take_while(|((of, _), _)| of == subject_id);
        for ((_, sort_key), sequence) in stream.filter(|(_, sequence)| **sequence <= at) {
            let unreadable = |reason: String| {
                faults::damaged_log(OPERATION, &Finding::EventUnreadable { sequence: *sequence, reason })
            };
            let record = usize::try_from(*sequence).ok().and_then(|sequence| log.get(sequence - 1));
            let record = record.ok_or_else(|| unreadable("it is not in the log".to_owned()))?;
            let folded = ContractEventAppended::decode(&record.payload)
                .and_then(|appended| folding.fold(sort_key, *sequence, &appended.envelope));
            folded.map_err(|refused| unreadable(refused.to_string()))?;
        }
        let row = folding.row().map_err(faults::unwritable)?;
        Ok((row.event_count > 0).then_some(row))
    }
}

#[async_trait]
impl ContractViews for MemoryStore {
    async fn find_contract_state(
        &self,
        stream: &ContractStream,
        at: Option<Sequence>,
    ) -> Result<Option<ContractState>, Fault> {
        let state = self.lock();
        let subject_id = stream.to_string();
        let row = match at {
            Some(at) => state.tables.fold_stream(&state.log, &subject_id, at)?,
            None => state.tables.contract_states.get(&subject_id).cloned(),
        };
        Ok(row.map(|row| state_of(stream, row)))
    }
}
