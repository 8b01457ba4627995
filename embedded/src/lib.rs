//! Both planes in one process: a store in a directory, that needs no server and no set-up.
//!
//! This is the one library that sees both planes: it opens the database and the engine, puts the service over them, and
//! hands out a [`Connection`]. Nothing here is global, so that any number of stores can be open in one process, each on
//! a directory of its own; a directory is open once at a time.
#![deny(missing_docs)]

mod options;
mod orphaned;
mod registry;

use std::{sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_engine::{BackendOptions, Engine, EngineOptions};
use artifactstore_service::{Parts, Service};
use artifactstore_store::{Committer, EventLog, Tail};
use artifactstore_types::{Fault, Retry, SystemClock, SystemIds};
use tokio::time::{Instant, sleep};

pub use artifactstore_service::list_event_types;
pub use options::{CODES, EmbeddedOptions};
pub use registry::Registry;

/// How long whoever had the directory open may take to leave.
const LEAVING: Duration = Duration::from_secs(2);
/// How often is looked.
const PAUSE: Duration = Duration::from_millis(20);

/// An open store. Dropping it leaves everything that was acknowledged; [`Embedded::close`] also waits for what is under
/// way.
pub struct Embedded {
    registry: Registry,
    committer: Committer,
    engine: Engine,
    service: Service,
}

impl Embedded {
    /// Opens a store, and makes it where there is none. A database in a file is brought up to date; one on a server is
    /// left to `migrate`, which an operator runs.
    ///
    /// # Errors
    /// The database or the directory cannot be used, or another process has them open; or the database is gone, and the
    /// storage still holds blobs.
    pub async fn open(options: EmbeddedOptions) -> Result<Self, Fault> {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        orphaned::refuse(&options).await?;
        let registry = Registry::open(&options).await?;
        let store = Arc::clone(&registry.store);
        if options.owns_database() {
            store.migrate(false).await?;
        } else {
            store.ping().await?;
        }
        let backend = open_directory(&options).await?;
        let engine = EngineOptions::new(options::local()?, vec![backend], clock.clone(), ids.clone());
        let engine = Engine::open(engine).await?;
        let committer = Committer::start(Arc::clone(&store), options.committer.clone());
        let log: Arc<dyn EventLog> = store.clone();
        let tail = Tail::start(log, options.tail.clone());
        let parts = Parts { store, committer: committer.clone(), tail, plane: Arc::new(engine.clone()), clock, ids };
        Ok(Self { registry, committer, engine, service: Service::new(parts, options.service) })
    }

    /// What the store answers, for as long as it is held.
    pub fn connection(&self) -> Arc<dyn Connection> {
        Arc::new(self.service.clone())
    }

    /// The database under it, for upkeep.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes no more changes, finishes those under way, and lets the database and the directory go. Connections that are
    /// still held answer `Unavailable` from then on.
    pub async fn close(self) {
        self.committer.stop().await;
        self.engine.close().await;
        self.registry.close().await;
    }
}

/// Opens the directory. A store that was just closed in this process may still be finishing its last reads there: that
/// is waited for, but not for long.
async fn open_directory(options: &EmbeddedOptions) -> Result<BackendOptions, Fault> {
    let deadline = Instant::now() + LEAVING;
    loop {
        match BackendOptions::directory(options::local()?, &options.storage_root) {
            Err(fault) if fault.retry == Retry::SameRequest && Instant::now() < deadline => sleep(PAUSE).await,
            opened => return opened,
        }
    }
}
