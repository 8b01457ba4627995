//! The one connection that appends, and what it knows of the packages it has last written about.
//!
//! Invariants: whoever holds the writer is alone with it in this process. The connection is taken out while a transaction
//! is open and put back when that has ended well; after anything else, a dropped future included, it is closed, and with
//! it whatever it had begun. What is remembered of a package is used only while the log is the same and ends where this
//! writer left it: nothing can have changed a package without moving the log's head, or making another log.

use std::collections::{BTreeSet, HashMap};

use artifactstore_registry::Package;
use artifactstore_types::{Fault, PackageId, Sequence};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use super::{
    ConnectOptions, Session,
    engine::{Connection, Engine},
};
use crate::{StoreOptions, faults};

/// How many packages are remembered: those that many producers add to at once.
const REMEMBERED: usize = 4_096;

/// See the module.
pub(super) struct Writer<E: Engine> {
    idle: Option<Connection<E>>,
    closed: bool,
    end: Option<LogEnd>,
    states: HashMap<PackageId, Package>,
}

/// A transaction that holds the log's lock.
pub(super) struct Append<E: Engine> {
    pub(super) connection: Connection<E>,
    /// Where the log ends.
    pub(super) end: LogEnd,
}

/// Where a log ends, and which log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogEnd {
    /// The sequence of the last event.
    pub(super) head: Sequence,
    /// What tells the log from one that was made in its place.
    pub(super) log_id: i64,
}

impl<E: Engine> Writer<E> {
    pub(super) fn new() -> Self {
        Self { idle: None, closed: false, end: None, states: HashMap::new() }
    }

    /// Begins a transaction. That an idle connection has died is found out by using it, once.
    pub(super) async fn begin(
        &mut self,
        connect: &ConnectOptions<E>,
        options: &StoreOptions,
        operation: &str,
    ) -> Result<Append<E>, Fault> {
        if self.closed {
            return Err(faults::stopping());
        }
        if let Some(mut connection) = self.idle.take() {
            let mut session = Session::<E> { operation, connection: &mut connection };
            match session.begin_append().await {
                Ok(end) => return Ok(Append { connection, end }),
                Err(fault) => tracing::debug!(%fault, "the idle connection is of no use; another is made"),
            }
        }
        let deadline = options.acquire_deadline;
        let connected = timeout(deadline, connect.connect()).await.map_err(|_| faults::unreachable(operation))?;
        let mut connection = connected.map_err(|error| E::fault(operation, &error))?;
        let end = Session::<E> { operation, connection: &mut connection }.begin_append().await?;
        Ok(Append { connection, end })
    }

    /// What is known of these packages in a log that ends here: all of them, or nothing.
    pub(super) fn recall(&self, end: LogEnd, packages: &BTreeSet<PackageId>) -> Option<HashMap<PackageId, Package>> {
        if self.end != Some(end) {
            return None;
        }
        packages.iter().map(|id| self.states.get(id).map(|state| (*id, state.clone()))).collect()
    }

    /// Takes a connection back, whose transaction has ended without a change.
    pub(super) fn rest(&mut self, connection: Connection<E>) {
        self.idle = Some(connection);
    }

    /// Remembers what was committed when a log that ended at `before` came to end at `head`.
    pub(super) fn remember(&mut self, before: LogEnd, head: Sequence, states: HashMap<PackageId, Package>) {
        if self.end != Some(before) || self.states.len() + states.len() > REMEMBERED {
            self.states.clear();
        }
        self.end = Some(LogEnd { head, ..before });
        self.states.extend(states);
    }

    /// Ends the connection, and appends no more.
    pub(super) async fn close(&mut self) {
        self.closed = true;
        if let Some(connection) = self.idle.take() {
            // It is gone either way.
            let _ = connection.close().await;
        }
    }
}
