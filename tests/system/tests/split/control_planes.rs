//! Several control planes on one database: each serves everything, and what one alone does moves when it is gone.

use std::sync::Arc;

use artifactstore_client::{Connection, Remote, RemoteOptions, TailRequest, tail};
use artifactstore_testkit::new_package;
use artifactstore_types::{EventRecord, Fault, NodeStatus};
use futures::{StreamExt as _, stream::BoxStream};

use crate::site::{Site, eventually};

const WATCHING: &str = "watching over the nodes";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_lease_holder_did_is_done_by_another_within_seconds_of_its_end() {
    let mut site = Site::start(1).await;
    let holds = |site: &Site, index: usize| site.control_planes[index].logged().contains(WATCHING);
    eventually("one of them watches over the nodes", async || holds(&site, 0) || holds(&site, 1)).await;
    let holder = usize::from(holds(&site, 1));
    assert!(!holds(&site, 1 - holder), "only one of them may");
    site.control_planes[holder].kill();
    eventually("the other one watches over the nodes", async || holds(&site, 1 - holder)).await;
    site.nodes[0].kill();
    site.node_becomes(1 - holder, 1, NodeStatus::Suspect).await;
}

/// Reads events until one has this sequence.
async fn read_to(events: &mut BoxStream<'static, Result<Arc<EventRecord>, Fault>>, last: u64, read: &mut Vec<u64>) {
    while read.last().is_none_or(|sequence| *sequence < last) {
        read.push(events.next().await.expect("it goes on").expect("an event").sequence);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_goes_on_at_another_control_plane_without_hole_or_repeat() {
    let mut site = Site::start(1).await;
    let actor = "tester".parse().unwrap();
    let (first, second) = (site.connection(0), site.connection(1));
    let both = format!("{},{}", site.control_planes[0].grpc, site.control_planes[1].grpc);
    let both: Arc<dyn Connection> = Arc::new(Remote::connect(&both, RemoteOptions::default()).unwrap());
    let begin = first.health().await.unwrap().head.unwrap();
    let mut read = vec![begin];
    let mut events = tail(&both, TailRequest { since: begin, follow: true, ..TailRequest::default() });
    for connection in [&first, &second, &first, &second] {
        connection.create_package(&actor, new_package("run"), None).await.unwrap();
    }
    read_to(&mut events, begin + 4, &mut read).await;
    site.control_planes[0].kill();
    for _ in 0..3 {
        second.create_package(&actor, new_package("run"), None).await.unwrap();
    }
    read_to(&mut events, begin + 14, &mut read).await;
    assert_eq!(read, (begin..=begin + 14).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_plane_that_is_asked_to_end_ends_in_order_and_the_site_goes_on() {
    let mut site = Site::start(1).await;
    let events = site.connection(0).tail(TailRequest { follow: true, ..TailRequest::default() });
    site.control_planes[0].end();
    let fault = events.filter_map(|event| std::future::ready(event.err())).next().await.expect("it says why it ends");
    assert_eq!(fault.category, artifactstore_types::Category::Unavailable, "{fault}");
    let package =
        site.connection(1).create_package(&"tester".parse().unwrap(), new_package("run"), None).await.unwrap();
    assert_eq!(site.connection(1).load_package(package.package_id).await.unwrap(), package);
}
