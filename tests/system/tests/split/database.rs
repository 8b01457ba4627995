//! A site whose database is gone for a while.

use artifactstore_client::Connection as _;
use artifactstore_testkit::new_package;
use artifactstore_types::{Category, Outcome, Retry};

use crate::site::{Site, directory, eventually, prove, push_all};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_a_site_says_so_refuses_in_time_and_recovers_by_itself() {
    let site = Site::start(2).await;
    let evidence = directory(site.folder.path(), "evidence", &[10, 100_000, 3 << 20]);
    push_all(&site.connection(0), &evidence).await;
    let actor = "tester".parse().unwrap();
    site.gate.shut();
    for process in &site.control_planes {
        let remote = process.remote();
        eventually("it says that its database is gone", async || {
            remote.health().await.is_ok_and(|health| health.database_fault.is_some())
        })
        .await;
        let began = tokio::time::Instant::now();
        let fault = remote.create_package(&actor, new_package("run"), None).await.unwrap_err();
        assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest), "{fault}");
        assert_eq!(fault.outcome, Outcome::NotApplied);
        assert!(began.elapsed().as_secs() < 30, "it hangs");
    }
    site.gate.open();
    for control_plane in 0..2 {
        let connection = site.connection(control_plane);
        eventually("it serves again", async || connection.health().await.is_ok_and(|health| health.serving())).await;
        let pushed = push_all(&connection, &evidence).await;
        let copy = site.folder.path().join(format!("copy-{control_plane}"));
        prove(&connection, pushed.package.package_id, &evidence, &copy).await;
    }
}
