//! Nodes: the names of their places in life, and the bounds of what they say of themselves.

use artifactstore_types::{NodeBackend, NodeDescription, NodeDescriptionRefused, NodeStatus};

fn description(backends: usize, weight: u32) -> NodeDescription {
    let backend =
        |n| NodeBackend { backend_id: format!("b{n}").parse().unwrap(), kind: "local".parse().unwrap(), shared: false };
    NodeDescription {
        node_id: "node-a".parse().unwrap(),
        public_key: [0; 32],
        endpoint: "http://127.0.0.1:7080".parse().unwrap(),
        backends: (0..backends).map(backend).collect(),
        zone: None,
        weight,
        version: "0.1.0".parse().unwrap(),
    }
}

#[test]
fn statuses_are_found_by_their_names_and_only_one_takes_new_work() {
    for status in NodeStatus::ALL {
        assert_eq!(NodeStatus::find(status.name()), Some(status));
        assert_eq!(status.takes_new_work(), status == NodeStatus::Active);
    }
    assert_eq!(NodeStatus::find("Active"), None);
}

#[test]
fn a_node_has_1_to_32_backends_each_once() {
    assert_eq!(description(1, 1).check(), Ok(()));
    assert_eq!(description(32, 0).check(), Ok(()));
    assert_eq!(description(0, 1).check(), Err(NodeDescriptionRefused::BackendCount));
    assert_eq!(description(33, 1).check(), Err(NodeDescriptionRefused::BackendCount));
    let mut twice = description(2, 1);
    twice.backends[1].backend_id = twice.backends[0].backend_id.clone();
    let backend_id = twice.backends[0].backend_id.clone();
    assert_eq!(twice.check(), Err(NodeDescriptionRefused::BackendTwice(backend_id.clone())));
    assert!(twice.find_backend(&backend_id).is_some());
    assert!(twice.find_backend(&"other".parse().unwrap()).is_none());
}

#[test]
fn a_weight_is_at_most_a_million() {
    assert_eq!(description(1, 1_000_000).check(), Ok(()));
    assert_eq!(description(1, 1_000_001).check(), Err(NodeDescriptionRefused::Weight));
}
