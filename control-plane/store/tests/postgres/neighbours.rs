//! Several processes on one log. None is told what the others do; each has to notice.

use artifactstore_testkit::postgres::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tokio::task::JoinSet;

use crate::world::{
    addition, commit, creation, expect_whole, familiar_package, log, migrated, next_package, paths, store,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_append_to_one_package_without_gap_or_loss() {
    let database = TestDatabase::create().await;
    let first = migrated(database.url()).await;
    let package = familiar_package(&first).await;
    let mut all = JoinSet::new();
    for name in ["a", "b", "c"] {
        let store = store(database.url()).await;
        all.spawn(async move {
            for n in 0..40 {
                commit(&store, addition(package, &format!("{name}/{n}"))).await.unwrap();
            }
        });
    }
    all.join_all().await;
    assert_eq!(paths(&first, package).await.len(), 122);
    assert_eq!(log(&first).await.len(), 124);
    expect_whole(&first).await;
}

#[tokio::test]
async fn what_another_added_is_refused_a_second_time() {
    let database = TestDatabase::create().await;
    let (one, other) = (migrated(database.url()).await, store(database.url()).await);
    let package = familiar_package(&one).await;
    commit(&other, addition(package, "three")).await.unwrap();
    let refused = commit(&one, addition(package, "three")).await.unwrap_err();
    assert_eq!(&*refused.code, "AS-REG-0006");
    commit(&one, addition(package, "three/below")).await.unwrap_err();
    commit(&one, addition(package, "four")).await.unwrap();
    assert_eq!(paths(&other, package).await, ["four", "one", "three", "two"]);
    expect_whole(&one).await;
}

#[tokio::test]
async fn a_log_that_was_made_anew_is_not_taken_for_the_old_one() {
    let database = TestDatabase::create().await;
    let (one, other) = (migrated(database.url()).await, store(database.url()).await);
    let old = familiar_package(&one).await;
    other.migrate(true).await.unwrap();
    let new = familiar_package(&other).await;
    assert_eq!(one.load_head().await.unwrap(), 4, "the new log is to end where the old one did");

    let refused = commit(&one, addition(old, "three")).await.unwrap_err();
    assert_eq!(&*refused.code, "AS-REG-0001", "the package went with the old log");
    commit(&one, addition(new, "one")).await.unwrap_err();
    commit(&one, addition(new, "three")).await.unwrap();
    commit(&one, creation(next_package())).await.unwrap();
    assert_eq!(paths(&other, new).await, ["one", "three", "two"]);
    assert_eq!(one.load_head().await.unwrap(), 7);
    expect_whole(&one).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replays_while_another_appends_and_a_third_reads() {
    let database = TestDatabase::create().await;
    // Whoever waits looks for a deadlock at once: if there is one, it is found by the replay, which comes last.
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let name: String = admin.fetch_one("SELECT current_database()").await.unwrap().get(0);
    let impatient = format!("ALTER DATABASE {name} SET deadlock_timeout = '1ms'");
    sqlx::raw_sql(AssertSqlSafe(impatient)).execute(&mut admin).await.unwrap();
    let (one, other) = (migrated(database.url()).await, store(database.url()).await);
    let package = familiar_package(&one).await;
    let replaying = tokio::spawn(async move {
        for _ in 0..10 {
            other.replay(&|_, _| ()).await.unwrap();
        }
    });
    let mut added = 0;
    while !replaying.is_finished() {
        commit(&one, addition(package, &format!("{added}"))).await.unwrap();
        added += 1;
        assert_eq!(one.find_package(package).await.unwrap().unwrap().file_count, 2 + added);
        assert_eq!(paths(&one, package).await.len() as u64, 2 + added);
    }
    replaying.await.unwrap();
    expect_whole(&one).await;
}
