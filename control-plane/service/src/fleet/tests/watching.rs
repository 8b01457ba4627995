//! What happens by itself: silence, leases, keys, and what is written down.

use std::time::Duration;

use artifactstore_store::{Leases as _, Nodes as _};
use artifactstore_types::NodeStatus;
use tokio_util::sync::CancellationToken;

use super::{Node, Site};

#[tokio::test]
async fn a_node_that_falls_silent_is_suspect_and_one_that_is_heard_elsewhere_is_not() {
    let site = Site::new();
    let (silent, heard) = (Node::new("node-a", &["rgw"]), Node::new("node-b", &["rgw"]));
    site.plane(&silent);
    site.plane(&heard);
    let other = site.beside();
    let _one = site.active(&silent).await;
    let two = other.active(&heard).await;
    let silence = site.fleet.options().silence;
    site.clock.advance(silence + Duration::from_secs(1));
    two.hear(heard.heartbeat(0)).await.unwrap();
    other.fleet.write_down(Duration::ZERO).await.unwrap();
    let nodes = site.store.list_nodes().await.unwrap();
    site.fleet.suspect_silent(nodes).await.unwrap();
    assert_eq!(site.status(&silent).await, NodeStatus::Suspect);
    assert_eq!(site.status(&heard).await, NodeStatus::Active);
}

#[tokio::test]
async fn a_node_that_was_registered_and_never_heard_is_suspect_in_the_end() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    let _session = site.join(&node).await.unwrap();
    site.fleet.suspect_silent(site.store.list_nodes().await.unwrap()).await.unwrap();
    assert_eq!(site.status(&node).await, NodeStatus::Registered);
    site.clock.advance(site.fleet.options().silence + Duration::from_secs(1));
    site.fleet.suspect_silent(site.store.list_nodes().await.unwrap()).await.unwrap();
    assert_eq!(site.status(&node).await, NodeStatus::Suspect);
}

#[tokio::test]
async fn a_suspect_node_takes_work_again_once_it_is_heard() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    let session = site.active(&node).await;
    site.clock.advance(Duration::from_mins(1));
    site.fleet.suspect_silent(site.store.list_nodes().await.unwrap()).await.unwrap();
    site.fleet.refresh().await.unwrap();
    session.hear(node.heartbeat(0)).await.unwrap();
    assert_eq!(site.status(&node).await, NodeStatus::Active);
    site.fleet.suspect_silent(site.store.list_nodes().await.unwrap()).await.unwrap();
    assert_eq!(site.status(&node).await, NodeStatus::Active);
}

#[tokio::test(start_paused = true)]
async fn the_watch_moves_to_another_control_plane_when_its_holder_ends() {
    let site = Site::new();
    let node = Node::new("node-a", &["rgw"]);
    site.plane(&node);
    let other = site.beside();
    let (stop, stop_other) = (CancellationToken::new(), CancellationToken::new());
    let holder = tokio::spawn({
        let (fleet, stop) = (site.fleet.clone(), stop.clone());
        async move { fleet.run(stop).await }
    });
    while site.store.try_lease("nodes").await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let waiting = tokio::spawn({
        let (fleet, stop) = (other.fleet.clone(), stop_other.clone());
        async move { fleet.run(stop).await }
    });
    stop.cancel();
    holder.await.unwrap();
    let session = other.active(&node).await;
    site.clock.advance(Duration::from_mins(1));
    while site.status(&node).await != NodeStatus::Suspect {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(session);
    stop_other.cancel();
    waiting.await.unwrap();
    assert!(site.store.try_lease("nodes").await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_key_of_a_control_plane_is_trusted_while_it_lives_and_ends_by_itself() {
    let site = Site::new();
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (fleet, stop) = (site.fleet.clone(), stop.clone());
        async move { fleet.run(stop).await }
    });
    for _ in 0..20 {
        site.clock.advance(Duration::from_mins(10));
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = artifactstore_types::Clock::now(&site.clock);
        assert_eq!(site.store.list_control_keys(now).await.unwrap().len(), 1);
        assert_eq!(site.fleet.roster().keys.len(), 1);
    }
    stop.cancel();
    running.await.unwrap();
    let later = site.clock.advance(Duration::from_mins(61));
    assert_eq!(site.store.list_control_keys(later).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_heard_is_written_down_once_a_while() {
    let (site, node) = (Site::new(), Node::new("node-a", &["rgw"]));
    site.plane(&node);
    let session = site.active(&node).await;
    let first = site.record(&node).await.heard.unwrap();
    let often = Duration::from_secs(2);
    site.clock.advance(Duration::from_secs(1));
    session.hear(node.heartbeat(50)).await.unwrap();
    site.fleet.write_down(often).await.unwrap();
    assert_eq!(site.record(&node).await.heard.unwrap(), first);
    site.clock.advance(Duration::from_secs(2));
    session.hear(node.heartbeat(60)).await.unwrap();
    site.fleet.write_down(often).await.unwrap();
    assert_eq!(site.record(&node).await.heard.unwrap().heartbeat, node.heartbeat(60));
}
