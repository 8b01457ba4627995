//! Connections that are lost, a server that crashes, and commits whose answer never comes.

use std::sync::Arc;

use artifactstore_store::{Tail, TailOptions};
use artifactstore_testkit::postgres::TestDatabase;
use artifactstore_types::{Category, EventFilter, Namespace, Outcome, Retry};
use futures::StreamExt as _;
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

use crate::{
    proxy::{Cut, Proxy},
    server::Server,
    world::{addition, commit, creation, expect_whole, familiar_package, log, migrated, next_package, paths, store},
};

/// Every backend on this database but the one that asks.
const TERMINATE_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";
/// The one that waits for a lock, once there is one.
const TERMINATE_WAITING: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";

async fn wait_until_terminated(admin: &mut PgConnection) {
    while admin.fetch_all(TERMINATE_WAITING).await.unwrap().is_empty() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_were_lost_at_rest_are_made_again() {
    let database = TestDatabase::create().await;
    let store = migrated(database.url()).await;
    let package = familiar_package(&store).await;
    let tail = Tail::start(store.clone(), TailOptions::default());
    let mut following = tail.subscribe(Namespace::default(), 4, EventFilter::default(), true);
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    for n in 0..4 {
        let ended = admin.fetch_all(TERMINATE_ALL).await.unwrap();
        assert!(ended.iter().all(|row| row.get(0)), "a backend could not be ended");
        let committed = commit(&store, addition(package, &format!("after/{n}"))).await.unwrap();
        assert_eq!(committed.events[0].sequence, 5 + n);
        assert_eq!(store.find_package(package).await.unwrap().unwrap().file_count, 3 + n);
        assert_eq!(following.next().await.unwrap().unwrap().sequence, 5 + n);
    }
    expect_whole(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_while_it_waits_for_the_log_has_changed_nothing() {
    let database = TestDatabase::create().await;
    let store = migrated(database.url()).await;
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let mut holder = PgConnection::connect(database.url()).await.unwrap();
    let held = "BEGIN; SELECT sequence FROM event_log_head FOR UPDATE";
    sqlx::raw_sql(held).execute(&mut holder).await.unwrap();

    let package = next_package();
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { commit(&store, creation(package)).await }
    });
    wait_until_terminated(&mut admin).await;
    let fault = waiting.await.unwrap().unwrap_err();
    assert_eq!(
        (fault.category, fault.retry, fault.outcome),
        (Category::Unavailable, Retry::SameRequest, Outcome::NotApplied)
    );

    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(log(&store).await, []);
    commit(&store, creation(package)).await.unwrap();
    expect_whole(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_lost_before_anything_was_asked_is_done_again() {
    let database = TestDatabase::create().await;
    let store = migrated(database.url()).await;
    let package = familiar_package(&store).await;
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let mut holder = PgConnection::connect(database.url()).await.unwrap();
    let held = "BEGIN; SELECT sequence FROM event_log_head FOR UPDATE";
    sqlx::raw_sql(held).execute(&mut holder).await.unwrap();
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { commit(&store, addition(package, "three")).await }
    });
    wait_until_terminated(&mut admin).await;
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().events[0].sequence, 5);
    expect_whole(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_on_once_a_server_that_crashed_is_back() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let store = migrated(server.url()).await;
    let package = familiar_package(&store).await;
    let tail = Tail::start(store.clone(), TailOptions::default());
    let mut following = tail.subscribe(Namespace::default(), 4, EventFilter::default(), true);

    server.crash();
    let fault = store.find_package(package).await.unwrap_err();
    assert_eq!((fault.category, fault.retry), (Category::Unavailable, Retry::SameRequest));
    let fault = commit(&store, creation(next_package())).await.unwrap_err();
    assert_eq!((fault.category, fault.outcome), (Category::Unavailable, Outcome::NotApplied));
    assert_eq!(store.ping().await.unwrap_err().category, Category::Unavailable);
    server.restart();

    assert_eq!(paths(&store, package).await, ["one", "two"]);
    assert_eq!(commit(&store, addition(package, "three")).await.unwrap().events[0].sequence, 5);
    assert_eq!(following.next().await.unwrap().unwrap().sequence, 5);
    store.ping().await.unwrap();
    expect_whole(&store).await;
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_in_the_log() {
    let database = TestDatabase::create().await;
    migrated(database.url()).await;
    let proxy = Proxy::before(database.url()).await;
    let store = store(proxy.url()).await;
    let package = next_package();
    proxy.cut(Cut::Answer("COMMIT"));
    let committed = commit(&store, creation(package)).await.unwrap();
    assert!(proxy.has_cut());
    assert_eq!(log(&store).await, committed.events);
    commit(&store, addition(package, "one")).await.unwrap();
    expect_whole(&store).await;
}

#[tokio::test]
async fn what_was_committed_at_once_and_not_answered_is_found_in_the_log() {
    let database = TestDatabase::create().await;
    migrated(database.url()).await;
    let proxy = Proxy::before(database.url()).await;
    let store = store(proxy.url()).await;
    let package = familiar_package(&store).await;
    proxy.cut(Cut::Answer("SELECT 1"));
    let committed = commit(&store, addition(package, "three")).await.unwrap();
    assert!(proxy.has_cut());
    assert_eq!(log(&store).await[4..], committed.events);
    commit(&store, addition(package, "four")).await.unwrap();
    assert_eq!(paths(&store, package).await, ["four", "one", "three", "two"]);
    expect_whole(&store).await;
}

#[tokio::test]
async fn a_commit_that_never_reached_the_server_was_not_made() {
    let database = TestDatabase::create().await;
    migrated(database.url()).await;
    let proxy = Proxy::before(database.url()).await;
    let store = store(proxy.url()).await;
    let package = next_package();
    proxy.cut(Cut::Request("COMMIT"));
    let fault = commit(&store, creation(package)).await.unwrap_err();
    assert!(proxy.has_cut());
    assert_eq!(
        (fault.category, fault.retry, fault.outcome),
        (Category::Unavailable, Retry::SameRequest, Outcome::NotApplied)
    );
    assert_eq!(log(&store).await, []);
    assert_eq!(commit(&store, creation(package)).await.unwrap().events[0].sequence, 1);
    expect_whole(&store).await;
}

#[tokio::test]
async fn of_a_commit_that_cannot_be_looked_for_it_is_said_that_nobody_knows() {
    let database = TestDatabase::create().await;
    let direct = migrated(database.url()).await;
    let proxy = Proxy::before(database.url()).await;
    let store = store(proxy.url()).await;
    let package = familiar_package(&store).await;
    proxy.cut_for_good(Cut::Answer("SELECT 1"));
    let fault = commit(&store, addition(package, "three")).await.unwrap_err();
    assert_eq!((fault.category, fault.outcome), (Category::Unavailable, Outcome::Unknown));
    assert_eq!(paths(&direct, package).await, ["one", "three", "two"], "it was made");

    proxy.mend();
    let refused = commit(&store, addition(package, "three")).await.unwrap_err();
    assert_eq!(&*refused.code, "AS-REG-0006", "and is not made twice");
    assert_eq!(direct.load_head().await.unwrap(), 5);
    expect_whole(&store).await;
}
