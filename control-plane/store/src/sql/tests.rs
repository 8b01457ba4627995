//! The statements and the schemas, on both engines.

mod room;

use std::{collections::BTreeMap, path::Path};

use artifactstore_testkit::postgres::TestDatabase;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _, SqlSafeStr as _};

use super::{
    engine::{Connection, Engine},
    open_postgres, open_sqlite,
    postgres::PostgresEngine,
    sqlite::SqliteEngine,
    statements::SIZES,
};
use crate::{StoreOptions, Upkeep as _};

async fn sqlite() -> (tempfile::TempDir, Connection<SqliteEngine>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("artifactstore.db");
    let store = open_sqlite(path, StoreOptions::default()).await.unwrap();
    store.migrate(false).await.unwrap();
    (directory, store.parts.upkeep.connect().await.unwrap())
}

async fn postgres() -> (TestDatabase, Connection<PostgresEngine>) {
    let database = TestDatabase::create().await;
    let store = open_postgres(database.url(), StoreOptions::default()).unwrap();
    store.migrate(false).await.unwrap();
    (database, store.parts.upkeep.connect().await.unwrap())
}

#[tokio::test]
async fn every_statement_prepares_on_sqlite() {
    let (_directory, mut connection) = sqlite().await;
    SqliteEngine::run(&mut connection, SqliteEngine::CREATE_SHADOWS).await.unwrap();
    for statement in SqliteEngine::STATEMENTS.all() {
        for (size, rows) in SIZES.iter().enumerate() {
            let text = AssertSqlSafe(statement.repeated(size)).into_sql_str();
            if let Err(error) = (&mut connection).prepare(text).await {
                panic!("{} for {rows} rows: {error}", statement.name);
            }
        }
    }
}

/// Statements whose purpose is to read a whole table.
const READ_EVERYTHING: [&str; 6] =
    ["forget_keys", "list_classes", "list_control_keys", "list_migrations", "list_nodes", "list_revision_gaps"];
/// What a plan may walk through from end to end: rows that were handed in, and what was made of them.
const HANDED_IN: [&str; 5] = ["asked", "change", "moved", "page", "numbered"];

#[tokio::test]
async fn every_question_to_sqlite_has_its_index() {
    let (_directory, mut connection) = sqlite().await;
    SqliteEngine::run(&mut connection, "PRAGMA automatic_index = OFF").await.unwrap();
    let all = SqliteEngine::STATEMENTS.all();
    let questions = all.iter().filter(|one| !one.name.starts_with("compare_") && !READ_EVERYTHING.contains(&one.name));
    for statement in questions {
        let text = format!("EXPLAIN QUERY PLAN {}", statement.repeated(3));
        for row in (&mut connection).fetch_all(AssertSqlSafe(text)).await.unwrap() {
            let step: String = sqlx::Row::get(&row, "detail");
            let walked = step.strip_prefix("SCAN ").filter(|what| {
                !HANDED_IN.contains(what)
                    && !what.starts_with('(')
                    && !what.ends_with("VALUES CLAUSE")
                    && !what.ends_with("CONSTANT ROWS")
            });
            assert_eq!(walked, None, "{}: {step}", statement.name);
        }
    }
}

#[tokio::test]
async fn every_statement_prepares_on_postgres() {
    let (_database, mut connection) = postgres().await;
    PostgresEngine::run(&mut connection, PostgresEngine::CREATE_SHADOWS).await.unwrap();
    for statement in PostgresEngine::STATEMENTS.all() {
        if let Err(error) = (&mut connection).prepare(statement.text.into_sql_str()).await {
            panic!("{}: {error}", statement.name);
        }
    }
}

#[test]
fn every_statement_is_in_one_file_or_in_one_a_engine() {
    let folder = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql/statements").join(name);
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(folder("postgres"), folder("sqlite"));
    let mut known: Vec<_> =
        PostgresEngine::STATEMENTS.all().iter().map(|statement| statement.name.to_owned()).collect();
    known.sort();
    let mut files = [folder("portable"), folder("sqlite")].concat();
    files.sort();
    assert_eq!(known, files);
}

#[test]
fn every_migration_file_is_embedded() {
    for (engine, migrations) in [("postgres", PostgresEngine::MIGRATIONS), ("sqlite", SqliteEngine::MIGRATIONS)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(engine);
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let embedded: Vec<_> = migrations.iter().map(|(_, name, _)| (*name).to_owned()).collect();
        assert_eq!(embedded, files);
        for (number, name, _) in migrations {
            assert!(name.starts_with(&format!("{number:04}_")));
        }
    }
}

type Schema = BTreeMap<(String, String), (String, bool)>;

/// What a type is for, whatever an engine calls it.
fn family(declared: &str) -> String {
    let family = match declared.to_ascii_lowercase().as_str() {
        "bigint" | "integer" | "boolean" => "number",
        "text" => "text",
        "blob" | "bytea" => "bytes",
        other => panic!("{other} is a type that no column has yet"),
    };
    family.to_owned()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let (_directory, mut lite) = sqlite().await;
    let (_database, mut server) = postgres().await;

    let columns = "SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk > 0 FROM sqlite_master AS t, pragma_table_info(t.name) AS c
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> '_sqlx_migrations'";
    let rows = lite.fetch_all(columns).await.unwrap();
    let in_lite: Schema = rows.iter().map(|row| ((row.get(0), row.get(1)), (family(row.get(2)), row.get(3)))).collect();
    let columns = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO'
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";
    let rows = server.fetch_all(columns).await.unwrap();
    let on_server: Schema =
        rows.iter().map(|row| ((row.get(0), row.get(1)), (family(row.get(2)), row.get(3)))).collect();
    assert!(in_lite.len() > 50);
    assert_eq!(in_lite, on_server);

    // Without the columns that an engine's own keys are made of: what is unique, and what is looked for.
    let indexes = "SELECT t.name || ' ' || i.\"unique\" || ' ' || (
            SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)
        ) FROM sqlite_master AS t, pragma_index_list(t.name) AS i WHERE t.type = 'table' AND t.name NOT LIKE '_sqlx%'";
    let mut in_lite: Vec<String> = lite.fetch_all(indexes).await.unwrap().iter().map(|row| row.get(0)).collect();
    // An INTEGER PRIMARY KEY is the table itself.
    in_lite.push("events 1 sequence".to_owned());
    in_lite.sort();
    let indexes = "SELECT c.relname || ' ' || i.indisunique::int || ' ' || (
            SELECT string_agg(a.attname, ',' ORDER BY k.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        ) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
        JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname NOT LIKE '_sqlx%'";
    let mut on_server: Vec<String> = server.fetch_all(indexes).await.unwrap().iter().map(|row| row.get(0)).collect();
    on_server.sort();
    assert_eq!(in_lite, on_server);
}

#[tokio::test]
async fn a_fresh_start_leaves_nothing_behind() {
    let (_directory, mut lite) = sqlite().await;
    SqliteEngine::run(&mut lite, SqliteEngine::DROP_EVERYTHING).await.unwrap();
    let left = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'";
    assert_eq!(lite.fetch_all(left).await.unwrap().len(), 0);

    let (_database, mut server) = postgres().await;
    PostgresEngine::run(&mut server, PostgresEngine::DROP_EVERYTHING).await.unwrap();
    let left = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace";
    assert_eq!(server.fetch_all(left).await.unwrap().len(), 0);
    server.close().await.unwrap();
}

#[tokio::test]
async fn events_are_never_changed_even_by_hand() {
    let (_directory, mut lite) = sqlite().await;
    let insert = "INSERT INTO events VALUES (1, zeroblob(16), 'n', 't', 'package', 's', 1, 'a', 0, x'', zeroblob(32), zeroblob(32))";
    lite.execute(insert).await.unwrap();
    for change in ["UPDATE events SET actor = 'b'", "DELETE FROM events"] {
        assert!(lite.execute(change).await.is_err(), "{change}");
    }
    let (_database, mut server) = postgres().await;
    for change in ["UPDATE events SET actor = 'b'", "DELETE FROM events", "TRUNCATE events"] {
        assert!(server.execute(change).await.is_err(), "{change}");
    }
}
