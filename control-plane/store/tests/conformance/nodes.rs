//! Nodes: what they say of themselves, what is decided about them, what is heard of them, and the keys they trust.

use artifactstore_registry::node::{NodeCommand, NodeRequest};
use artifactstore_store::{Difference, Finding, NodeChanged, Tail, TailOptions};
use artifactstore_testkit::word;
use artifactstore_types::{
    BackendHealth, ControlKey, EventFilter, Fault, Namespace, NodeBackend, NodeDescription, NodeHeard, NodeHeartbeat,
    NodeLoad, NodeRecord, NodeStatus, SubjectKind,
};
use futures::TryStreamExt as _;

use crate::world::{World, actor, at, commit, file};

pub fn description(node: &str) -> NodeDescription {
    let backend = |id: &str, kind: &str, shared| NodeBackend { backend_id: word(id), kind: word(kind), shared };
    NodeDescription {
        node_id: word(node),
        public_key: *artifactstore_types::ContentAddress::of(node.as_bytes()).bytes(),
        endpoint: word("http://127.0.0.1:7080"),
        backends: vec![backend(&format!("local-{node}"), "local", false), backend("rgw", "s3", true)],
        zone: Some(word("rack-1")),
        weight: 100,
        version: word("0.1.0"),
    }
}

pub async fn ask(world: &World, node: &str, seconds: u64, request: NodeRequest) -> Result<NodeChanged, Fault> {
    world.store.change_node(NodeCommand { node_id: word(node), actor: actor(), at: at(seconds), request }).await
}

/// A node that announced itself and was heard.
pub async fn active(world: &World, node: &str) -> NodeRecord {
    ask(world, node, 1, NodeRequest::Announce(description(node))).await.unwrap();
    ask(world, node, 2, NodeRequest::Activate).await.unwrap().node
}

pub async fn keeps_a_node_as_it_describes_itself(world: World) {
    assert_eq!(world.store.list_nodes().await.unwrap(), []);
    let first = ask(&world, "a", 1, NodeRequest::Announce(description("a"))).await.unwrap();
    let expected = NodeRecord {
        description: description("a"),
        status: NodeStatus::Registered,
        registered_at: at(1),
        revision: 1,
        last_event_sequence: 1,
        heard: None,
    };
    assert_eq!(first.node, expected);
    assert_eq!(world.store.list_nodes().await.unwrap(), std::slice::from_ref(&expected));
    let event = &first.events[0];
    assert_eq!((event.subject_kind, &*event.subject_id, event.subject_revision), (SubjectKind::Node, "a", 1));

    let moved = NodeDescription { endpoint: word("http://[::1]:7080"), zone: None, ..description("a") };
    let changed = ask(&world, "a", 5, NodeRequest::Announce(moved.clone())).await.unwrap();
    assert_eq!((&changed.node.description, changed.node.registered_at), (&moved, at(1)));
    assert_eq!(world.store.list_nodes().await.unwrap(), [changed.node]);
}

pub async fn moves_a_node_through_its_life(world: World) {
    active(&world, "b").await;
    active(&world, "a").await;
    let steps = [
        (NodeRequest::Suspect { last_heard_at: Some(at(2)) }, NodeStatus::Suspect, "v1.node.suspected"),
        (NodeRequest::Activate, NodeStatus::Active, "v1.node.activated"),
        (NodeRequest::Drain, NodeStatus::Draining, "v1.node.draining"),
        (NodeRequest::Resume, NodeStatus::Active, "v1.node.activated"),
        (NodeRequest::Drain, NodeStatus::Draining, "v1.node.draining"),
        (NodeRequest::Remove, NodeStatus::Removed, "v1.node.removed"),
    ];
    for (request, status, event) in steps {
        let changed = ask(&world, "b", 9, request).await.unwrap();
        assert_eq!((changed.node.status, changed.events[0].event_type.as_str()), (status, event));
    }
    let listed = world.store.list_nodes().await.unwrap();
    let told: Vec<_> =
        listed.iter().map(|node| (node.description.node_id.as_str(), node.status, node.revision)).collect();
    assert_eq!(told, [("a", NodeStatus::Active, 2), ("b", NodeStatus::Removed, 8)]);
}

pub async fn refuses_what_the_rules_refuse_and_appends_nothing_then(world: World) {
    active(&world, "a").await;
    let head = world.store.load_head().await.unwrap();
    let other_key = NodeDescription { public_key: [8; 32], ..description("a") };
    let refused = ask(&world, "a", 3, NodeRequest::Announce(other_key)).await.unwrap_err();
    assert_eq!((&*refused.code, refused.subject.as_deref()), ("AS-REG-0033", Some("a")));
    let taken = NodeDescription { node_id: word("b"), public_key: [9; 32], ..description("a") };
    assert_eq!(&*ask(&world, "b", 3, NodeRequest::Announce(taken)).await.unwrap_err().code, "AS-REG-0035");
    assert_eq!(&*ask(&world, "b", 3, NodeRequest::Drain).await.unwrap_err().code, "AS-REG-0031");
    assert_eq!(ask(&world, "a", 3, NodeRequest::Activate).await.unwrap().events, []);
    assert_eq!(world.store.load_head().await.unwrap(), head);
    assert_eq!(world.store.list_nodes().await.unwrap().len(), 1);
}

pub async fn decides_about_nodes_between_packages(world: World) {
    let package = world.package_with(&["a"]).await;
    active(&world, "a").await;
    world.commit(commit(package, vec![file("b", b"b")])).await.unwrap();
    ask(&world, "a", 3, NodeRequest::Drain).await.unwrap();
    let again = world.commit(commit(package, vec![file("b", b"b")])).await.unwrap();
    assert_eq!(again.refused.len(), 1, "what was committed before the node changed is known after it");
    assert_eq!(world.record(package).await.revision, 4);
    let log = world.log().await;
    let sequences: Vec<_> = log.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=7).collect::<Vec<_>>());
    assert_eq!(world.store.check(&|_, _| ()).await.unwrap().findings, vec![]);
}

pub async fn one_of_two_nodes_gets_a_backend_both_announce_at_once(world: World) {
    let announce = |node: &'static str| {
        let same = NodeDescription { backends: description("same").backends, ..description(node) };
        ask(&world, node, 1, NodeRequest::Announce(same))
    };
    let (first, second) = tokio::join!(announce("a"), announce("b"));
    let refused: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.iter().map(|fault| &*fault.code).collect::<Vec<_>>(), ["AS-REG-0035"]);
    assert_eq!(world.store.list_nodes().await.unwrap().len(), 1);
}

fn heard(seconds: u64, load_percent: u8) -> NodeHeard {
    let backend = BackendHealth {
        backend_id: word("rgw"),
        reachable: false,
        reason: Some("no route\nto host".to_owned()),
        used_bytes: None,
        free_bytes: Some(u64::MAX),
    };
    let load = NodeLoad { load_percent, uploads: 3, downloads: u32::MAX };
    NodeHeard { at: at(seconds), heartbeat: NodeHeartbeat { load, backends: vec![backend], stopping: true } }
}

pub async fn keeps_what_was_heard_last(world: World) {
    active(&world, "a").await;
    active(&world, "b").await;
    let head = world.store.load_head().await.unwrap();
    world.store.record_heartbeats(&[(word("a"), heard(20, 20)), (word("b"), heard(20, 21))]).await.unwrap();
    world.store.record_heartbeats(&[(word("a"), heard(10, 10)), (word("b"), heard(30, 30))]).await.unwrap();
    world.store.record_heartbeats(&[]).await.unwrap();
    let listed: Vec<_> = world.store.list_nodes().await.unwrap().into_iter().map(|node| node.heard).collect();
    assert_eq!(listed, [Some(heard(20, 20)), Some(heard(30, 30))]);
    assert_eq!(world.store.load_head().await.unwrap(), head, "what is heard is no event");
    let drained = ask(&world, "a", 40, NodeRequest::Drain).await.unwrap();
    assert_eq!(drained.node.heard, Some(heard(20, 20)));
    world.store.replay(&|_, _| ()).await.unwrap();
    assert_eq!(world.store.list_nodes().await.unwrap()[0].heard, Some(heard(20, 20)));
    assert_eq!(world.store.check(&|_, _| ()).await.unwrap().findings, vec![]);
}

pub async fn tells_of_nodes_in_the_namespace_of_the_site(world: World) {
    world.package_with(&["a"]).await;
    active(&world, "a").await;
    let tail = Tail::start(world.store.clone(), TailOptions::default());
    let events = tail.subscribe(Namespace::of_site(), 0, EventFilter::default(), false);
    let events: Vec<_> = events.try_collect().await.unwrap();
    let types: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["v1.node.registered", "v1.node.activated"]);
}

pub async fn trusts_a_key_until_it_is_over(world: World) {
    let key = |byte, until| ControlKey { public_key: [byte; 32], not_before: at(0), not_after: Some(at(until)) };
    for key in [key(2, 100), key(1, 50), key(2, 80)] {
        world.store.trust_control_key(&key).await.unwrap();
    }
    assert_eq!(world.store.list_control_keys(at(49)).await.unwrap(), [key(1, 50), key(2, 100)]);
    assert_eq!(world.store.list_control_keys(at(50)).await.unwrap(), [key(2, 100)]);
    world.store.trust_control_key(&ControlKey { not_before: at(60), ..key(1, 200) }).await.unwrap();
    assert_eq!(world.store.list_control_keys(at(100)).await.unwrap(), [key(1, 200)], "when it began stays");
}

pub async fn finds_rows_of_nodes_that_are_not_what_the_log_says(world: World) {
    for node in ["a", "b"] {
        active(&world, node).await;
    }
    let before = world.store.list_nodes().await.unwrap();
    world.tamper("UPDATE nodes SET weight = weight + 1 WHERE node_id = 'a'").await;
    world.tamper("DELETE FROM nodes WHERE node_id = 'b'").await;
    let row = |key: &str, difference| Finding::Row { view: "nodes", key: key.to_owned(), difference };
    assert_eq!(world.findings().await, [row("a", Difference::Altered), row("b", Difference::Missing)]);
    world.store.replay(&|_, _| ()).await.unwrap();
    assert_eq!(world.findings().await, []);
    assert_eq!(world.store.list_nodes().await.unwrap(), before);
}
