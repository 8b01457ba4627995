//! The store over a database: one body for both engines, which differ behind [`engine::Engine`].
//!
//! Invariants: whoever appends holds the log's lock from the first statement of the transaction to its commit, so that
//! sequences are gapless and become visible in order; views change in the transaction that appends the events they fold;
//! no statement runs without a deadline.

mod append;
mod contracts;
mod decode;
mod engine;
mod facts;
mod listener;
mod log;
mod migrations;
mod nodes;
mod postgres;
mod settle;
mod sqlite;
mod statements;
#[cfg(test)]
mod tests;
mod upkeep;
mod views;
mod write;
mod writer;

use std::{
    any::Any,
    future::Future,
    sync::{Mutex as SyncMutex, PoisonError},
};

use artifactstore_types::{Fault, Sequence};
use futures::TryStreamExt as _;
use sqlx::{Database, Pool};
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};

use self::engine::{Argument, Connection, Engine, Rows};
use crate::{StoreOptions, faults};

pub(crate) use listener::Listener;
pub(crate) use postgres::open as open_postgres;
pub(crate) use sqlite::open as open_sqlite;
use statements::Statement;
use writer::Writer;

type Row<E> = <<E as Engine>::Db as Database>::Row;
type ConnectOptions<E> = <Connection<E> as sqlx::Connection>::Options;

/// What an engine's `open` puts together.
pub(crate) struct Parts<E: Engine> {
    /// How the connection that appends is made.
    pub(crate) writer: ConnectOptions<E>,
    /// For everything that only reads.
    pub(crate) readers: Pool<E::Db>,
    /// Who does what only one process may do at a time.
    pub(crate) leases: E::Leases,
    /// How a connection for upkeep is made: of its own, without the limits of those that serve.
    pub(crate) upkeep: ConnectOptions<E>,
    /// The last sequence known here.
    pub(crate) head: watch::Sender<Sequence>,
    /// What was set.
    pub(crate) options: StoreOptions,
    /// Kept for as long as the store is open.
    pub(crate) held: SyncMutex<Option<Box<dyn Any + Send + Sync>>>,
    /// Hears of what other processes append, where there can be any.
    pub(crate) listener: Option<Listener>,
}

/// A store over a database.
pub(crate) struct SqlStore<E: Engine> {
    parts: Parts<E>,
    writer: Mutex<Writer<E>>,
}

impl<E: Engine> SqlStore<E> {
    pub(crate) fn new(parts: Parts<E>) -> Self {
        Self { parts, writer: Mutex::new(Writer::new()) }
    }

    /// Ends every connection, and only then lets go of what was held while there were any.
    async fn let_go(&self) {
        if let Some(listener) = &self.parts.listener {
            listener.stop();
        }
        self.parts.readers.close().await;
        self.writer.lock().await.close().await;
        let held = self.parts.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(held);
    }

    /// Asks a question and decodes each row of the answer.
    async fn read<T: Send>(
        &self,
        operation: &str,
        statement: &'static Statement,
        arguments: &[Argument<'_>],
        decode: impl Fn(&Row<E>) -> Result<T, Fault> + Send,
    ) -> Result<Vec<T>, Fault> {
        let decoded = self.within(operation, async move {
            let mut connection = self.parts.readers.acquire().await?;
            // Rows are decoded while the database makes the next ones.
            let rows = E::scan(&mut connection, statement, arguments)?;
            rows.map_ok(move |row| decode(&row)).try_collect::<Vec<_>>().await
        });
        decoded.await?.into_iter().collect()
    }

    /// Asks one question about many rows and decodes each row of the answer.
    async fn read_bulk<T>(
        &self,
        operation: &str,
        statement: &'static Statement,
        asked: &Rows<'_>,
        decode: impl Fn(&Row<E>) -> Result<T, Fault> + Send,
    ) -> Result<Vec<T>, Fault> {
        let rows = self
            .within(operation, async {
                let mut connection = self.parts.readers.acquire().await?;
                E::fetch_bulk(&mut connection, statement, asked).await
            })
            .await?;
        rows.iter().map(decode).collect()
    }

    /// Does this within the deadline of one operation.
    async fn within<T>(
        &self,
        operation: &str,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, Fault> {
        let deadline = self.parts.options.deadline;
        let done = timeout(deadline, work).await.map_err(|_| faults::too_slow(operation, deadline))?;
        done.map_err(|error| E::fault(operation, &error))
    }
}

/// A connection in the middle of an operation.
struct Session<'c, E: Engine> {
    operation: &'c str,
    connection: &'c mut Connection<E>,
}

impl<E: Engine> Session<'_, E> {
    async fn fetch(&mut self, statement: &'static Statement, arguments: &[Argument<'_>]) -> Result<Vec<Row<E>>, Fault> {
        E::fetch(self.connection, statement, arguments).await.map_err(|error| E::fault(self.operation, &error))
    }

    async fn run(&mut self, script: &'static str) -> Result<(), Fault> {
        E::run(self.connection, script).await.map_err(|error| E::fault(self.operation, &error))
    }

    async fn run_all(&mut self, scripts: &'static [&'static str]) -> Result<(), Fault> {
        for script in scripts {
            self.run(script).await?;
        }
        Ok(())
    }

    async fn fetch_bulk(&mut self, statement: &'static Statement, rows: &Rows<'_>) -> Result<Vec<Row<E>>, Fault> {
        E::fetch_bulk(self.connection, statement, rows).await.map_err(|error| E::fault(self.operation, &error))
    }
}
