//! Work that one process at a time does. Whoever holds a lease does it, and stops as soon as the lease is lost; whoever
//! waits for it tries again and again. A lease is no proof: between its loss and the moment the holder learns of it two
//! may believe to have it, so what is done under one must do no harm when it is done twice.

use std::{
    any::Any,
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use artifactstore_types::Fault;
use async_trait::async_trait;
use tokio::sync::watch;

/// Leases by name.
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Takes the lease of that name, unless somebody has it, in this process or in another.
    async fn try_lease(&self, name: &'static str) -> Result<Option<Lease>, Fault>;
}

/// A lease that is held. Dropping it lets it go; it also goes with the process.
pub struct Lease {
    lost: watch::Receiver<bool>,
    _held: Box<dyn Any + Send + Sync>,
}

impl Lease {
    /// A lease that is lost once `lost` says so or is gone, and let go by dropping `held`.
    pub(crate) fn new(lost: watch::Receiver<bool>, held: impl Any + Send + Sync) -> Self {
        Self { lost, _held: Box::new(held) }
    }

    /// Waits until the lease is lost.
    pub async fn lost(&self) {
        let mut lost = self.lost.clone();
        // An error means that whoever watched over it is gone, and the lease with it.
        let _ = lost.wait_for(|lost| *lost).await;
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

/// Leases among the users of one store in one process, where no other process can have it open.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalLeases(Arc<Mutex<HashSet<&'static str>>>);

#[async_trait]
impl Leases for LocalLeases {
    async fn try_lease(&self, name: &'static str) -> Result<Option<Lease>, Fault> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        let (never_lost, lost) = watch::channel(false);
        Ok(taken.then(|| Lease::new(lost, LocalLease { leases: self.clone(), name, _never_lost: never_lost })))
    }
}

struct LocalLease {
    leases: LocalLeases,
    name: &'static str,
    _never_lost: watch::Sender<bool>,
}

impl Drop for LocalLease {
    fn drop(&mut self) {
        self.leases.0.lock().unwrap_or_else(PoisonError::into_inner).remove(self.name);
    }
}
