//! A batch of commands becomes events and row changes: each command is decided against the state its predecessors in the
//! batch left behind, sealed into the log after them, and folded. Pure; the store that holds the log's lock loads what is
//! needed, calls this once, and writes the result.

mod contracts;

use std::{collections::HashMap, ops::Range};

use artifactstore_types::{
    EventId, EventRecord, EventType, FileRecord, Ids, PackageId, Sequence, SubjectKind, Timestamp,
};

use crate::{
    AnsweredTicket, Command, Decision, Event, EventRefused, Facts, Package, PackageCommand, Prepared, Refusal,
    Unsealed, decide::decide, package::Stamp, seal, view::ViewBatch,
};
use contracts::Unfolded;

/// What became of a command that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its events, as a range of [`Batch::events`].
    pub events: Range<usize>,
    /// The files they bind, in order.
    pub files: Vec<FileRecord>,
    /// Items of it that were refused on their own, by index.
    pub refused: Vec<(usize, Refusal)>,
    /// Items of it that were in the log already, by index, each with its sequence.
    pub repeated: Vec<(usize, Sequence)>,
    /// Files of it that were there already as they would have been made, by index.
    pub unchanged: Vec<usize>,
}

/// Decided commands, not yet written.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events to append, in order.
    pub events: Vec<EventRecord>,
    /// The row changes they mean.
    pub views: ViewBatch,
    /// The packages the commands are about, as they are once this is written.
    pub states: HashMap<PackageId, Package>,
    /// Statements to be recorded, each with when it was decided about.
    pub answered: Vec<(AnsweredTicket, Timestamp)>,
    /// What is known then of their paths, and of the streams that were added to.
    pub facts: Facts,
    /// What became of each command, in order.
    pub answers: Vec<Result<Accepted, Refusal>>,
}

impl Batch {
    /// Decides `commands` in order, from a log whose last sequence is `head`. `states` must hold the
    /// packages they are about, and `facts` what [`crate::Needs`] asks for.
    pub fn decide(
        head: Sequence,
        states: HashMap<PackageId, Package>,
        mut facts: Facts,
        commands: &[Prepared],
        ids: &dyn Ids,
    ) -> Self {
        let mut batch = Self { states, ..Self::default() };
        let mut unfolded = Unfolded::default();
        for prepared in commands {
            let answer = match &prepared.command {
                Command::Package(command) => {
                    let state = batch.states.remove(&command.package_id);
                    let (state, answer) = batch.decide_package(head, state, &mut facts, prepared, command, ids);
                    if let Some(state) = state {
                        batch.states.insert(command.package_id, state);
                    }
                    answer
                }
                Command::AppendContractEvents(command) => {
                    batch.append_contract_events(head, &mut facts, &mut unfolded, command, ids)
                }
            };
            batch.answers.push(answer);
        }
        unfolded.fold(&mut facts.contracts, &mut batch.views);
        batch.facts = facts;
        batch
    }

    /// Decides one command about a package: the state it leaves, and what became of it.
    fn decide_package(
        &mut self,
        head: Sequence,
        state: Option<Package>,
        facts: &mut Facts,
        prepared: &Prepared,
        command: &PackageCommand,
        ids: &dyn Ids,
    ) -> (Option<Package>, Result<Accepted, Refusal>) {
        let start = self.events.len();
        let sealed = decide(state.as_ref(), facts, command, prepared.manifest()).and_then(|decision| {
            let records = self.seal_all(head, state.as_ref(), command, &decision, ids)?;
            Ok((decision, records))
        });
        let (decision, records) = match sealed {
            Ok(decided) => decided,
            Err(refusal) => return (state, Err(refusal)),
        };
        let (mut state, mut files) = (state, Vec::new());
        for (event, record) in decision.events.iter().zip(&records) {
            facts.apply(command.package_id, event);
            state = Package::apply(state, command.package_id, Stamp::from(record), Some(event));
            self.views.apply(command.package_id, record, Some(event));
            files.extend(event.file(command.package_id, record.recorded_at));
        }
        // A statement that nothing rests on need not be remembered.
        for answered in decision.answered.iter().copied().filter(|_| !records.is_empty()) {
            facts.add_answered(answered);
            self.answered.push((answered, decision.at));
        }
        self.events.extend(records);
        let events = start..self.events.len();
        let Decision { refused, unchanged, .. } = decision;
        (state, Ok(Accepted { events, files, refused, repeated: Vec::new(), unchanged }))
    }

    /// Makes the records of a decision. Nothing is kept of it unless all of them can be made.
    fn seal_all(
        &self,
        head: Sequence,
        state: Option<&Package>,
        command: &PackageCommand,
        decision: &Decision,
        ids: &dyn Ids,
    ) -> Result<Vec<EventRecord>, Refusal> {
        let namespace = match (state, decision.events.first()) {
            (Some(package), _) => &package.namespace,
            (None, Some(Event::PackageCreated(created))) => created.namespace(),
            (None, _) => return Ok(Vec::new()),
        };
        let subject_id = command.package_id.to_string();
        let mut sequence = head + self.events.len() as u64;
        let mut revision = state.map_or(0, |package| package.revision);
        let seal_one = |event: &Event| {
            sequence += 1;
            revision += 1;
            let record = seal(Unsealed {
                sequence,
                event_id: EventId::new(ids.next()),
                namespace: namespace.clone(),
                event_type: event_type(event)?,
                subject_kind: SubjectKind::Package,
                subject_id: subject_id.clone(),
                subject_revision: revision,
                actor: command.actor.clone(),
                recorded_at: decision.at,
                payload: event.encode()?,
            })?;
            Ok(record)
        };
        decision.events.iter().map(seal_one).collect()
    }
}

fn event_type(event: &Event) -> Result<EventType, EventRefused> {
    let name = event.event_type();
    EventType::new(name).map_err(|refused| EventRefused::Encoding { event_type: name, reason: refused.to_string() })
}
