//! PostgreSQL for tests: every test that asks gets an empty database of its own, so that tests run side by side and
//! nothing one leaves is seen by another. The server is the one that `ARTIFACTSTORE_TEST_DATABASE_URL` names, or else one
//! that is started for the purpose. Tables are not made here; whoever owns them makes them.

#[cfg(test)]
mod tests;

use std::{env, sync::OnceLock, thread};

use artifactstore_types::{Ids as _, SystemIds};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::service::{Running, Service};

/// The URL of a server on which tests may create databases, such as `postgres://postgres@localhost/postgres`.
pub const SERVER_VARIABLE: &str = "ARTIFACTSTORE_TEST_DATABASE_URL";

/// Its first lines are the server's process and start.
const POSTGRES: Service = Service { name: "pg", variables: "PG", running: &["data/postmaster.pid"] };

/// An empty database, removed with everything in it when this is dropped, even where it is still connected to.
///
/// It collates by language, not by bytes, as databases do where nobody thought of it: a statement that needs the order of
/// bytes and does not say so shows here.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// A new database.
    ///
    /// # Panics
    /// Where there is no server and none can be started, or it refuses.
    pub async fn create() -> Self {
        let server = server().await;
        let name = format!("artifactstore_test_{}", SystemIds.next().simple());
        let sql = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'und'"
        );
        execute(&server, sql).await.unwrap_or_else(|error| panic!("create a test database: {error}"));
        let url = with_database(&server, &name);
        Self { server, name, url }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, sql) = (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // A runtime of its own: the test's may be shutting down, and cannot be waited on from here.
        let removal = thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(execute(&server, sql))
        });
        // A database that stays behind is no reason to fail a test, or to panic a second time.
        drop(removal.join());
    }
}

async fn server() -> String {
    match env::var(SERVER_VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => tokio::task::spawn_blocking(started).await.expect("a PostgreSQL for tests"),
    }
}

/// The URL of a server that runs for as long as this process does.
fn started() -> String {
    static STARTED: OnceLock<Running> = OnceLock::new();
    STARTED.get_or_init(|| POSTGRES.start()).printed.trim().to_owned()
}

async fn execute(server: &str, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

/// The URL of another database on the same server: authority and parameters stay, the path changes.
fn with_database(server: &str, name: &str) -> String {
    let (rest, parameters) = server.split_once('?').map_or((server, None), |(rest, after)| (rest, Some(after)));
    let (scheme, rest) = rest.split_once("://").expect("the URL of a PostgreSQL server has a scheme");
    let authority = rest.split('/').next().unwrap_or_default();
    let parameters = parameters.map(|text| format!("?{text}")).unwrap_or_default();
    format!("{scheme}://{authority}/{name}{parameters}")
}
