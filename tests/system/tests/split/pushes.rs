//! Directories that go to nodes and come back.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use artifactstore_client::{Progress, Remote, RemoteOptions, Step, push};
use artifactstore_types::{ByteRange, NodeStatus};
use futures::TryStreamExt as _;

use crate::{
    process::built,
    site::{Site, directory, eventually, prove, push_all, request},
};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_is_pushed_to_nodes_and_pulled_again_through_either_control_plane() {
    let site = Site::start(2).await;
    let mut sizes = vec![0, 1, 4 * KIB, 64 * KIB, 64 * KIB + 1, 3 * MIB, 20 * MIB + 7];
    sizes.extend((0..200).map(|n| n * 37 % 9_000));
    let evidence = directory(site.folder.path(), "evidence", &sizes);
    let pushed = push_all(&site.connection(0), &evidence).await;
    assert_eq!(pushed.bytes, sizes.iter().sum::<usize>() as u64);
    let kept = site.kept(1) + site.kept(2);
    assert!(kept >= pushed.bytes, "nodes keep {kept} bytes of {}", pushed.bytes);
    let package = pushed.package.package_id;
    prove(&site.connection(0), package, &evidence, &site.folder.path().join("copy-a")).await;
    prove(&site.connection(1), package, &evidence, &site.folder.path().join("copy-b")).await;

    let again = push_all(&site.connection(1), &evidence).await;
    assert_eq!(again.bytes_sent, 0, "what is there is not sent again");
    assert_eq!(site.kept(1) + site.kept(2), kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_of_a_client_does_what_it_says() {
    let site = Site::start(1).await;
    let evidence = directory(site.folder.path(), "evidence", &[0, 10, 5 * KIB, 2 * MIB]);
    let both = format!("{},{}", site.control_planes[0].grpc, site.control_planes[1].grpc);
    let mut example = tokio::process::Command::new(built("examples/evidence"));
    let ended = example.arg(both).arg(evidence).arg(site.folder.path().join("copy")).output().await.unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    for line in ["pushed 4 files", "pulled 4 files", "verified 4 files, 0 findings", "v1.package.finalized"] {
        assert!(said.contains(line), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_cannot_reach_the_nodes_goes_through_the_control_plane() {
    let site = Site::start(1).await;
    let evidence = directory(site.folder.path(), "evidence", &[0, 10, 5 * KIB, 2 * MIB]);
    let options = RemoteOptions { direct: false, ..RemoteOptions::default() };
    let through: Arc<dyn artifactstore_client::Connection> =
        Arc::new(Remote::connect(&site.control_planes[0].grpc, options).unwrap());
    let package = push_all(&through, &evidence).await.package.package_id;
    prove(&through, package, &evidence, &site.folder.path().join("through")).await;
    prove(&site.connection(1), package, &evidence, &site.folder.path().join("straight")).await;
}

/// Tells how much of a push has passed.
#[derive(Default)]
struct Passed(AtomicU64);

impl Progress for Passed {
    fn on(&self, step: Step) {
        if let Step::Bytes(bytes) = step {
            self.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_goes_on_at_another_node_where_one_is_killed_in_the_middle() {
    let mut site = Site::start(2).await;
    let mut sizes = vec![24 * MIB; 6];
    sizes.extend((0..3_000).map(|n| 1 + n * 61 % 20_000));
    let evidence = directory(site.folder.path(), "evidence", &sizes);
    let passed = Arc::new(Passed::default());
    let connection = site.connection(0);
    let pushing = tokio::spawn({
        let (request, passed) = (request(&evidence), Arc::clone(&passed));
        async move { push(&connection, request, passed, std::future::pending()).await }
    });
    eventually("some of the push has passed", async || passed.0.load(Ordering::Relaxed) > 30 * MIB as u64).await;
    site.nodes[0].kill();
    let pushed = pushing.await.unwrap().unwrap();
    assert_eq!(pushed.file_count, sizes.len() as u64);
    site.node_becomes(1, 1, NodeStatus::Suspect).await;

    // What the killed node had acknowledged is there again with it.
    site.restart_node(1);
    site.node_becomes(1, 1, NodeStatus::Active).await;
    let package = pushed.package.package_id;
    prove(&site.connection(1), package, &evidence, &site.folder.path().join("copy")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_begun_at_a_node_needs_neither_control_plane_nor_database() {
    let mut site = Site::start(1).await;
    let all = 64 * MIB;
    let evidence = directory(site.folder.path(), "evidence", &[all]);
    let package = push_all(&site.connection(0), &evidence).await.package.package_id;
    let connection = site.connection(0);
    let mut download =
        connection.download(package, &"sub/file-0".parse().unwrap(), ByteRange::default()).await.unwrap();
    assert!(download.bytes.try_next().await.unwrap().is_some());
    site.gate.shut();
    site.control_planes.iter_mut().for_each(crate::process::Process::kill);
    let count = Mutex::new(0);
    let rest = download.bytes.try_for_each(|chunk| {
        *count.lock().unwrap() += chunk.len();
        std::future::ready(Ok(()))
    });
    tokio::time::timeout(Duration::from_mins(1), rest).await.expect("it does not hang").unwrap();
    let rest = *count.lock().unwrap();
    assert!(rest > all / 2 && rest < all);
}
