//! However contract events come (in any order, more than once, cut into any batches), the state that is kept inline is the
//! one that the whole stream reduces to.
#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect fails")]

use std::collections::{BTreeMap, HashMap};

use artifactstore_contracts::{
    catalogue::find_family,
    reduction::{Limits, reduce},
};
use artifactstore_registry::{
    AppendContractEvents, Batch, Command, Facts, NewContractEvent, Prepared,
    contract::{KnownContractEvent, StreamFolding},
    event::ContractEventAppended,
    view::{ContractEventRow, ContractStateRow},
};
use artifactstore_testkit::{
    START, SequentialIds,
    contracts::{artifact_indexed, audit_completed, audit_requested, audit_started},
    word,
};
use artifactstore_types::{ContractOrigin, ContractStream, EventRecord, Ids, Namespace};
use bytes::Bytes;
use proptest::{collection::vec, prelude::*};

/// The log, and the two views.
#[derive(Default)]
struct Store {
    log: Vec<EventRecord>,
    events: BTreeMap<(Namespace, String), ContractEventRow>,
    states: BTreeMap<String, ContractStateRow>,
}

impl Store {
    fn append(&mut self, texts: &[Bytes], ids: &dyn Ids) {
        let origin = ContractOrigin { namespace: Namespace::default(), actor: word("somebody") };
        let events = texts.iter().map(|text| NewContractEvent::read(text).unwrap()).collect();
        let command = AppendContractEvents { origin, at: START, events, all_or_nothing: false };
        let mut facts = Facts::default();
        for row in self.events.values() {
            let known = KnownContractEvent { digest: row.digest, sequence: row.sequence };
            facts.contracts.add_event(row.namespace.clone(), row.event_id.clone(), known);
        }
        for row in self.states.values() {
            facts.contracts.add_state(row.clone());
        }
        let head = self.log.len() as u64;
        let batch = Batch::decide(head, HashMap::new(), facts, &[Prepared::from(Command::from(command))], ids);
        let accepted = batch.answers[0].as_ref().unwrap();
        assert_eq!(accepted.events.len() + accepted.repeated.len() + accepted.refused.len(), texts.len());
        self.log.extend(batch.events);
        for row in batch.views.contract_events {
            assert_eq!(self.events.insert((row.namespace.clone(), row.event_id.clone()), row), None);
        }
        for row in batch.views.contract_states {
            self.states.insert(row.subject_id.clone(), row);
        }
        for subject in batch.views.unfolded_streams {
            let row = self.folded(&subject);
            self.states.insert(subject, row);
        }
    }

    fn envelope(&self, row: &ContractEventRow) -> String {
        let record = &self.log[usize::try_from(row.sequence).unwrap() - 1];
        ContractEventAppended::of(record).unwrap().unwrap().envelope
    }

    /// The rows of a stream, in its order.
    fn stream(&self, subject: &str) -> Vec<&ContractEventRow> {
        let mut rows: Vec<_> = self.events.values().filter(|row| row.subject_id == subject).collect();
        rows.sort_by(|left, right| left.sort_key.cmp(&right.sort_key));
        rows
    }

    /// A stream folded from its first event on.
    fn folded(&self, subject: &str) -> ContractStateRow {
        let mut folding = StreamFolding::begin(subject).unwrap();
        for row in self.stream(subject) {
            folding.fold(&row.sort_key, row.sequence, &self.envelope(row)).unwrap();
        }
        folding.row().unwrap()
    }
}

/// An event of one of a few streams; numbers of two events may be equal, and then often what they say too.
fn event() -> impl Strategy<Value = Bytes> {
    (0..40_u64, 0..6_u64, 0..6_usize).prop_map(|(id, clock, kind)| match kind {
        0 => audit_requested(id, clock, "r-1", "a"),
        1 => audit_started(id, clock, "r-1"),
        2 => audit_completed(id, clock, "r-2", "report", "h"),
        3 => audit_started(id, clock, "r-2"),
        4 => artifact_indexed(id, clock, "f", "a", "sha256", "h"),
        _ => artifact_indexed(id, clock, "f", &format!("p-{clock}"), "md5", "m"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_inline_state_is_what_the_stream_reduces_to(batches in vec(vec(event(), 0..8), 0..8)) {
        let ids = SequentialIds::default();
        let mut store = Store::default();
        for batch in &batches {
            store.append(batch, &ids);
        }
        prop_assert_eq!(store.log.len(), store.events.len());
        for (subject, state) in &store.states {
            prop_assert_eq!(state, &store.folded(subject));
            // The reducer of streams in files sorts and deduplicates on its own: it is given the log's order.
            let stream: ContractStream = subject.parse().unwrap();
            let family = find_family(stream.family.as_str()).unwrap();
            let mut rows = store.stream(subject);
            rows.sort_by_key(|row| row.sequence);
            let lines: Vec<_> = rows.iter().map(|row| store.envelope(row)).collect();
            let reduced = reduce(family, lines.join("\n").as_bytes(), &Limits::default()).unwrap();
            prop_assert_eq!(reduced.get(), &state.state);
            prop_assert_eq!((state.event_count, state.failed), (rows.len() as u64, false));
        }
        // Everything again changes nothing.
        let (log, states) = (store.log.len(), store.states.clone());
        let all: Vec<_> = store.events.values().map(|row| Bytes::from(store.envelope(row))).collect();
        store.append(&all, &ids);
        prop_assert_eq!((store.log.len(), store.states), (log, states));
    }
}
