//! Both planes in one process: a store in a directory, that needs no server and no set-up.
//!
//! This is the one library that sees both planes: it opens the database and the engine, puts the service over them, and
//! hands out a [`Connection`]. Nothing here is global, so that any number of stores can be open in one process, each on
//! a directory of its own; a directory is open once at a time.
#![deny(missing_docs)]

mod options;

use std::sync::Arc;

use artifactstore_client::Connection;
use artifactstore_engine::{BackendOptions, Engine, EngineOptions};
use artifactstore_service::{Parts, Service, ServiceOptions};
use artifactstore_store::{Checked, Committer, EventLog, Progress, RegistryStore, Replayed, Tail};
use artifactstore_types::{Fault, SystemClock, SystemIds};

pub use options::{CODES, EmbeddedOptions};

/// An open store. Dropping it leaves everything that was acknowledged; [`Embedded::close`] also waits for what is under
/// way.
pub struct Embedded {
    store: Arc<dyn RegistryStore>,
    committer: Committer,
    service: Service,
}

impl Embedded {
    /// Opens a store, and makes it where there is none. A database in a file is brought up to date; one on a server is
    /// left to `migrate`, which an operator runs.
    ///
    /// # Errors
    /// The database or the directory cannot be used, or another process has them open.
    pub async fn open(options: EmbeddedOptions) -> Result<Self, Fault> {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        let store = artifactstore_store::open(&options.database_url, options.store.clone()).await?;
        if options.owns_database() {
            store.migrate(false).await?;
        } else {
            store.ping().await?;
        }
        let backend = BackendOptions::directory(options::local()?, &options.storage_root)?;
        let engine = EngineOptions::new(options::local()?, vec![backend], clock.clone(), ids.clone());
        let engine = Engine::open(engine).await?;
        let committer = Committer::start(Arc::clone(&store), options.committer.clone());
        let log: Arc<dyn EventLog> = store.clone();
        let tail = Tail::start(log, options.tail.clone());
        let parts = Parts {
            store: Arc::clone(&store),
            committer: committer.clone(),
            tail,
            plane: Arc::new(engine),
            clock,
            ids,
        };
        Ok(Self { store, committer, service: Service::new(parts, ServiceOptions::default()) })
    }

    /// What the store answers, for as long as it is held.
    pub fn connection(&self) -> Arc<dyn Connection> {
        Arc::new(self.service.clone())
    }

    /// Brings the schema up to date and says which migrations were applied. With `fresh`, every event and view is lost.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate(&self, fresh: bool) -> Result<Vec<String>, Fault> {
        self.store.migrate(fresh).await
    }

    /// Empties the views and folds the log again.
    ///
    /// # Errors
    /// The database's, or an event that cannot be read.
    pub async fn replay(&self, progress: Progress<'_>) -> Result<Replayed, Fault> {
        self.store.replay(progress).await
    }

    /// Checks every event, folds the log beside the views and compares. Changes nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn check(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        self.store.check(progress).await
    }

    /// Takes no more changes, finishes those under way, and lets the directory go once every connection is dropped.
    pub async fn close(self) {
        self.committer.stop().await;
    }
}
