//! The one connection that appends, and what it knows of the packages and streams it has last written about: their state,
//! and the paths of those packages it has known since they were empty.
//!
//! Invariants: whoever holds the writer is alone with it in this process. The connection is taken out while it is used and
//! put back when that has ended well; after anything else, a dropped future included, it is closed, and with it whatever it
//! had begun. What is remembered is used only while the log is the same and ends where this writer left it: nothing can
//! have changed without moving the log's head, or making another log.

use std::collections::{BTreeSet, HashMap};

use artifactstore_registry::{Facts, Package, Tree};
use artifactstore_types::{Fault, PackageId, Sequence};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use super::{
    ConnectOptions, Session,
    contracts::RememberedStreams,
    engine::{Connection, Engine},
};
use crate::{StoreOptions, faults};

/// How many packages are remembered: those that many producers add to at once.
const REMEMBERED: usize = 4_096;
/// How many paths are remembered, of all packages together: some 15 MiB.
const REMEMBERED_PATHS: usize = 65_536;

/// See the module.
pub(super) struct Writer<E: Engine> {
    idle: Option<Connection<E>>,
    closed: bool,
    /// Where the log ended when this writer last appended to it.
    end: Option<LogEnd>,
    /// Whether that was also where the log had ended before: nobody else appends at this time.
    alone: bool,
    packages: HashMap<PackageId, Known>,
    paths: usize,
    streams: RememberedStreams,
}

/// What is remembered of one package.
struct Known {
    state: Package,
    tree: Option<Tree>,
}

/// What decisions about some packages need to know of them.
pub(super) type Remembered = (HashMap<PackageId, Package>, Facts);

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
        Self {
            idle: None,
            closed: false,
            end: None,
            alone: false,
            packages: HashMap::new(),
            paths: 0,
            streams: RememberedStreams::default(),
        }
    }

    /// Begins a transaction. That an idle connection has died is found out by using it, once.
    pub(super) async fn begin(
        &mut self,
        connect: &ConnectOptions<E>,
        options: &StoreOptions,
        operation: &str,
    ) -> Result<Append<E>, Fault> {
        if let Some(mut connection) = self.idle.take() {
            let mut session = Session::<E> { operation, connection: &mut connection };
            match session.begin_append().await {
                Ok(end) => return Ok(Append { connection, end }),
                Err(fault) => tracing::debug!(%fault, "the idle connection is of no use; another is made"),
            }
        }
        let mut connection = self.connect(connect, options, operation).await?;
        let end = Session::<E> { operation, connection: &mut connection }.begin_append().await?;
        Ok(Append { connection, end })
    }

    /// The idle connection, or a new one.
    pub(super) async fn connection(
        &mut self,
        connect: &ConnectOptions<E>,
        options: &StoreOptions,
        operation: &str,
    ) -> Result<Connection<E>, Fault> {
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => self.connect(connect, options, operation).await,
        }
    }

    async fn connect(
        &mut self,
        connect: &ConnectOptions<E>,
        options: &StoreOptions,
        operation: &str,
    ) -> Result<Connection<E>, Fault> {
        if self.closed {
            return Err(faults::stopping());
        }
        let connected = timeout(options.acquire_deadline, connect.connect()).await;
        connected.map_err(|_| faults::unreachable(operation))?.map_err(|error| E::fault(operation, &error))
    }

    /// Where the log ends, as far as this writer knows, and what is remembered of these packages: nothing unless that is all
    /// of them, and nobody else appends at this time.
    pub(super) fn recall_alone(&mut self, packages: &BTreeSet<PackageId>) -> Option<(LogEnd, Remembered)> {
        let end = self.end.filter(|_| self.alone)?;
        let all = packages.iter().all(|id| self.packages.contains_key(id));
        all.then(|| (end, self.recall(end, packages)))
    }

    /// What is remembered of these packages, if the log ends here. Their paths are taken out of the writer, to be given back
    /// by [`Writer::remember`] or [`Writer::restore`].
    pub(super) fn recall(&mut self, end: LogEnd, packages: &BTreeSet<PackageId>) -> Remembered {
        let (mut states, mut facts) = (HashMap::with_capacity(packages.len()), Facts::default());
        if self.end != Some(end) {
            return (states, facts);
        }
        for id in packages {
            let Some(known) = self.packages.get_mut(id) else { continue };
            states.insert(*id, known.state.clone());
            if let Some(tree) = known.tree.take() {
                self.paths -= tree.file_count();
                facts.add_tree(*id, tree);
            }
        }
        (states, facts)
    }

    /// What is remembered of streams of contract events, if the log ends here.
    pub(super) fn streams(&mut self, end: LogEnd) -> &mut RememberedStreams {
        if self.end != Some(end) {
            self.streams.clear();
        }
        &mut self.streams
    }

    /// Takes back what was recalled and has not changed.
    pub(super) fn restore(&mut self, mut facts: Facts) {
        self.streams.extend(std::mem::take(&mut facts.contracts).into_foldings().collect());
        for (id, tree) in facts.into_trees() {
            if let Some(known) = self.packages.get_mut(&id) {
                self.paths += tree.file_count();
                known.tree = Some(tree);
            }
        }
    }

    /// Takes a connection back, on which nothing is under way.
    pub(super) fn rest(&mut self, connection: Connection<E>) {
        self.idle = Some(connection);
    }

    /// Remembers what is known once a log that ended at `before` ends at `head`.
    pub(super) fn remember(
        &mut self,
        before: LogEnd,
        head: Sequence,
        states: HashMap<PackageId, Package>,
        mut facts: Facts,
    ) {
        self.alone = self.end == Some(before);
        if !self.alone || self.packages.len() + states.len() > REMEMBERED {
            self.forget();
        }
        self.end = Some(LogEnd { head, ..before });
        self.streams.extend(std::mem::take(&mut facts.contracts).into_foldings().collect());
        let mut trees: HashMap<_, _> = facts.into_trees().collect();
        for (id, state) in states {
            let tree = trees.remove(&id).filter(|_| state.status.is_open());
            self.paths += tree.as_ref().map_or(0, Tree::file_count);
            if let Some(old) = self.packages.insert(id, Known { state, tree }) {
                self.paths -= old.tree.as_ref().map_or(0, Tree::file_count);
            }
        }
        if self.paths > REMEMBERED_PATHS {
            self.forget_paths();
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.end = None;
        self.alone = false;
        self.packages.clear();
        self.paths = 0;
        self.streams.clear();
    }

    fn forget_paths(&mut self) {
        self.packages.values_mut().for_each(|known| known.tree = None);
        self.paths = 0;
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
