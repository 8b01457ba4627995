//! The part of a batch that appends contract events: sealed into the log like any other event, and folded into the states
//! of their streams where they stand after everything that was there.

use std::collections::BTreeMap;

use artifactstore_types::{EventId, EventRecord, Ids, Sequence, SubjectKind};

use crate::{
    Accepted, AppendContractEvents, Batch, EventRefused, Facts, NewContractEvent, Refusal, Unsealed,
    contract::{self, ContractFacts, KnownStream, StreamFolding},
    event::ContractEventAppended,
    seal,
    view::{ContractEventRow, ContractStateRow, ViewBatch},
};

impl Batch {
    /// Decides one command that appends contract events. The states of their streams are left to `unfolded`.
    pub(super) fn append_contract_events(
        &mut self,
        head: Sequence,
        facts: &mut Facts,
        unfolded: &mut Unfolded,
        command: &AppendContractEvents,
        ids: &dyn Ids,
    ) -> Result<Accepted, Refusal> {
        let start = self.events.len();
        let last = head + start as u64;
        let appended = contract::decide(&facts.contracts, command, last)?;
        let numbered = || (last + 1..).zip(&appended.events);
        let sealed = numbered().map(|(sequence, new)| seal_event(command, new, sequence, ids));
        let records = sealed.collect::<Result<Vec<EventRecord>, EventRefused>>()?;
        let namespace = &command.origin.namespace;
        for (sequence, contract::Appending { event, subject_id, .. }) in numbered() {
            self.views.contract_events.push(ContractEventRow {
                namespace: namespace.clone(),
                event_id: event.event_id().to_owned(),
                subject_id: subject_id.clone(),
                sort_key: event.sort_key().to_vec(),
                digest: event.digest(),
                sequence,
            });
            facts.contracts.append(namespace, event, subject_id, sequence);
            unfolded.streams.entry(subject_id.clone()).or_default().push(((*event).clone(), sequence));
        }
        self.events.extend(records);
        let events = start..self.events.len();
        let (refused, repeated) = (appended.refused, appended.repeated);
        Ok(Accepted { events, files: Vec::new(), refused, repeated, unchanged: Vec::new() })
    }
}

fn seal_event(
    command: &AppendContractEvents,
    new: &contract::Appending<'_>,
    sequence: Sequence,
    ids: &dyn Ids,
) -> Result<EventRecord, EventRefused> {
    let contract_type = new.event.contract_type();
    let appended = ContractEventAppended { envelope: new.event.text().to_owned() };
    seal(Unsealed {
        sequence,
        event_id: EventId::new(ids.next()),
        namespace: command.origin.namespace.clone(),
        event_type: ContractEventAppended::type_of(contract_type)?,
        subject_kind: SubjectKind::Contract,
        subject_id: new.subject_id.clone(),
        subject_revision: new.revision,
        actor: command.origin.actor.clone(),
        recorded_at: command.at,
        payload: appended.encode(contract_type)?,
    })
}

/// Events of a batch that no state includes yet, by the subject ids of their streams.
#[derive(Debug, Default)]
pub(super) struct Unfolded {
    streams: BTreeMap<String, Vec<(NewContractEvent, Sequence)>>,
}

impl Unfolded {
    /// Folds each stream on from where it was, and leaves it with the facts. One in which an event stands before another
    /// that was there, or whose state cannot be gone on from, is left to be folded again from the log.
    pub(super) fn fold(self, facts: &mut ContractFacts, views: &mut ViewBatch) {
        for (subject_id, mut events) in self.streams {
            events.sort_unstable_by(|(left, _), (right, _)| left.sort_key().cmp(right.sort_key()));
            match fold_on(facts.take_stream(&subject_id), &subject_id, &events) {
                Some((folding, row)) => {
                    views.contract_states.push(row);
                    facts.add_folding(folding);
                }
                None => views.unfolded_streams.push(subject_id),
            }
        }
    }
}

fn fold_on(
    stream: Option<KnownStream>,
    subject_id: &str,
    events: &[(NewContractEvent, Sequence)],
) -> Option<(StreamFolding, ContractStateRow)> {
    let mut folding = match stream {
        Some(KnownStream::Folding(folding)) => *folding,
        Some(KnownStream::Unreadable) => return None,
        None => StreamFolding::begin(subject_id)?,
    };
    for (event, sequence) in events {
        if !folding.is_before(event.sort_key()) {
            return None;
        }
        folding.fold(event.sort_key(), *sequence, event.text()).ok()?;
    }
    let row = folding.row().ok()?;
    Some((folding, row))
}
