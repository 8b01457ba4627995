//! The control-plane process: a database, a fleet of nodes, the use cases over both, and the doors before them.
//!
//! It starts although nothing answers yet, and says by its health that it cannot serve; what is missing is looked for again
//! and again. It ends in order: not ready, no new calls, calls under way finish, what was taken is committed.

mod dial;
mod faults;
mod settings;

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use artifactstore_client::Connection;
use artifactstore_dataplane::signing::{KeyFileRefused, SigningKey};
use artifactstore_kit::Shutdown;
use artifactstore_service::{
    Parts, Service, ServiceOptions,
    direct::Direct,
    fleet::{Fleet, FleetParts},
};
use artifactstore_store::{
    Committer, CommitterOptions, EventLog, RegistryStore, StoreOptions, Tail, TailOptions, open,
};
use artifactstore_types::{Category, Clock, Fault, SystemClock, SystemIds};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::Server;

use dial::Dialer;
pub use faults::{CODES, process_refused, settings_refused};
pub use settings::{ControlPlaneSettings, Migrations, Secret, help};

/// How long to wait before the database is asked again about its schema.
const SCHEMA_PAUSE: Duration = Duration::from_secs(1);

/// A control plane that listens, but does not answer before it runs.
pub struct ControlPlane {
    store: Arc<dyn RegistryStore>,
    committer: Committer,
    fleet: Fleet,
    server: Server,
    migrates: bool,
}

impl ControlPlane {
    /// Opens what the settings name. A database on a server need not answer yet.
    ///
    /// # Errors
    /// A key file, a database in a file, or an address that cannot be used.
    pub async fn open(settings: &ControlPlaneSettings) -> Result<Self, Fault> {
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        let signing_key = load_or_make_key(&settings.key_file)?;
        let store = open(settings.database_url.expose(), StoreOptions::default()).await?;
        let committer = Committer::start(Arc::clone(&store), CommitterOptions::default());
        let log: Arc<dyn EventLog> = store.clone();
        let dialer = Dialer { key: signing_key.clone(), clock: clock.clone() };
        let parts = FleetParts {
            store: Arc::clone(&store),
            clock: clock.clone(),
            ids: ids.clone(),
            dial: Arc::new(dialer),
            signing_key,
        };
        let fleet = Fleet::new(parts, settings.fleet()?);
        let parts = Parts {
            store: Arc::clone(&store),
            committer: committer.clone(),
            tail: Tail::start(log, TailOptions::default()),
            plane: Arc::new(fleet.clone()),
            clock: clock as Arc<dyn Clock>,
            ids,
        };
        let options = ServiceOptions {
            health_deadline: settings.health_timeout(),
            max_ingests: settings.max_ingests(),
            ..ServiceOptions::default()
        };
        let service = Service::new(parts, options);
        let direct = Direct::new(service.clone(), fleet.clone(), settings.direct());
        let connection: Arc<dyn Connection> = Arc::new(service);
        let server = Server::bind(connection, settings.doors()).await?.with_direct(direct);
        Ok(Self { store, committer, fleet, server, migrates: settings.migrates() })
    }

    /// The server, for its addresses.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Serves until the end was asked for and calls under way have ended.
    ///
    /// # Errors
    /// A listener that fails, or a schema that this program does not know and may not change.
    pub async fn run(self, shutdown: &Shutdown) -> Result<(), Fault> {
        let Self { store, committer, fleet, server, migrates } = self;
        let stop = CancellationToken::new();
        let upkeep = tokio::spawn({
            let (fleet, stop) = (fleet.clone(), stop.clone());
            async move { fleet.run(stop).await }
        });
        let schema = async {
            match shutdown.soft().run_until_cancelled(settle_schema(&*store, migrates)).await {
                Some(Err(fault)) => Err(fault),
                // From here on the server alone says when it is over.
                _ => std::future::pending().await,
            }
        };
        let served = tokio::select! {
            served = Box::pin(server.run(shutdown)) => served,
            refused = schema => refused,
        };
        stop.cancel();
        // It watches the token, and ends with it.
        let _ = upkeep.await;
        committer.stop().await;
        store.close().await;
        served
    }
}

/// Brings the schema up to date, or waits until it is, for as long as the database does not answer.
async fn settle_schema(store: &dyn RegistryStore, migrates: bool) -> Result<(), Fault> {
    loop {
        let settled = if migrates { store.migrate(false).await.map(drop) } else { store.ping().await };
        match settled {
            Ok(()) => return Ok(()),
            Err(fault) if may_pass(&fault) => {
                tracing::warn!(%fault, "the database cannot be used yet");
                sleep(SCHEMA_PAUSE).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// Whether the database may be usable later, as it is. An operator may be migrating it now.
fn may_pass(fault: &Fault) -> bool {
    matches!(fault.category, Category::Unavailable | Category::DeadlineExceeded) || fault.code == "AS-STORE-0007"
}

/// The key of a file; a new one, where there is none.
fn load_or_make_key(path: &Path) -> Result<SigningKey, Fault> {
    if !path.exists() {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(process_refused)?;
        }
        let mut entropy = File::open("/dev/urandom").map_err(process_refused)?;
        let key = SigningKey::generate(&mut entropy).map_err(process_refused)?;
        match key.store(path) {
            Ok(()) => tracing::info!(key = %key.key_id(), path = %path.display(), "made a key"),
            // Another process has made one just now.
            Err(KeyFileRefused::Exists { .. }) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(SigningKey::load(path)?)
}

#[cfg(test)]
mod tests;
