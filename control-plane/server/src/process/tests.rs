//! A control plane as a process holds it: it starts on nothing, keeps its key, and ends in order.

use std::os::unix::fs::PermissionsExt as _;

use artifactstore_client::{Connection as _, Remote, RemoteOptions};
use artifactstore_testkit::new_package;

use super::*;

fn settings(directory: &Path, database_url: &str) -> ControlPlaneSettings {
    let variables = [
        ("ARTIFACTSTORE_DATABASE_URL", database_url.to_owned()),
        ("ARTIFACTSTORE_KEY_FILE", directory.join("keys/control-plane.pem").display().to_string()),
        ("ARTIFACTSTORE_GRPC_ADDR", "127.0.0.1:0".to_owned()),
        ("ARTIFACTSTORE_HTTP_ADDR", "127.0.0.1:0".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
    ControlPlaneSettings::load(&artifactstore_kit::Sources { file: None, variables }).unwrap()
}

#[tokio::test]
async fn a_control_plane_makes_its_database_and_key_and_leaves_both_to_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("registry.db").display());
    let settings = settings(directory.path(), &url);
    let mut stored = None;
    for round in 0..2 {
        let control_plane = ControlPlane::open(&settings).await.unwrap();
        let key = control_plane.fleet.signing_key().key_id();
        assert_eq!(*stored.get_or_insert(key), key);
        let mode = std::fs::metadata(&settings.key_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let remote =
            Remote::connect(&format!("http://{}", control_plane.server().grpc_addr()), RemoteOptions::default())
                .unwrap();
        let shutdown = Shutdown::new();
        let running = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { control_plane.run(&shutdown).await }
        });
        // The schema may not be there at once.
        while remote.create_package(&"tester".parse().unwrap(), new_package("run"), None).await.is_err() {
            tokio::task::yield_now().await;
        }
        let health = remote.health().await.unwrap();
        assert!(!health.serving(), "there are no nodes");
        assert_eq!(remote.list_nodes(None, true).await.unwrap(), []);
        assert_eq!(health.head, Some(2 * (round + 1)));
        shutdown.request();
        running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("registry.db").display());
    let settings = settings(directory.path(), &url);
    load_or_make_key(&settings.key_file).unwrap();
    std::fs::set_permissions(&settings.key_file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(&*ControlPlane::open(&settings).await.err().unwrap().code, "AS-DPL-0012");
}

#[tokio::test]
async fn a_control_plane_starts_though_its_database_does_not_answer() {
    let directory = tempfile::tempdir().unwrap();
    let settings = settings(directory.path(), "postgres://nobody@127.0.0.1:1/none");
    let control_plane = ControlPlane::open(&settings).await.unwrap();
    let remote =
        Remote::connect(&format!("http://{}", control_plane.server().grpc_addr()), RemoteOptions::default()).unwrap();
    let shutdown = Shutdown::new();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { control_plane.run(&shutdown).await }
    });
    let health = remote.health().await.unwrap();
    assert!(health.database_fault.is_some());
    let fault = remote.create_package(&"tester".parse().unwrap(), new_package("run"), None).await.unwrap_err();
    assert_eq!((fault.category, fault.retry), (Category::Unavailable, artifactstore_types::Retry::SameRequest));
    shutdown.request();
    running.await.unwrap().unwrap();
}
