//! A node's life: what leads from one place to the next, what is refused, and that the rows follow whatever happens.

use artifactstore_manifest::cbor;
use artifactstore_testkit::{START, SequentialIds, word};
use artifactstore_types::{EventRecord, NodeBackend, NodeDescription, NodeId, NodeRecord, NodeStatus};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::view::{NodeRow, ViewBatch};

fn description(node: &str, key: u8, backends: &[(&str, &str, bool)]) -> NodeDescription {
    let backend = |(id, kind, shared): &(&str, &str, bool)| NodeBackend {
        backend_id: word(id),
        kind: word(kind),
        shared: *shared,
    };
    NodeDescription {
        node_id: word(node),
        public_key: [key; 32],
        endpoint: word("http://127.0.0.1:7080"),
        backends: backends.iter().map(backend).collect(),
        zone: Some(word("rack-1")),
        weight: 100,
        version: word("0.1.0"),
    }
}

/// What is known of nodes, and the log it came from.
#[derive(Default)]
struct Site {
    log: Vec<EventRecord>,
    nodes: Vec<NodeRecord>,
}

impl Site {
    fn ask(&mut self, node: &str, request: NodeRequest) -> Result<Vec<&'static str>, NodeRefusal> {
        let at = START.plus_seconds(self.log.len() as u64);
        let command = NodeCommand { node_id: word(node), actor: word("somebody"), at, request };
        let ids = SequentialIds::starting_at(self.log.len() as u64);
        let decided = NodeDecided::decide(self.log.len() as u64, &self.nodes, &command, &ids)?;
        self.nodes = applied(std::mem::take(&mut self.nodes), decided.views);
        let types = decided.events.iter().map(|event| NodeEvent::of(event).unwrap().unwrap().event_type()).collect();
        self.log.extend(decided.events);
        Ok(types)
    }

    fn announce(&mut self, description: NodeDescription) -> Result<Vec<&'static str>, NodeRefusal> {
        let node = description.node_id.to_string();
        self.ask(&node, NodeRequest::Announce(description))
    }

    fn status(&self, node: &str) -> NodeStatus {
        let id: NodeId = word(node);
        self.nodes.iter().find(|row| row.description.node_id == id).unwrap().status
    }
}

fn applied(mut nodes: Vec<NodeRecord>, views: ViewBatch) -> Vec<NodeRecord> {
    for change in views.nodes {
        let at = nodes.iter().position(|node| node.description.node_id == change.node_id);
        let row: Option<NodeRecord> = at.map(|at| nodes.remove(at));
        nodes.push(NodeRow::apply(change, row).unwrap());
    }
    nodes.sort_by(|left, right| left.description.node_id.cmp(&right.description.node_id));
    nodes
}

const LOCAL: (&str, &str, bool) = ("local-a", "local", false);
const RGW: (&str, &str, bool) = ("rgw", "s3", true);

/// One active node, `a`.
fn site() -> Site {
    let mut site = Site::default();
    site.announce(description("a", 1, &[LOCAL, RGW])).unwrap();
    site.ask("a", NodeRequest::Activate).unwrap();
    site
}

#[test]
fn a_node_is_registered_under_its_key_and_active_once_it_is_heard() {
    let mut site = Site::default();
    assert_eq!(site.announce(description("a", 1, &[LOCAL])).unwrap(), ["v1.node.registered"]);
    assert_eq!(site.status("a"), NodeStatus::Registered);
    assert_eq!(site.ask("a", NodeRequest::Activate).unwrap(), ["v1.node.activated"]);
    assert_eq!(site.ask("a", NodeRequest::Activate).unwrap(), [""; 0]);
    let record = &site.nodes[0];
    assert_eq!((record.status, record.revision, record.registered_at), (NodeStatus::Active, 2, START));
    assert_eq!(record.description, description("a", 1, &[LOCAL]));
}

#[test]
fn announcing_the_same_again_changes_nothing_and_anything_else_is_registered_anew() {
    let mut site = site();
    assert_eq!(site.announce(description("a", 1, &[LOCAL, RGW])).unwrap(), [""; 0]);
    assert_eq!(site.status("a"), NodeStatus::Active);
    let moved = NodeDescription { endpoint: word("http://127.0.0.2:7080"), ..description("a", 1, &[RGW]) };
    assert_eq!(site.announce(moved.clone()).unwrap(), ["v1.node.registered"]);
    assert_eq!((site.status("a"), &site.nodes[0].description), (NodeStatus::Registered, &moved));
    assert_eq!(site.nodes[0].registered_at, START);
}

#[test]
fn a_node_id_keeps_its_first_key() {
    let mut site = site();
    assert_eq!(site.announce(description("a", 2, &[LOCAL, RGW])), Err(NodeRefusal::OtherKey));
}

#[test]
fn a_key_is_one_node_s() {
    let mut site = site();
    assert_eq!(site.announce(description("b", 1, &[RGW])), Err(NodeRefusal::KeyTaken { other: word("a") }));
}

#[test]
fn a_node_that_is_not_heard_is_suspect_until_it_is() {
    let mut site = site();
    let suspect = NodeRequest::Suspect { last_heard_at: Some(START) };
    assert_eq!(site.ask("a", suspect.clone()).unwrap(), ["v1.node.suspected"]);
    assert_eq!(site.ask("a", suspect).unwrap(), [""; 0]);
    assert_eq!(site.ask("a", NodeRequest::Activate).unwrap(), ["v1.node.activated"]);
}

#[test]
fn a_draining_node_stays_so_whatever_it_announces_until_it_is_resumed() {
    let mut site = site();
    assert_eq!(site.ask("a", NodeRequest::Drain).unwrap(), ["v1.node.draining"]);
    assert_eq!(site.ask("a", NodeRequest::Drain).unwrap(), [""; 0]);
    assert_eq!(site.ask("a", NodeRequest::Activate).unwrap(), [""; 0]);
    assert_eq!(site.ask("a", NodeRequest::Suspect { last_heard_at: None }).unwrap(), [""; 0]);
    let other = description("a", 1, &[RGW]);
    assert_eq!(site.announce(other).unwrap(), ["v1.node.registered", "v1.node.draining"]);
    assert_eq!(site.status("a"), NodeStatus::Draining);
    assert_eq!(site.ask("a", NodeRequest::Resume).unwrap(), ["v1.node.activated"]);
    assert_eq!(site.ask("a", NodeRequest::Resume).unwrap(), [""; 0]);
}

#[test]
fn only_a_node_that_takes_no_work_is_removed_and_then_for_good() {
    let mut site = site();
    assert_eq!(site.ask("a", NodeRequest::Remove), Err(NodeRefusal::TakesWork(NodeStatus::Active)));
    site.ask("a", NodeRequest::Drain).unwrap();
    assert_eq!(site.ask("a", NodeRequest::Remove).unwrap(), ["v1.node.removed"]);
    assert_eq!(site.ask("a", NodeRequest::Remove).unwrap(), [""; 0]);
    for request in [NodeRequest::Activate, NodeRequest::Drain, NodeRequest::Resume] {
        assert_eq!(site.ask("a", request), Err(NodeRefusal::Removed));
    }
    assert_eq!(site.announce(description("a", 1, &[LOCAL, RGW])), Err(NodeRefusal::Removed));
}

#[test]
fn what_was_never_announced_is_not_found() {
    for request in [NodeRequest::Activate, NodeRequest::Drain, NodeRequest::Resume, NodeRequest::Remove] {
        assert_eq!(site().ask("b", request), Err(NodeRefusal::NotFound));
    }
}

#[test]
fn one_name_of_a_backend_is_one_store() {
    let mut site = site();
    let refused = |backend: &str| NodeRefusal::BackendTaken { backend_id: word(backend), other: word("a") };
    assert_eq!(site.announce(description("b", 2, &[LOCAL])), Err(refused("local-a")));
    assert_eq!(site.announce(description("b", 2, &[("rgw", "s3", false)])), Err(refused("rgw")));
    let differs = NodeRefusal::BackendDiffers { backend_id: word("rgw"), other: word("a") };
    assert_eq!(site.announce(description("b", 2, &[("rgw", "local", true)])), Err(differs));
    site.announce(description("b", 2, &[RGW, ("local-b", "local", false)])).unwrap();
    // Once its owner is gone for good, another machine may have the device.
    site.ask("a", NodeRequest::Drain).unwrap();
    site.ask("a", NodeRequest::Remove).unwrap();
    site.announce(description("c", 3, &[LOCAL])).unwrap();
}

#[test]
fn refuses_a_description_out_of_bounds_and_one_node_too_many() {
    let mut site = Site::default();
    assert!(matches!(site.announce(description("a", 1, &[])), Err(NodeRefusal::Description(_))));
    site.announce(description("a", 1, &[RGW])).unwrap();
    let one = site.nodes[0].clone();
    site.nodes = (0..1_000).map(|n| NodeRecord { description: numbered(n), ..one.clone() }).collect();
    assert_eq!(site.announce(numbered(1_000)), Err(NodeRefusal::TooManyNodes));
    assert_eq!(site.announce(numbered(7)).unwrap(), [""; 0]);
}

fn numbered(n: u64) -> NodeDescription {
    let mut node = description(&format!("n{n}"), 0, &[RGW]);
    node.public_key[..8].copy_from_slice(&n.to_be_bytes());
    node
}

#[test]
fn every_event_is_read_as_it_was_written_and_its_fields_stand_in_order() {
    let events = [
        NodeEvent::Registered((&description("a", 1, &[LOCAL, RGW])).into()),
        NodeEvent::Activated,
        NodeEvent::Suspected(NodeSuspected { last_heard_at: Some(START) }),
        NodeEvent::Draining,
        NodeEvent::Removed,
    ];
    assert_eq!(events.each_ref().map(NodeEvent::event_type), NodeEvent::TYPES);
    for event in events {
        let payload = event.encode().unwrap();
        assert_eq!(NodeEvent::decode(&word(event.event_type()), &payload).unwrap(), Some(event));
    }
    let mut written = Vec::new();
    ciborium::into_writer(&NodeRegistered::from(&description("a", 1, &[LOCAL, RGW])), &mut written).unwrap();
    cbor::check(&written).unwrap();
    assert_eq!(NodeEvent::decode(&word("v2.node.registered"), b"\xff").unwrap(), None);
    assert!(NodeEvent::decode(&word("v1.node.activated"), b"\xa1\x61a\x01").is_err());
}

fn request() -> impl Strategy<Value = NodeRequest> {
    let describe = |weight| NodeRequest::Announce(NodeDescription { weight, ..description("a", 1, &[RGW]) });
    prop_oneof![
        (1_u32..3).prop_map(describe),
        Just(NodeRequest::Activate),
        Just(NodeRequest::Suspect { last_heard_at: None }),
        Just(NodeRequest::Drain),
        Just(NodeRequest::Resume),
        Just(NodeRequest::Remove),
    ]
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_how_the_log_is_cut(asked in vec((prop::sample::select(&["a", "b"][..]), request()), 1..30), run in 1_usize..5) {
        let mut site = Site::default();
        for (node, request) in asked {
            let request = match request {
                NodeRequest::Announce(said) => NodeRequest::Announce(NodeDescription {
                    node_id: word(node),
                    public_key: [node.as_bytes()[0]; 32],
                    ..said
                }),
                other => other,
            };
            let _ = site.ask(node, request);
        }
        let mut folded = Vec::new();
        for events in site.log.chunks(run) {
            let mut batch = ViewBatch::default();
            for event in events {
                batch.fold(event).unwrap();
            }
            folded = applied(folded, batch);
        }
        prop_assert_eq!(folded, site.nodes);
        for (sequence, event) in (1..).zip(&site.log) {
            prop_assert_eq!(event.sequence, sequence);
        }
    }
}

#[test]
fn every_refusal_has_a_code_of_the_table_and_no_code_is_unused() {
    let backend = || ("local".parse().unwrap(), word::<NodeId>("a"));
    let (backend_id, other) = backend();
    let refusals = [
        NodeRefusal::NotFound,
        NodeRefusal::Removed,
        NodeRefusal::OtherKey,
        NodeRefusal::Description(artifactstore_types::NodeDescriptionRefused::Weight),
        NodeRefusal::BackendTaken { backend_id, other },
        NodeRefusal::BackendDiffers { backend_id: backend().0, other: backend().1 },
        NodeRefusal::TooManyNodes,
        NodeRefusal::TakesWork(NodeStatus::Active),
        NodeRefusal::KeyTaken { other: word("a") },
    ];
    let codes = refusals.map(|refusal| refusal.into_fault("announce node", &word("a")).code.into_owned());
    assert_eq!(codes.as_slice(), CODES.iter().map(|(code, _)| *code).collect::<Vec<_>>());
}
