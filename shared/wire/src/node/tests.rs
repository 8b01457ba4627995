//! Nodes come back as they were sent, and what is hostile is refused with the name of its field.

use artifactstore_types::{BackendHealth, Timestamp};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::codes;

fn named<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    "[a-z0-9][a-z0-9._-]{0,20}".prop_map(|text| text.parse().unwrap())
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..=253_402_207_200_999_999).prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

prop_compose! {
    fn description()(
        node_id in named(), public_key: [u8; 32], port in 1_u16.., zone in option::of(named()),
        weight in 0..=NodeDescription::MAX_WEIGHT, version in named(), kinds in vec((named(), any::<bool>()), 1..5),
    ) -> NodeDescription {
        let backends = kinds.into_iter().enumerate().map(|(n, (kind, shared))| NodeBackend {
            backend_id: format!("b{n}").parse().unwrap(), kind, shared,
        });
        NodeDescription {
            node_id, public_key, endpoint: format!("http://node:{port}").parse().unwrap(),
            backends: backends.collect(), zone, weight, version,
        }
    }
}

prop_compose! {
    fn heartbeat()(
        load_percent in 0_u8..=100, uploads: u32, downloads: u32, stopping: bool, backend_id in named(),
        reachable: bool, reason in option::of("\\PC{0,9}"), used_bytes: Option<u64>, free_bytes: Option<u64>,
    ) -> NodeHeartbeat {
        let load = NodeLoad { load_percent, uploads, downloads };
        let backends = vec![BackendHealth { backend_id, reachable, reason, used_bytes, free_bytes }];
        NodeHeartbeat { load, backends, stopping }
    }
}

prop_compose! {
    fn record()(
        description in description(), status in select(&NodeStatus::ALL[..]), registered_at in time(), revision: u64,
        last_event_sequence: u64, heard in option::of((time(), heartbeat())),
    ) -> NodeRecord {
        let heard = heard.map(|(at, heartbeat)| NodeHeard { at, heartbeat });
        NodeRecord { description, status, registered_at, revision, last_event_sequence, heard }
    }
}

/// Sends a value as bytes and receives it.
fn sent<W: prost::Message + Default + From<T>, T: TryFrom<W, Error = Fault>>(value: T) -> T {
    let bytes = W::from(value).encode_to_vec();
    T::try_from(W::decode(bytes.as_slice()).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nodes_come_back(nodes in vec(record(), 0..3)) {
        prop_assert_eq!(sent::<v1::ListNodesResponse, _>(nodes.clone()), nodes);
    }

    #[test]
    fn keys_come_back(keys in vec((any::<[u8; 32]>(), time(), option::of(time())), 0..3)) {
        let key = |(public_key, not_before, not_after)| ControlKey { public_key, not_before, not_after };
        let keys: Vec<_> = keys.into_iter().map(key).collect();
        prop_assert_eq!(sent::<v1::ControlKeys, _>(keys.clone()), keys);
    }
}

fn good() -> v1::NodeDescription {
    v1::NodeDescription {
        node_id: "node-a".to_owned(),
        public_key: Bytes::from_static(&[7; 32]),
        endpoint: "http://127.0.0.1:7080".to_owned(),
        backends: vec![v1::NodeBackend { backend_id: "local".to_owned(), kind: "local".to_owned(), shared: false }],
        zone: None,
        weight: 100,
        version: "0.1.0".to_owned(),
    }
}

#[test]
fn refuses_each_bad_word_of_a_description() {
    type Change = fn(&mut v1::NodeDescription);
    let changes: [(Option<&str>, Change); 10] = [
        (Some("node_id"), |node| node.node_id = "../a".to_owned()),
        (Some("public_key"), |node| node.public_key = Bytes::from_static(&[7; 31])),
        (Some("endpoint"), |node| node.endpoint = "127.0.0.1:7080".to_owned()),
        (Some("backends[0].kind"), |node| node.backends[0].kind.clear()),
        (Some("backends"), |node| node.backends = vec![v1::NodeBackend::default(); 33]),
        (Some("zone"), |node| node.zone = Some(String::new())),
        (Some("version"), |node| node.version.clear()),
        (None, |node| node.backends.clear()),
        (None, |node| node.backends = vec![node.backends[0].clone(); 2]),
        (None, |node| node.weight = NodeDescription::MAX_WEIGHT + 1),
    ];
    NodeDescription::try_from(good()).unwrap();
    for (field, change) in changes {
        let mut node = good();
        change(&mut node);
        let fault = NodeDescription::try_from(node).unwrap_err();
        assert_eq!((&*fault.code, fault.subject.as_deref()), (codes::FIELD, field));
    }
}

#[test]
fn refuses_a_load_beyond_all_of_it_and_a_status_that_is_none() {
    let load = v1::NodeLoad { load_percent: 101, uploads: 0, downloads: 0 };
    let heartbeat = v1::NodeHeartbeat { load: Some(load), ..v1::NodeHeartbeat::default() };
    let fault = NodeHeartbeat::try_from(heartbeat).unwrap_err();
    assert_eq!(fault.subject.as_deref(), Some("load.load_percent"));
    assert_eq!(node_status_if_given(0), Ok(None));
    for number in [0, 6, -1] {
        assert_eq!(node_status(number).unwrap_err().subject.as_deref(), Some("status"));
    }
}
