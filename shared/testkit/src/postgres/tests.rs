//! Needs a server, as every test on PostgreSQL does.

use super::*;

async fn connect(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(database.url()).await.expect("connect")
}

async fn exists(server: &str, name: &str) -> bool {
    let mut connection = PgConnection::connect(server).await.expect("connect");
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .expect("read pg_database")
}

#[tokio::test]
async fn two_tests_do_not_see_each_others_tables() {
    let (one, other) = tokio::join!(TestDatabase::create(), TestDatabase::create());
    for database in [&one, &other] {
        let mut connection = connect(database).await;
        sqlx::raw_sql("CREATE TABLE only_mine (id BIGINT)").execute(&mut connection).await.expect("an empty database");
    }
}

#[tokio::test]
async fn a_database_is_removed_while_it_is_still_connected_to() {
    let database = TestDatabase::create().await;
    let (server, name) = (database.server.clone(), database.name.clone());
    let _connected = connect(&database).await;
    assert!(exists(&server, &name).await);
    drop(database);
    assert!(!exists(&server, &name).await);
}

#[tokio::test]
async fn a_test_database_does_not_order_text_by_bytes_unless_told_to() {
    let database = TestDatabase::create().await;
    let mut connection = connect(&database).await;
    let (by_language, by_bytes): (bool, bool) =
        sqlx::query_as("SELECT 'a' < 'B', 'a' < 'B' COLLATE \"C\"").fetch_one(&mut connection).await.expect("compare");
    assert!(by_language && !by_bytes);
}

#[test]
fn the_database_of_a_url_is_replaced_and_nothing_else() {
    let cases = [
        ("postgres://postgres@%2Ftmp%2Fpg/postgres", "postgres://postgres@%2Ftmp%2Fpg/new"),
        ("postgresql://me:secret@db:5433/old?sslmode=disable", "postgresql://me:secret@db:5433/new?sslmode=disable"),
        ("postgres://localhost", "postgres://localhost/new"),
        ("postgres://localhost?host=/run/pg", "postgres://localhost/new?host=/run/pg"),
    ];
    for (server, expected) in cases {
        assert_eq!(with_database(server, "new"), expected);
    }
}
