//! Which contract events are appended, which are known, which are refused; and how a stream is folded on.

use artifactstore_testkit::contracts::{
    artifact_indexed, audit_completed, audit_requested, audit_started, audit_stream,
};
use artifactstore_testkit::{START, SequentialIds, word};
use artifactstore_types::{ContractOrigin, Namespace, SubjectKind};
use bytes::Bytes;

use super::*;
use crate::{
    Accepted, AppendContractEvents, Batch, Facts, Prepared, Refusal,
    event::ContractEventAppended,
    leaf_hash, payload_digest,
    view::{ContractStateRow, ViewBatch},
};

fn read(text: &Bytes) -> NewContractEvent {
    NewContractEvent::read(text).unwrap()
}

fn command(events: &[Bytes], all_or_nothing: bool) -> AppendContractEvents {
    let origin = ContractOrigin { namespace: Namespace::default(), actor: word("somebody") };
    AppendContractEvents { origin, at: START, events: events.iter().map(read).collect(), all_or_nothing }
}

fn each(events: &[Bytes]) -> AppendContractEvents {
    command(events, false)
}

fn when(facts: Facts, commands: Vec<AppendContractEvents>) -> Batch {
    let prepared: Vec<_> = commands.into_iter().map(|command| Prepared::from(crate::Command::from(command))).collect();
    Batch::decide(10, std::collections::HashMap::new(), facts, &prepared, &SequentialIds::default())
}

/// Facts in which these events were appended from the start of the log on, one stream's in its order.
fn given(events: &[Bytes]) -> Facts {
    let mut facts = Facts::default();
    let mut folding = StreamFolding::begin(&read(&events[0]).stream(&Namespace::default()).to_string()).unwrap();
    for (sequence, event) in (1..).zip(events.iter().map(read)) {
        let known = KnownContractEvent { digest: event.digest(), sequence };
        facts.contracts.add_event(Namespace::default(), event.event_id().to_owned(), known);
        folding.fold(event.sort_key(), sequence, event.text()).unwrap();
    }
    facts.contracts.add_state(folding.row().unwrap());
    facts
}

fn accepted(batch: &Batch) -> &Accepted {
    batch.answers[0].as_ref().unwrap()
}

#[test]
fn an_event_is_its_text_without_the_space_around_it() {
    let plain = audit_started(1, 1, "r");
    let spaced = Bytes::from([b" \t\r\n", &*plain, b"\n"].concat());
    assert_eq!(read(&spaced), read(&plain));
    assert_eq!(read(&spaced).digest(), *blake3::hash(&plain).as_bytes());
    assert_eq!(read(&plain).stream(&Namespace::default()).to_string(), audit_stream("r").to_string());
}

#[test]
fn an_event_that_breaks_its_contract_cannot_be_had() {
    let refused = NewContractEvent::read(&Bytes::from_static(b"{}")).unwrap_err();
    assert!(matches!(refused, Refusal::BrokenContract { event_id: None, .. }));
    let text = String::from_utf8(audit_started(1, 1, "r").to_vec()).unwrap().replace("audit_scope_hash", "other");
    let refused = NewContractEvent::read(&Bytes::from(text)).unwrap_err();
    let fault = refused.into_fault("append", "nothing");
    assert_eq!((&*fault.code, fault.subject.as_deref()), ("AS-REG-0018", Some("01JQ4T1DE00000000000000001")));
    assert!(fault.message.contains("audit_scope_hash: Field required [missing]"), "{}", fault.message);
}

#[test]
fn an_event_stands_in_the_log_as_it_was_written() {
    let text = audit_started(1, 1, "r");
    let batch = when(Facts::default(), vec![each(std::slice::from_ref(&text))]);
    let [record] = &batch.events[..] else { panic!("one event") };
    assert_eq!((record.sequence, record.subject_revision), (11, 1));
    assert_eq!(
        (record.event_type.as_str(), record.subject_kind),
        ("v1.contract.MissionAuditStarted", SubjectKind::Contract)
    );
    assert_eq!(record.subject_id, audit_stream("r").to_string());
    let appended = ContractEventAppended::of(record).unwrap().unwrap();
    assert_eq!(appended.envelope.as_bytes(), &*text);
    assert_eq!(
        (payload_digest(&record.payload), leaf_hash(record).unwrap()),
        (record.payload_digest, record.leaf_hash)
    );
}

#[test]
fn the_rows_of_an_event_are_those_that_the_log_folds_to() {
    let events = [audit_requested(1, 1, "r", "a"), artifact_indexed(2, 1, "f", "p", "sha256", "h")];
    let batch = when(Facts::default(), vec![each(&events)]);
    let mut folded = ViewBatch::default();
    for record in &batch.events {
        folded.fold(record).unwrap();
    }
    assert_eq!(folded.contract_events, batch.views.contract_events);
    assert!(!folded.is_empty() && folded.contract_states.is_empty());
}

#[test]
fn a_known_event_is_accepted_again_and_appends_nothing() {
    let events = [audit_requested(1, 1, "r", "a"), audit_started(2, 2, "r")];
    let batch = when(given(&events), vec![command(&events, true)]);
    assert_eq!(
        *accepted(&batch),
        Accepted { events: 0..0, files: vec![], refused: vec![], repeated: vec![(0, 1), (1, 2)], unchanged: vec![] }
    );
    assert!(batch.events.is_empty() && batch.views.is_empty());
}

#[test]
fn an_event_twice_in_one_command_or_one_batch_is_appended_once() {
    let event = audit_started(1, 1, "r");
    let batch = when(Facts::default(), vec![each(&[event.clone(), event.clone()]), each(&[event])]);
    assert_eq!(accepted(&batch).repeated, [(1, 11)]);
    assert_eq!(batch.answers[1].as_ref().unwrap().repeated, [(0, 11)]);
    assert_eq!(batch.events.len(), 1);
}

#[test]
fn an_identifier_with_other_bytes_is_refused() {
    let facts = given(&[audit_started(1, 1, "r")]);
    let other = audit_started(1, 2, "r");
    let batch = when(facts, vec![each(&[other.clone(), audit_started(2, 3, "r")])]);
    let refusal = Refusal::ContractEventDiffers { event_id: "01JQ4T1DE00000000000000001".into() };
    assert_eq!(accepted(&batch).refused, [(0, refusal.clone())]);
    assert_eq!(batch.events.len(), 1);
    let batch = when(given(&[audit_started(1, 1, "r")]), vec![command(&[audit_started(2, 3, "r"), other], true)]);
    assert_eq!(batch.answers, [Err(refusal)]);
    assert!(batch.events.is_empty() && batch.views.is_empty());
}

/// Nothing of a refused command is known to those that follow it.
#[test]
fn a_refused_command_leaves_no_trace() {
    let facts = given(&[audit_started(1, 1, "r")]);
    let new = audit_started(2, 2, "r");
    let batch = when(facts, vec![command(&[new.clone(), audit_started(1, 9, "r")], true), each(&[new])]);
    assert!(batch.answers[0].is_err());
    let after = batch.answers[1].as_ref().unwrap();
    assert_eq!((after.events.clone(), after.repeated.len()), (0..1, 0));
    assert_eq!((batch.events[0].sequence, batch.events[0].subject_revision), (11, 2));
}

#[test]
fn one_identifier_in_two_namespaces_is_two_events() {
    let mut elsewhere = each(&[audit_started(1, 9, "r")]);
    elsewhere.origin.namespace = word("elsewhere");
    let batch = when(given(&[audit_started(1, 1, "r")]), vec![elsewhere]);
    assert_eq!(accepted(&batch).events, 0..1);
    assert!(batch.events[0].subject_id.starts_with("elsewhere/mission-audit/"));
    assert_eq!(batch.events[0].subject_revision, 1);
}

#[test]
fn a_command_brings_a_bounded_number_of_events() {
    let one = read(&audit_started(1, 1, "r"));
    let mut many = each(&[]);
    many.events = vec![one; AppendContractEvents::MAX_EVENTS + 1];
    let events = many.events.len();
    let batch = when(Facts::default(), vec![many]);
    assert_eq!(batch.answers, [Err(Refusal::TooManyContractEvents { events })]);
}

fn with_extent(event_count: u64, size_bytes: u64) -> Facts {
    let row = StreamFolding::begin(&audit_stream("r").to_string()).unwrap().row().unwrap();
    let mut facts = Facts::default();
    facts.contracts.add_state(ContractStateRow { event_count, size_bytes, ..row });
    facts
}

#[test]
fn a_stream_takes_the_last_event_there_is_room_for_and_no_other() {
    let events = [audit_started(1, 1, "r"), audit_started(2, 2, "r"), audit_started(3, 1, "other")];
    let full = vec![(1, Refusal::StreamFull { stream: audit_stream("r").to_string() })];
    let size = events[0].len() as u64;
    for facts in [with_extent(MAX_STREAM_EVENTS - 1, 0), with_extent(1, MAX_STREAM_BYTES - size)] {
        let batch = when(facts, vec![each(&events)]);
        assert_eq!((accepted(&batch).events.len(), &accepted(&batch).refused), (2, &full));
    }
}

fn state(batch: &Batch) -> &ContractStateRow {
    let [state] = &batch.views.contract_states[..] else { panic!("one state: {:?}", batch.views.contract_states) };
    state
}

#[test]
fn a_state_follows_events_that_come_in_any_order_together() {
    let events = [audit_completed(3, 3, "r", "x", "h"), audit_requested(1, 1, "r", "a"), audit_started(2, 2, "r")];
    let batch = when(Facts::default(), vec![each(&events[..1]), each(&events[1..])]);
    let row = state(&batch);
    assert_eq!((row.event_count, row.last_event_sequence, row.failed), (3, 13, false));
    assert_eq!(row.size_bytes, events.iter().map(|event| event.len() as u64).sum::<u64>());
    assert_eq!(row.last_key, read(&events[0]).sort_key());
    assert!(row.state.starts_with(r#"{"audit_status":"completed""#) && row.state.contains(r#""anomalies":[]"#));
}

#[test]
fn a_state_is_gone_on_from_where_it_stood() {
    let events = [audit_requested(1, 1, "r", "a"), audit_started(2, 2, "r"), audit_completed(3, 3, "r", "x", "h")];
    let batch = when(given(&events[..2]), vec![each(&events[2..])]);
    let all = when(Facts::default(), vec![each(&events)]);
    let expected = ContractStateRow { last_event_sequence: 11, ..state(&all).clone() };
    assert_eq!(*state(&batch), expected);
}

#[test]
fn a_stream_into_whose_past_an_event_falls_is_left_to_be_folded_again() {
    let events = [audit_requested(1, 1, "r", "a"), audit_started(2, 7, "r")];
    let batch = when(given(&events), vec![each(&[audit_started(3, 8, "r"), audit_started(4, 5, "r")])]);
    assert_eq!(batch.views.unfolded_streams, [audit_stream("r").to_string()]);
    assert!(batch.views.contract_states.is_empty());
    assert_eq!(batch.views.contract_events.len(), 2);
}

#[test]
fn a_state_that_cannot_be_read_is_left_to_be_folded_again() {
    let row = StreamFolding::begin(&audit_stream("r").to_string()).unwrap().row().unwrap();
    for state in ["", "{}", "nonsense"] {
        let mut facts = Facts::default();
        facts.contracts.add_state(ContractStateRow { state: state.to_owned(), ..row.clone() });
        let batch = when(facts, vec![each(&[audit_started(1, 1, "r")])]);
        assert_eq!(batch.views.unfolded_streams.len(), 1, "{state:?}");
    }
}

/// No event that was admitted does this; a log written by hand can.
#[test]
fn a_stream_without_a_state_says_why_and_stays_so() {
    let subject = audit_stream("r").to_string();
    let malformed = String::from_utf8(audit_started(1, 1, "r").to_vec()).unwrap().replace("audit_scope_hash", "other");
    let fine = audit_requested(2, 2, "r", "a");
    let mut folding = StreamFolding::begin(&subject).unwrap();
    folding.fold(b"1", 5, &malformed).unwrap();
    let row = folding.row().unwrap();
    assert!(
        row.failed && row.state.starts_with(r#"{"error":"ValidationError","message":"1 validation error"#),
        "{row:?}"
    );
    let mut resumed = StreamFolding::resume(row.clone()).unwrap();
    resumed.fold(b"2", 4, read(&fine).text()).unwrap();
    let later = resumed.row().unwrap();
    assert_eq!((later.state, later.failed, later.event_count), (row.state, true, 2));
    assert_eq!((later.last_key, later.last_event_sequence), (b"2".to_vec(), 5));
    assert!(StreamFolding::begin(&subject).unwrap().fold(b"1", 1, "nonsense").is_err());
}

#[test]
fn a_family_that_is_not_known_is_not_folded() {
    for subject in ["default/mission-unknown/k", "nonsense", ""] {
        assert!(StreamFolding::begin(subject).is_none(), "{subject:?}");
    }
}
