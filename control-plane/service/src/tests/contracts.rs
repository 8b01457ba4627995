//! Contract events: appended, reduced, watched, and held against stored bytes.

use artifactstore_store::Views as _;
use artifactstore_testkit::contracts::{
    artifact_indexed, audit_completed, audit_requested, audit_started, audit_stream, dossier_stream,
};
use artifactstore_types::{
    Algorithm, AppendedContractEvent, Category, ContractOrigin, ContractStream, Fault, Namespace, PackageId, Parity,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{World, actor, path, world};

fn origin() -> ContractOrigin {
    ContractOrigin { namespace: Namespace::default(), actor: actor() }
}

impl World {
    async fn append(&self, events: &[Bytes]) -> Result<Vec<AppendedContractEvent>, Fault> {
        self.service.append_contract_events(&origin(), events.to_vec()).await
    }

    async fn append_one(&self, event: Bytes) {
        self.appended(&[event]).await;
    }

    async fn appended(&self, events: &[Bytes]) -> Vec<AppendedContractEvent> {
        self.append(events).await.unwrap()
    }
}

#[tokio::test]
async fn a_batch_is_appended_whole_and_again_with_the_same_answer() {
    let world = world();
    let events = [audit_requested(1, 1, "r", "a"), artifact_indexed(2, 1, "f", "p", "sha256", "h")];
    let first = world.appended(&events).await;
    let told: Vec<_> = first.iter().map(|it| (it.stream.clone(), it.sequence, it.repeated)).collect();
    assert_eq!(told, [(audit_stream("r"), 1, false), (dossier_stream("f"), 2, false)]);
    assert_eq!(first[0].event_id, "01JQ4T1DE00000000000000001");
    let again = world.appended(&events).await;
    assert!(again.iter().all(|it| it.repeated));
    assert_eq!(again.iter().map(|it| it.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.appended(&[]).await, []);
}

#[tokio::test]
async fn one_event_that_breaks_its_contract_refuses_the_batch() {
    let world = world();
    let broken = Bytes::from_static(b"{\"event_type\":\"MissionAuditStarted\"}");
    let fault = world.append(&[audit_requested(1, 1, "r", "a"), broken]).await.unwrap_err();
    assert_eq!((&*fault.code, fault.subject.as_deref()), ("AS-REG-0018", Some("event 1")));
    world.appended(&[audit_requested(2, 1, "r", "a")]).await;
    let fault = world.append(&[audit_started(3, 2, "r"), audit_requested(2, 9, "r", "a")]).await.unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-REG-0019", Category::AlreadyExists));
    let state = world.service.load_contract_state(&audit_stream("r"), None).await.unwrap();
    assert_eq!((state.sequence, state.event_count), (1, 1), "nothing of the refused ones was stored");
    let many = vec![audit_started(1, 1, "r"); 1_001];
    assert_eq!(&*world.append(&many).await.unwrap_err().code, "AS-SVC-0009");
}

#[tokio::test]
async fn events_of_a_stream_are_answered_each_for_itself_in_order() {
    let world = world();
    let mut envelopes: Vec<_> = (0..2_500).map(|id| audit_started(id, id, &format!("r-{}", id % 7))).collect();
    envelopes[10] = Bytes::from_static(b"nonsense");
    envelopes[1_700] = audit_requested(3, 3, "r-3", "a");
    envelopes[2_400] = envelopes[4].clone();
    let sent = stream::iter(envelopes).boxed();
    let answers: Vec<_> = world.service.append_contract_stream(&origin(), sent).collect().await;
    assert_eq!(answers.len(), 2_500);
    let codes: Vec<_> = answers
        .iter()
        .enumerate()
        .filter_map(|(place, answer)| Some((place, answer.as_ref().err()?.code.to_string())))
        .collect();
    assert_eq!(codes, [(10, "AS-REG-0018".to_owned()), (1_700, "AS-REG-0019".to_owned())]);
    let again = answers[2_400].as_ref().unwrap();
    assert!(again.repeated && again.sequence == answers[4].as_ref().unwrap().sequence);
    let new: Vec<_> = answers.iter().flatten().filter(|it| !it.repeated).map(|it| it.sequence).collect();
    assert_eq!(new, (1..=2_497).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_state_is_answered_as_it_is_and_as_it_was() {
    let world = world();
    let stream = audit_stream("r");
    let load = |at| world.service.load_contract_state(&stream, at);
    let fault = load(None).await.unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-SVC-0020", Category::NotFound));
    world.package("first").await;
    world.appended(&[audit_requested(1, 1, "r", "a"), audit_started(2, 2, "r")]).await;
    let head = load(None).await.unwrap();
    assert_eq!((head.sequence, head.event_count), (4, 2));
    assert!(head.json.starts_with(r#"{"audit_status":"running""#));
    assert_eq!(load(Some(4)).await.unwrap(), head);
    assert!(load(Some(3)).await.unwrap().json.starts_with(r#"{"audit_status":"pending""#));
    assert_eq!(&*load(Some(2)).await.unwrap_err().code, "AS-SVC-0020");
    let beyond = load(Some(5)).await.unwrap_err();
    assert_eq!((&*beyond.code, beyond.category), ("AS-SVC-0021", Category::OutOfRange));
    let elsewhere = ContractStream { namespace: "elsewhere".parse().unwrap(), ..stream.clone() };
    assert_eq!(world.service.load_contract_state(&elsewhere, None).await.unwrap_err().category, Category::NotFound);
    let unknown = ContractStream { family: "mission-unknown".parse().unwrap(), ..stream.clone() };
    let fault = world.service.load_contract_state(&unknown, None).await.unwrap_err();
    assert_eq!((&*fault.code, fault.category), ("AS-REG-0022", Category::Invalid));
    assert!(fault.message.contains("mission-audit and mission-dossier"), "{}", fault.message);
}

#[tokio::test]
async fn a_watched_state_is_told_at_once_and_then_as_it_changes() {
    let world = world();
    world.appended(&[audit_requested(1, 1, "r", "a")]).await;
    let mut states = world.service.watch_contract_state(&audit_stream("r"));
    assert_eq!(states.next().await.unwrap().unwrap().sequence, 1);
    world.appended(&[audit_requested(2, 1, "other", "a"), audit_started(3, 2, "r")]).await;
    let state = states.next().await.unwrap().unwrap();
    assert_eq!((state.sequence, state.event_count), (3, 2));
    let (later, ()) = tokio::join!(states.next(), world.append_one(audit_completed(4, 3, "r", "x", "h")));
    assert!(later.unwrap().unwrap().json.starts_with(r#"{"audit_status":"completed""#));
}

#[tokio::test]
async fn a_stream_without_an_event_is_waited_for() {
    let world = world();
    let mut states = world.service.watch_contract_state(&audit_stream("r"));
    let (state, ()) = tokio::join!(states.next(), world.append_one(audit_requested(1, 1, "r", "a")));
    assert_eq!(state.unwrap().unwrap().sequence, 1);
    let unknown = ContractStream { family: "mission-unknown".parse().unwrap(), ..audit_stream("r") };
    let fault = world.service.watch_contract_state(&unknown).next().await.unwrap().unwrap_err();
    assert_eq!(&*fault.code, "AS-REG-0022");
}

/// A reader that does not keep up is told the newest state, and never one twice or out of order.
#[tokio::test]
async fn changes_that_come_faster_than_they_are_read_are_told_by_the_last() {
    let world = world();
    let mut states = world.service.watch_contract_state(&audit_stream("r"));
    let first = tokio::join!(states.next(), world.append_one(audit_requested(0, 0, "r", "a"))).0;
    let mut last = first.unwrap().unwrap().sequence;
    for id in 1..50 {
        world.appended(&[audit_started(id, id, "r")]).await;
    }
    let mut told = 0;
    while last < 50 {
        let state = states.next().await.unwrap().unwrap();
        assert!(state.sequence > last && state.sequence == state.event_count);
        last = state.sequence;
        told += 1;
    }
    assert!(told < 49, "{told}");
}

fn sha256(bytes: &[u8]) -> String {
    Algorithm::Sha256.digest(bytes).hex()
}

async fn parity(world: &World, stream: &ContractStream, package: PackageId) -> Vec<(String, Parity)> {
    let found = world.service.verify_dossier(stream, package).try_collect::<Vec<_>>().await.unwrap();
    found.into_iter().map(|it| (it.path, it.parity)).collect()
}

#[tokio::test]
async fn a_dossier_is_held_against_the_bytes_of_a_package() {
    let world = world();
    let package = world.package("evidence").await;
    for name in ["damaged", "lost", "md5", "mutated", "prefixed", "same", "unknown", "upper"] {
        world.add(package, name, name.as_bytes()).await.unwrap();
    }
    for (name, change) in [("damaged", Some(b"damaged".map(|byte| byte ^ 1).to_vec())), ("lost", None)] {
        let file = world.store.find_file(package, &path(name)).await.unwrap().unwrap();
        let stored = world.store.list_locations(&[file.content_address]).await.unwrap();
        assert!(world.plane.tamper(&stored[0].location, |_| change));
    }
    world.service.finalize_package(&actor(), package).await.unwrap();
    let indexed =
        |id: u64, path: &str, algorithm: &str, hash: &str| artifact_indexed(id, id, "f", path, algorithm, hash);
    world
        .appended(&[
            indexed(1, "same", "sha256", &sha256(b"same")),
            indexed(2, "upper", "sha256", &sha256(b"upper").to_uppercase()),
            indexed(3, "prefixed", "sha256", &format!("sha256:{}", sha256(b"prefixed"))),
            indexed(4, "mutated", "sha256", &sha256(b"otherwise")),
            indexed(5, "damaged", "sha256", &sha256(b"damaged")),
            indexed(6, "lost", "sha256", &sha256(b"lost")),
            indexed(7, "md5", "md5", "d41d8cd98f00b204e9800998ecf8427e"),
            indexed(8, "../climbs", "sha256", &sha256(b"")),
            indexed(9, "zzz/missing", "sha256", &sha256(b"")),
            indexed(10, "short", "sha256", "abc"),
        ])
        .await;
    let expected = [
        ("../climbs", Parity::Missing),
        ("damaged", Parity::Damaged),
        ("lost", Parity::Damaged),
        ("md5", Parity::NotComparable),
        ("mutated", Parity::Mutated),
        ("prefixed", Parity::Same),
        ("same", Parity::Same),
        ("short", Parity::Missing),
        ("unknown", Parity::Unknown),
        ("upper", Parity::Same),
        ("zzz/missing", Parity::Missing),
    ];
    let expected = expected.map(|(path, parity)| (path.to_owned(), parity));
    assert_eq!(parity(&world, &dossier_stream("f"), package).await, expected);
    let all: Vec<_> = world.service.verify_dossier(&dossier_stream("f"), package).try_collect().await.unwrap();
    assert_eq!(all[4].expected.as_deref(), Some(&*format!("sha256:{}", sha256(b"otherwise"))));
    assert_eq!(all[4].actual, Some(Algorithm::Sha256.digest(b"mutated")));
    assert_eq!((&all[8].expected, all[0].actual), (&None, None));
}

#[tokio::test]
async fn a_size_that_differs_is_a_mutation_under_any_algorithm_and_a_short_hash_compares_with_nothing() {
    let world = world();
    let package = world.package("evidence").await;
    for name in ["a", "b", "c"] {
        world.add(package, name, b"three").await.unwrap();
    }
    world.service.finalize_package(&actor(), package).await.unwrap();
    let sized = |id: u64, path: &str, size: u64| {
        let event = artifact_indexed(id, id, "f", path, "md5", "h");
        let text = String::from_utf8(event.to_vec()).unwrap();
        Bytes::from(text.replace(r#""algorithm":"md5""#, &format!(r#""algorithm":"md5","size_bytes":{size}"#)))
    };
    world.appended(&[sized(1, "a", 5), sized(2, "b", 6), artifact_indexed(3, 3, "f", "c", "sha256", "abc")]).await;
    let expected = [("a", Parity::NotComparable), ("b", Parity::Mutated), ("c", Parity::NotComparable)];
    let expected = expected.map(|(path, parity)| (path.to_owned(), parity));
    assert_eq!(parity(&world, &dossier_stream("f"), package).await, expected);
}

#[tokio::test]
async fn an_audit_is_held_against_its_report_alone() {
    let world = world();
    let package = world.package("reports").await;
    for name in ["a", "report.json", "z"] {
        world.add(package, name, name.as_bytes()).await.unwrap();
    }
    world.service.finalize_package(&actor(), package).await.unwrap();
    world.appended(&[audit_completed(1, 1, "r", "report.json", &sha256(b"report.json"))]).await;
    assert_eq!(parity(&world, &audit_stream("r"), package).await, [("report.json".to_owned(), Parity::Same)]);
    world.appended(&[audit_requested(2, 1, "open", "a")]).await;
    assert_eq!(parity(&world, &audit_stream("open"), package).await, []);
}

#[tokio::test]
async fn only_a_finalized_package_of_the_namespace_is_compared() {
    let world = world();
    let open = world.package("open").await;
    world.appended(&[artifact_indexed(1, 1, "f", "p", "sha256", "h")]).await;
    let fault = |stream: ContractStream, package: PackageId| {
        let mut found = world.service.verify_dossier(&stream, package);
        async move { found.next().await.unwrap().unwrap_err() }
    };
    let unfinished = fault(dossier_stream("f"), open).await;
    assert_eq!((&*unfinished.code, unfinished.category), ("AS-SVC-0003", Category::FailedPrecondition));
    world.service.finalize_package(&actor(), open).await.unwrap();
    assert_eq!(&*fault(dossier_stream("none"), open).await.code, "AS-SVC-0020");
    let elsewhere = ContractStream { namespace: "elsewhere".parse().unwrap(), ..dossier_stream("f") };
    assert_eq!(&*fault(elsewhere, open).await.code, "AS-SVC-0001", "as if it were not there");
}
