//! Contract events and the states of their streams.

use std::sync::Arc;

use artifactstore_contracts::{
    catalogue::find_family,
    reduction::{Limits, reduce},
};
use artifactstore_registry::{
    AppendContractEvents, CommitFiles, NewContractEvent, PackageCommand, Request, event::ContractEventAppended,
};
use artifactstore_store::{Committed, Committer, CommitterOptions, Difference, Finding};
use artifactstore_testkit::{
    contracts::{
        artifact_indexed, audit_completed, audit_requested, audit_started, audit_stream, dossier_stream, envelope,
    },
    word,
};
use artifactstore_types::{ContractOrigin, ContractState, ContractStream, Fault, Namespace, Sequence, SubjectKind};
use bytes::Bytes;
use tokio::task::JoinSet;

use crate::world::{World, actor, at, commit, file, new_package};

/// Events that are appended, or refused, each for itself.
fn append(events: &[Bytes]) -> AppendContractEvents {
    let origin = ContractOrigin { namespace: Namespace::default(), actor: actor() };
    let events = events.iter().map(|text| NewContractEvent::read(text).unwrap()).collect();
    AppendContractEvents { origin, at: at(60), events, all_or_nothing: false }
}

async fn appended(world: &World, events: &[Bytes]) -> Committed {
    world.commit(append(events)).await.unwrap()
}

async fn state(world: &World, stream: &ContractStream) -> ContractState {
    world.store.find_contract_state(stream, None).await.unwrap().unwrap()
}

/// What these events, all of one stream, reduce to by the reducer of files.
fn reduced(stream: &ContractStream, events: &[Bytes]) -> String {
    let family = find_family(stream.family.as_str()).unwrap();
    reduce(family, events.join(&b'\n').as_slice(), &Limits::default()).unwrap().get().to_owned()
}

async fn has_nothing_wrong(world: &World) {
    assert_eq!(world.store.check(&|_, _| ()).await.unwrap().findings, []);
}

pub async fn appends_contract_events_and_keeps_their_state(world: World) {
    let events = [
        audit_requested(1, 1, "r", "a"),
        audit_started(2, 2, "r"),
        artifact_indexed(3, 1, "f", "p", "sha256", "h"),
        audit_completed(4, 3, "r", "report.json", "h"),
    ];
    assert_eq!(world.store.find_contract_state(&audit_stream("r"), None).await.unwrap(), None);
    let committed = appended(&world, &events).await;
    assert_eq!((committed.events.len(), committed.refused.len(), committed.repeated.len()), (4, 0, 0));
    let audit = state(&world, &audit_stream("r")).await;
    assert_eq!((audit.sequence, audit.event_count, audit.failed), (4, 3, false));
    assert_eq!(audit.json, reduced(&audit_stream("r"), &[events[0].clone(), events[1].clone(), events[3].clone()]));
    let dossier = state(&world, &dossier_stream("f")).await;
    assert_eq!((dossier.sequence, dossier.event_count), (3, 1));
    assert_eq!(dossier.json, reduced(&dossier_stream("f"), &events[2..3]));
    let log = world.log().await;
    assert_eq!(log.iter().map(|event| event.subject_revision).collect::<Vec<_>>(), [1, 2, 1, 3]);
    assert!(log.iter().all(|event| event.subject_kind == SubjectKind::Contract && event.recorded_at == at(60)));
    assert_eq!(log[3].event_type.as_str(), "v1.contract.MissionAuditCompleted");
    assert_eq!(log[3].subject_id, audit_stream("r").to_string());
    has_nothing_wrong(&world).await;
}

pub async fn accepts_a_contract_event_again_and_refuses_other_bytes(world: World) {
    let (first, second) = (audit_requested(1, 1, "r", "a"), audit_started(2, 2, "r"));
    appended(&world, &[first.clone(), second.clone()]).await;
    let before = state(&world, &audit_stream("r")).await;
    let again = appended(&world, &[second.clone(), first.clone()]).await;
    assert_eq!((again.events.len(), again.repeated), (0, vec![(0, 2), (1, 1)]));
    let other = appended(&world, &[audit_requested(1, 1, "r", "b"), audit_started(3, 3, "r")]).await;
    assert_eq!((other.events.len(), other.refused.len()), (1, 1));
    let (index, fault) = &other.refused[0];
    assert_eq!(
        (*index, &*fault.code, fault.subject.as_deref()),
        (0, "AS-REG-0019", Some("01JQ4T1DE00000000000000001"))
    );
    let after = state(&world, &audit_stream("r")).await;
    assert_eq!((before.event_count, after.event_count, after.sequence), (2, 3, 3));
    // A lower-case identifier is the same one, in other bytes.
    let lower =
        String::from_utf8(first.to_vec()).unwrap().replace("01JQ4T1DE00000000000000001", "01jq4t1de00000000000000001");
    let lower = appended(&world, &[Bytes::from(lower)]).await;
    assert_eq!(&*lower.refused[0].1.code, "AS-REG-0019");
}

pub async fn refuses_all_contract_events_for_one_where_told_to(world: World) {
    appended(&world, &[audit_requested(1, 1, "r", "a")]).await;
    let all = AppendContractEvents {
        all_or_nothing: true,
        ..append(&[audit_started(2, 2, "r"), audit_requested(1, 1, "r", "b")])
    };
    let fault = world.commit(all).await.unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0019");
    assert_eq!(world.store.load_head().await.unwrap(), 1);
    assert_eq!(appended(&world, &[audit_started(2, 2, "r")]).await.events[0].sequence, 2);
}

pub async fn folds_a_stream_again_where_an_event_falls_into_its_past(world: World) {
    let events = [
        audit_started(1, 5, "r"),
        audit_completed(2, 9, "r", "report.json", "h"),
        audit_requested(3, 1, "r", "a"),
        audit_started(4, 20, "r"),
        audit_requested(5, 7, "r", "b"),
    ];
    for (place, event) in events.iter().enumerate() {
        appended(&world, std::slice::from_ref(event)).await;
        let state = state(&world, &audit_stream("r")).await;
        assert_eq!(state.json, reduced(&audit_stream("r"), &events[..=place]), "{place}");
        assert_eq!((state.sequence, state.event_count), (place as u64 + 1, place as u64 + 1));
    }
    has_nothing_wrong(&world).await;
}

pub async fn gives_a_state_as_it_was(world: World) {
    let stream = dossier_stream("f");
    let clocks = [5, 3, 9, 1, 7];
    let events: Vec<_> = clocks
        .iter()
        .zip(0..)
        .map(|(clock, id)| artifact_indexed(id, *clock, "f", &format!("p-{}", clock % 4), "sha256", &format!("h-{id}")))
        .collect();
    for event in &events {
        appended(&world, std::slice::from_ref(event)).await;
        world.package(new_package("between")).await;
    }
    let sequences: Vec<Sequence> = {
        let log = world.log().await;
        log.iter().filter(|event| event.subject_id == stream.to_string()).map(|event| event.sequence).collect()
    };
    assert_eq!(sequences.len(), events.len());
    let head = world.store.load_head().await.unwrap();
    for at in 0..=head + 1 {
        let state = world.store.find_contract_state(&stream, Some(at)).await.unwrap();
        let included = sequences.iter().filter(|sequence| **sequence <= at).count();
        match state {
            None => assert_eq!(included, 0),
            Some(state) => {
                assert_eq!(state.json, reduced(&stream, &events[..included]), "{at}");
                assert_eq!((state.sequence, state.event_count), (sequences[included - 1], included as u64));
            }
        }
    }
    assert_eq!(world.store.find_contract_state(&dossier_stream("none"), Some(head)).await.unwrap(), None);
}

pub async fn keeps_streams_of_namespaces_apart(world: World) {
    appended(&world, &[audit_requested(1, 1, "r", "a")]).await;
    let origin = ContractOrigin { namespace: word("theirs"), actor: actor() };
    let theirs = AppendContractEvents { origin, ..append(&[audit_requested(1, 1, "r", "b")]) };
    assert_eq!(world.commit(theirs).await.unwrap().events.len(), 1);
    let of_theirs = ContractStream { namespace: word("theirs"), ..audit_stream("r") };
    assert!(state(&world, &of_theirs).await.json.contains(r#""audit_scope":["b"]"#));
    assert!(state(&world, &audit_stream("r")).await.json.contains(r#""audit_scope":["a"]"#));
    has_nothing_wrong(&world).await;
}

pub async fn appends_contract_events_beside_other_changes(world: World) {
    let package = world.package(new_package("run")).await;
    let files =
        Request::CommitFiles(CommitFiles { files: vec![file("a", b"a")], replace: false, all_or_nothing: false });
    let outcomes = world
        .store
        .commit(vec![
            append(&[audit_requested(1, 1, "r", "a")]).into(),
            PackageCommand { package_id: package, actor: actor(), at: at(60), request: files }.into(),
            append(&[audit_started(2, 2, "r"), audit_requested(1, 1, "r", "a")]).into(),
            commit(world.next_package(), vec![file("a", b"a")]).into(),
        ])
        .await;
    let sequences = |outcome: &Result<Committed, Fault>| -> Vec<Sequence> {
        outcome.as_ref().unwrap().events.iter().map(|event| event.sequence).collect()
    };
    assert_eq!(
        (sequences(&outcomes[0]), sequences(&outcomes[1]), sequences(&outcomes[2])),
        (vec![3], vec![4], vec![5])
    );
    assert_eq!(outcomes[2].as_ref().unwrap().repeated, [(1, 3)]);
    assert!(outcomes[3].is_err());
    assert_eq!(state(&world, &audit_stream("r")).await.event_count, 2);
    assert_eq!(world.paths(package).await, ["a"]);
}

pub async fn takes_concurrent_appends_to_one_stream(world: World) {
    let committer = Committer::start(Arc::clone(&world.store), CommitterOptions::default());
    let mut writers = JoinSet::new();
    for writer in 0..8_u64 {
        let committer = committer.clone();
        writers.spawn(async move {
            for n in 0..12 {
                // Clocks cross, and every other event is one that another writer appends too.
                let id = if n % 2 == 0 { n } else { 100 * (writer + 1) + n };
                let event =
                    artifact_indexed(id, id * 7 % 50, "f", &format!("p-{}", id % 9), "sha256", &format!("h-{id}"));
                let taken = committer.submit(append(&[event])).await.unwrap();
                assert_eq!(taken.events.len() + taken.repeated.len(), 1);
            }
        });
    }
    writers.join_all().await;
    let envelopes: Vec<_> = world
        .log()
        .await
        .iter()
        .map(|event| Bytes::from(ContractEventAppended::of(event).unwrap().unwrap().envelope))
        .collect();
    assert_eq!(envelopes.len(), 6 + 8 * 6);
    assert_eq!(state(&world, &dossier_stream("f")).await.json, reduced(&dossier_stream("f"), &envelopes));
    has_nothing_wrong(&world).await;
}

/// White space, escapes, members nobody knows and the order of members are the emitter's; so is the last byte of a mebibyte.
pub async fn keeps_an_envelope_of_any_size_byte_for_byte(world: World) {
    let payload = r#"{ "audit_scope_hash":"\u0000\ud83d\ude42", "mission_id":"survey","run_id":"r","feature_slug":"017","actor":"é","more":[1.50]}"#;
    let odd = envelope("MissionAuditStarted", 1, 1, payload);
    let payload = payload.replace("[1.50]", &format!("\"{}\"", "x".repeat((1 << 20) - odd.len() + 4)));
    let long = envelope("MissionAuditStarted", 2, 2, &payload);
    assert_eq!(long.len(), 1 << 20);
    appended(&world, &[odd.clone(), long.clone()]).await;
    let events = world.log().await;
    let written = |place: usize| ContractEventAppended::of(&events[place]).unwrap().unwrap().envelope.into_bytes();
    assert!(written(0) == odd && written(1) == long);
    assert_eq!(state(&world, &audit_stream("r")).await.json, reduced(&audit_stream("r"), &[odd, long]));
    has_nothing_wrong(&world).await;
}

/// More events than a page has, in one stream and in many, out of order.
pub async fn replays_streams_to_the_same_states(world: World) {
    let many: Vec<_> = (0..2_300_u64)
        .map(|id| artifact_indexed(id, id * 611 % 2_300, "f", &format!("p-{}", id % 40), "sha256", &format!("h-{id}")))
        .collect();
    let few: Vec<_> = (0..300_u64).map(|id| audit_requested(5_000 + id, id, &format!("r-{}", id % 150), "a")).collect();
    for events in many.chunks(800).chain([&few[..]]) {
        appended(&world, events).await;
    }
    assert_eq!(appended(&world, &many[..1]).await.repeated, [(0, 1)]);
    let streams: Vec<_> = (0..150).map(|run| audit_stream(&format!("r-{run}"))).chain([dossier_stream("f")]).collect();
    let mut before = Vec::new();
    for stream in &streams {
        before.push(state(&world, stream).await);
    }
    assert_eq!(before[150].json, reduced(&streams[150], &many));
    has_nothing_wrong(&world).await;
    world.store.replay(&|_, _| ()).await.unwrap();
    for (stream, before) in streams.iter().zip(&before) {
        assert_eq!(state(&world, stream).await, *before);
    }
    assert_eq!(appended(&world, &[audit_started(9_999, 9_999, "r-1")]).await.events[0].subject_revision, 3);
    has_nothing_wrong(&world).await;
}

/// Two audits and a dossier, each with a row of its own in either view; the sequences are 1 to 4.
async fn lived_in(world: &World) -> Vec<(ContractStream, ContractState)> {
    let events = [
        audit_requested(1, 1, "r", "a"),
        audit_started(2, 2, "r"),
        audit_requested(3, 1, "s", "a"),
        artifact_indexed(4, 1, "f", "p", "sha256", "h"),
    ];
    appended(world, &events).await;
    has_nothing_wrong(world).await;
    let mut states = Vec::new();
    for stream in [audit_stream("r"), audit_stream("s"), dossier_stream("f")] {
        let state = state(world, &stream).await;
        states.push((stream, state));
    }
    states
}

async fn are_as_they_were(world: &World, before: &[(ContractStream, ContractState)]) {
    for (stream, before) in before {
        assert_eq!(state(world, stream).await, *before);
    }
}

/// Kept outside the process: somebody else may write there.
pub async fn finds_rows_of_contract_views_that_are_not_what_they_should_be(world: World) {
    let before = lived_in(&world).await;
    let row = |view: &'static str, key: String, difference| Finding::Row { view, key, difference };
    let event = |id: u64, namespace: &str, difference| {
        row("contract_events", format!("{namespace}/01JQ4T1DE{id:017}"), difference)
    };
    let state = |stream: &str, difference| row("contract_states", stream.to_owned(), difference);
    let [r, s, f] = [audit_stream("r"), audit_stream("s"), dossier_stream("f")].map(|stream| stream.to_string());
    let damages = [
        (
            "UPDATE contract_events SET digest = sort_key WHERE sequence = 2".to_owned(),
            event(2, "default", Difference::Altered),
        ),
        ("UPDATE contract_events SET sequence = 1 WHERE sequence = 4".to_owned(), event(4, "default", Difference::Altered)),
        ("DELETE FROM contract_events WHERE sequence = 3".to_owned(), event(3, "default", Difference::Missing)),
        (
            "INSERT INTO contract_events SELECT 'theirs', event_id, subject_id, digest, digest, sequence
                FROM contract_events WHERE sequence = 1"
                .to_owned(),
            event(1, "theirs", Difference::Extra),
        ),
        (
            format!("UPDATE contract_states SET state = '{{}}' WHERE subject_id = '{r}'"),
            state(&r, Difference::Altered),
        ),
        (
            format!("UPDATE contract_states SET memory = '[7]' WHERE subject_id = '{s}'"),
            state(&s, Difference::Altered),
        ),
        (format!("DELETE FROM contract_states WHERE subject_id = '{f}'"), state(&f, Difference::Missing)),
        (
            format!(
                "INSERT INTO contract_states SELECT '{r}x', event_count, size_bytes, last_key, last_event_sequence, failed,
                    state, memory FROM contract_states WHERE subject_id = '{r}'"
            ),
            state(&format!("{r}x"), Difference::Extra),
        ),
    ];
    for (damage, expected) in damages {
        world.tamper(&damage).await;
        assert_eq!(world.findings().await, [expected]);
        world.store.replay(&|_, _| ()).await.unwrap();
        has_nothing_wrong(&world).await;
        are_as_they_were(&world, &before).await;
    }
}

/// Kept outside the process: somebody else may write there.
pub async fn refuses_to_fold_a_contract_event_that_was_altered(world: World) {
    let before = lived_in(&world).await;
    world
        .tamper("UPDATE events SET payload = (SELECT payload FROM events WHERE sequence = 1) WHERE sequence = 2")
        .await;
    assert_eq!(world.findings().await.first(), Some(&Finding::PayloadAltered { sequence: 2 }));
    assert_eq!(&*world.store.replay(&|_, _| ()).await.unwrap_err().code, "AS-STORE-0006");
    are_as_they_were(&world, &before).await;
}
