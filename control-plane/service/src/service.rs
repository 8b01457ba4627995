//! The service: the ports it was given, and the steps several use cases share.

use std::{sync::Arc, time::Duration};

use artifactstore_dataplane::DataPlane;
use artifactstore_registry::{Command, PackageCommand, Request};
use artifactstore_store::{Committed, Committer, RegistryStore, Tail};
use artifactstore_types::{Actor, BackendId, Clock, Fault, Ids, PackageId, PackageRecord, Timestamp};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::faults;

/// What a service is made of.
pub struct Parts {
    /// The database.
    pub store: Arc<dyn RegistryStore>,
    /// The one writer to it in this process.
    pub committer: Committer,
    /// The one reader of new events in this process.
    pub tail: Tail,
    /// Where bytes go.
    pub plane: Arc<dyn DataPlane>,
    /// Where times come from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
}

/// What may be set.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// The backend new blobs go to; `None` means the data plane's first.
    pub backend_id: Option<BackendId>,
    /// How many ingests, of one file or of many, are under way at once in this process, whoever asked for them; further
    /// ones wait. It bounds memory: an ingest of many files holds at most 32 MiB of them, one of a single file the data
    /// plane's buffers.
    pub max_ingests: usize,
    /// How long an ingest may wait for its turn.
    pub ingest_wait: Duration,
    /// How long a sender may pause within a file or between files, and how long it may leave answers untaken.
    pub sender_pause: Duration,
    /// How long the database and the backends may take to say how they are.
    pub health_deadline: Duration,
    /// The version reported.
    pub version: String,
}

impl Default for ServiceOptions {
    fn default() -> Self {
        Self {
            backend_id: None,
            max_ingests: 64,
            ingest_wait: Duration::from_secs(30),
            sender_pause: Duration::from_mins(1),
            health_deadline: Duration::from_secs(2),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The use cases over one set of ports. Cheap to clone; every clone is the same service.
#[derive(Clone)]
pub struct Service {
    parts: Arc<Parts>,
    options: Arc<ServiceOptions>,
    /// A permit for each ingest that may be under way.
    turns: Arc<Semaphore>,
}

impl Service {
    /// A service over these ports.
    pub fn new(parts: Parts, options: ServiceOptions) -> Self {
        let turns = Arc::new(Semaphore::new(options.max_ingests.min(Semaphore::MAX_PERMITS)));
        Self { parts: Arc::new(parts), options: Arc::new(options), turns }
    }

    pub(crate) fn store(&self) -> &dyn RegistryStore {
        &*self.parts.store
    }

    pub(crate) fn plane(&self) -> &Arc<dyn DataPlane> {
        &self.parts.plane
    }

    pub(crate) fn tail(&self) -> &Tail {
        &self.parts.tail
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.parts.ids
    }

    pub(crate) fn options(&self) -> &ServiceOptions {
        &self.options
    }

    /// Asks the registry for a change and waits until it is durable.
    pub(crate) async fn submit(&self, package: PackageId, actor: &Actor, request: Request) -> Result<Committed, Fault> {
        self.submit_at(self.clock().now(), package, actor, request).await
    }

    /// The same, at a time that is part of what is asked.
    pub(crate) async fn submit_at(
        &self,
        at: Timestamp,
        package: PackageId,
        actor: &Actor,
        request: Request,
    ) -> Result<Committed, Fault> {
        self.submit_command(PackageCommand { package_id: package, actor: actor.clone(), at, request }).await
    }

    /// Asks the registry for any change.
    pub(crate) async fn submit_command(&self, command: impl Into<Command>) -> Result<Committed, Fault> {
        self.parts.committer.submit(command).await
    }

    /// Waits until one more ingest may be under way; it is for as long as the turn is held.
    pub(crate) async fn wait_for_turn(&self) -> Result<OwnedSemaphorePermit, Fault> {
        let ServiceOptions { max_ingests, ingest_wait, .. } = *self.options;
        let turn = timeout(ingest_wait, Arc::clone(&self.turns).acquire_owned()).await;
        // The semaphore is never closed; whoever could not wait any longer is told the same.
        turn.ok().and_then(Result::ok).ok_or_else(|| faults::too_many_ingests(max_ingests, ingest_wait))
    }

    /// The package of this id, or the fault that there is none.
    pub(crate) async fn require_package(&self, id: PackageId) -> Result<PackageRecord, Fault> {
        self.store().find_package(id).await?.ok_or_else(|| faults::package_not_found(id))
    }

    /// The package, if it still takes files. Asked before bytes are moved, so that a hopeless push ends at once; the
    /// registry decides again when the files are committed.
    pub(crate) async fn require_open_package(&self, id: PackageId) -> Result<PackageRecord, Fault> {
        let package = self.require_package(id).await?;
        if package.status.is_open() { Ok(package) } else { Err(faults::package_closed(&package)) }
    }
}
