//! Placement: shares, what moves when nodes come and go, and who is left out.

use std::collections::{BTreeMap, BTreeSet};

use artifactstore_types::{BackendId, Category, ContentAddress, Fault, NodeId, NodeStatus, PackageId, Retry, Zone};

use super::*;

const KEYS: u64 = 20_000;

fn node(number: usize, weight: u32) -> Node {
    Node {
        node_id: format!("node-{number}").parse().unwrap(),
        status: NodeStatus::Active,
        backend_ids: vec![backend()],
        zone: None,
        weight,
        load_percent: 0,
    }
}

fn nodes(weights: &[u32]) -> Vec<Node> {
    weights.iter().enumerate().map(|(number, weight)| node(number, *weight)).collect()
}

fn backend() -> BackendId {
    "rgw-a".parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn key(number: u64) -> PlacementKey {
    PlacementKey::of_blob(&ContentAddress::of(&number.to_be_bytes()))
}

fn find(nodes: &[Node], key: PlacementKey, zone: ZoneRule<'_>, failed: &[&str]) -> Result<NodeId, PlacementRefused> {
    let failed: BTreeSet<NodeId> = failed.iter().map(|id| id.parse().unwrap()).collect();
    let wanted = Wanted { key, backend_id: Some(&backend()), zone, failed: &failed };
    place(nodes, &wanted).map(|node| node.node_id.clone())
}

fn anywhere(nodes: &[Node], number: u64) -> String {
    find(nodes, key(number), ZoneRule::Any, &[]).unwrap().to_string()
}

fn assignment(nodes: &[Node]) -> Vec<String> {
    (0..KEYS).map(|number| anywhere(nodes, number)).collect()
}

fn shares(nodes: &[Node]) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for id in assignment(nodes) {
        *counts.entry(id).or_insert(0u32) += 1;
    }
    counts.into_iter().map(|(id, count)| (id, f64::from(count) / 20_000.0)).collect()
}

/// Within a tenth of what it should be.
fn assert_share(shares: &BTreeMap<String, f64>, number: usize, expected: f64) {
    let share = shares.get(&format!("node-{number}")).copied().unwrap_or_default();
    assert!((share - expected).abs() <= expected / 10.0, "node-{number} has {share:.4}, not {expected:.4}");
}

#[test]
fn every_control_plane_places_alike() {
    let nodes = nodes(&[1, 2, 3, 4]);
    let placed: Vec<_> = (0..12).map(|number| anywhere(&nodes, number)).collect();
    let numbers: String = placed.iter().map(|id| id.strip_prefix("node-").unwrap()).collect();
    assert_eq!(numbers, "331323112303");
}

#[test]
fn the_order_of_the_nodes_does_not_matter() {
    let forwards = nodes(&[5, 1, 1, 9, 2]);
    let mut backwards = forwards.clone();
    backwards.reverse();
    assert_eq!(assignment(&forwards), assignment(&backwards));
}

#[test]
fn each_node_gets_its_share_by_weight() {
    let shares = shares(&nodes(&[1, 2, 3, 4]));
    for number in 0..4u8 {
        assert_share(&shares, usize::from(number), f64::from(number + 1) / 10.0);
    }
}

#[test]
fn a_node_that_leaves_moves_its_own_keys_and_no_others() {
    let all = nodes(&[1, 1, 1, 1, 1]);
    let before = assignment(&all);
    for gone in 0..all.len() {
        let mut left = all.clone();
        let id = left.remove(gone).node_id.to_string();
        for (was, is) in before.iter().zip(assignment(&left)) {
            assert!(*was == is || *was == id, "{was} gave a key to {is} while {id} left");
        }
    }
}

#[test]
fn what_a_node_leaves_is_shared_by_all_the_others() {
    let all = nodes(&[1, 1, 1, 1, 1]);
    let shares = shares(&all[1..]);
    for number in 1..5 {
        assert_share(&shares, number, 0.25);
    }
}

#[test]
fn a_heavier_node_takes_from_the_others_and_gives_nothing() {
    let before = assignment(&nodes(&[2, 2, 2]));
    let after = assignment(&nodes(&[2, 3, 2]));
    let moved: Vec<_> = before.iter().zip(&after).filter(|(was, is)| was != is).collect();
    assert!(!moved.is_empty() && moved.iter().all(|(_, is)| *is == "node-1"));
}

#[test]
fn load_makes_a_node_lighter_and_moves_its_keys_alone() {
    let idle = nodes(&[1, 1]);
    let mut busy = idle.clone();
    busy[0].load_percent = 75;
    assert_share(&shares(&busy), 0, 0.2);
    let moved = assignment(&idle).into_iter().zip(assignment(&busy)).filter(|(was, is)| was != is);
    assert!(moved.into_iter().all(|(was, _)| was == "node-0"));
}

#[test]
fn a_node_in_full_use_is_the_last_to_get_more_and_still_gets_it() {
    let mut nodes = nodes(&[1, 1]);
    nodes[0].load_percent = 100;
    assert_share(&shares(&nodes), 0, 1.0 / 101.0);
    nodes[0].load_percent = 255;
    nodes.pop();
    assert_eq!(anywhere(&nodes, 0), "node-0");
}

#[test]
fn only_active_nodes_get_anything() {
    for status in NodeStatus::ALL {
        let mut nodes = nodes(&[1, 1]);
        nodes[0].status = status;
        let gets_some = shares(&nodes).contains_key("node-0");
        assert_eq!(gets_some, status == NodeStatus::Active, "{}", status.name());
    }
}

#[test]
fn a_node_that_failed_the_upload_is_left_out_of_the_retry() {
    let nodes = nodes(&[1, 1, 1]);
    for number in 0..100 {
        let first = anywhere(&nodes, number);
        let second = find(&nodes, key(number), ZoneRule::Any, &[&first]).unwrap().to_string();
        let third = find(&nodes, key(number), ZoneRule::Any, &[&first, &second]).unwrap().to_string();
        let used: BTreeSet<_> = [&first, &second, &third].into();
        assert_eq!(used.len(), 3);
        let refused = find(&nodes, key(number), ZoneRule::Any, &[&first, &second, &third]);
        assert_eq!(refused, Err(PlacementRefused::AllFailed { backend_id: Some(backend()) }));
    }
}

#[test]
fn the_zone_is_kept_or_preferred_as_asked() {
    let (east, north) = (zone("east"), zone("north"));
    let mut nodes = nodes(&[1, 1, 1]);
    nodes[1].zone = Some(zone("east"));
    nodes[2].zone = Some(zone("west"));
    for number in 0..100 {
        let find = |zone, failed: &[&str]| find(&nodes, key(number), zone, failed).map(|id| id.to_string());
        assert_eq!(find(ZoneRule::Only(&east), &[]).unwrap(), "node-1");
        assert_eq!(find(ZoneRule::Prefer(&east), &[]).unwrap(), "node-1");
        assert_ne!(find(ZoneRule::Prefer(&east), &["node-1"]).unwrap(), "node-1");
        assert!(find(ZoneRule::Prefer(&north), &[]).is_ok());
        let refused = PlacementRefused::AllFailed { backend_id: Some(backend()) };
        assert_eq!(find(ZoneRule::Only(&east), &["node-1"]), Err(refused));
        let refused = PlacementRefused::NoneInZone { backend_id: Some(backend()), zone: zone("north") };
        assert_eq!(find(ZoneRule::Only(&north), &[]), Err(refused));
    }
}

#[test]
fn says_which_condition_left_no_node() {
    let any = |nodes: &[Node]| find(nodes, key(0), ZoneRule::Any, &[]);
    let no_node = Err(PlacementRefused::NoNode { backend_id: Some(backend()) });
    let none_active = Err(PlacementRefused::NoneActive { backend_id: Some(backend()) });
    let changed = |change: fn(&mut Node)| {
        let mut node = node(0, 1);
        change(&mut node);
        any(&[node])
    };
    assert_eq!(any(&[]), no_node);
    assert_eq!(changed(|node| node.backend_ids = vec!["local".parse().unwrap()]), no_node);
    assert_eq!(changed(|node| node.status = NodeStatus::Removed), no_node);
    assert_eq!(changed(|node| node.status = NodeStatus::Suspect), none_active);
    assert_eq!(changed(|node| node.weight = 0), none_active);
}

#[test]
fn bytes_without_a_wish_go_to_any_node_that_can_write_at_all() {
    let mut nodes = nodes(&[1, 1]);
    nodes[0].backend_ids = vec!["local-0".parse().unwrap()];
    let none = BTreeSet::new();
    let wanted = |number| Wanted { key: key(number), backend_id: None, zone: ZoneRule::Any, failed: &none };
    let placed: BTreeSet<_> = (0..100).map(|number| place(&nodes, &wanted(number)).unwrap().node_id.clone()).collect();
    assert_eq!(placed.len(), 2);
    nodes[1].backend_ids.clear();
    assert!((0..100).all(|number| place(&nodes, &wanted(number)).unwrap().node_id == nodes[0].node_id));
    nodes[0].backend_ids.clear();
    assert_eq!(place(&nodes, &wanted(0)), Err(PlacementRefused::NoNode { backend_id: None }));
}

#[test]
fn each_refusal_has_a_code_and_says_whether_to_try_again() {
    let backend_id = Some(backend());
    let refusals = [
        PlacementRefused::NoNode { backend_id: backend_id.clone() },
        PlacementRefused::NoneActive { backend_id: backend_id.clone() },
        PlacementRefused::NoneInZone { backend_id: backend_id.clone(), zone: zone("east") },
        PlacementRefused::AllFailed { backend_id },
    ];
    for (refused, (code, _)) in refusals.into_iter().zip(CODES) {
        let fault = Fault::from(refused);
        assert_eq!(fault.code, *code);
        assert_eq!(fault.retry == Retry::SameRequest, fault.category == Category::Unavailable, "{fault}");
    }
}

#[test]
fn files_are_told_apart_by_package_and_path() {
    let (one, other) = (PackageId::from_bytes([1; 16]), PackageId::from_bytes([2; 16]));
    let path = |text: &str| text.parse().unwrap();
    assert_eq!(PlacementKey::of_file(one, &path("a")), PlacementKey::of_file(one, &path("a")));
    assert_ne!(PlacementKey::of_file(one, &path("a")), PlacementKey::of_file(other, &path("a")));
    assert_ne!(PlacementKey::of_file(one, &path("a")), PlacementKey::of_file(one, &path("b")));
}
