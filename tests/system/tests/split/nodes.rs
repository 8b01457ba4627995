//! What operators do with nodes.

use artifactstore_client::Connection as _;
use artifactstore_types::{Category, NodeStatus};

use crate::site::{Site, directory, prove, push_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_node_takes_nothing_new_gives_what_it_has_and_can_be_removed() {
    let mut site = Site::start(2).await;
    let actor = "operator".parse().unwrap();
    let node = "node-1".parse().unwrap();
    let before = directory(site.folder.path(), "before", &[100_000; 12]);
    let kept_before = push_all(&site.connection(0), &before).await.package.package_id;
    let operator = site.control_planes[1].remote();
    operator.drain_node(&actor, &node, false).await.unwrap();
    let kept = site.kept(1);
    assert!(kept > 0, "none of twelve blobs went to the node");
    let after = directory(site.folder.path(), "after", &[100_000; 12]);
    let package = push_all(&site.connection(1), &after).await.package.package_id;
    assert_eq!(site.kept(1), kept, "a node that drains took something");
    prove(&site.connection(1), package, &after, &site.folder.path().join("copy-after")).await;
    prove(&site.connection(1), kept_before, &before, &site.folder.path().join("copy-before")).await;

    operator.drain_node(&actor, &node, true).await.unwrap();
    site.node_becomes(0, 1, NodeStatus::Active).await;
    let refused = operator.remove_node(&actor, &node).await.unwrap_err();
    assert_eq!(refused.category, Category::FailedPrecondition);

    operator.drain_node(&actor, &node, false).await.unwrap();
    assert_eq!(operator.remove_node(&actor, &node).await.unwrap().status, NodeStatus::Removed);
    assert_eq!(operator.list_nodes(None, false).await.unwrap().len(), 1);
    // It may end of itself, now that nobody takes it; under its id it never comes back.
    site.nodes[0].kill();
    site.restart_node(1);
    let again = directory(site.folder.path(), "again", &[50_000; 4]);
    push_all(&site.connection(0), &again).await;
    assert_eq!(operator.load_node(&node).await.unwrap().status, NodeStatus::Removed);
    assert_eq!(site.kept(1), kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_ends_in_order_is_suspect_at_once_and_active_when_it_is_back() {
    let mut site = Site::start(1).await;
    site.nodes[0].end();
    for control_plane in 0..2 {
        site.node_becomes(control_plane, 1, NodeStatus::Suspect).await;
    }
    site.restart_node(1);
    for control_plane in 0..2 {
        site.node_becomes(control_plane, 1, NodeStatus::Active).await;
    }
}
