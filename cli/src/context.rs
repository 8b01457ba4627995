//! What every command is given: where results go, which store it works on, on whose behalf, and when it has to stop.

use std::{env, future::Future, sync::Arc};

use artifactstore_client::{Connection, Progress};
use artifactstore_kit::Shutdown;
use artifactstore_types::{Actor, Fault, Namespace};
use rustix::process::getuid;
use tokio::task;

use crate::{
    args::Global,
    faults,
    output::{Output, Stop},
    progress,
    store::{Missing, Place, Store},
};

/// What every command is given.
pub struct Context {
    pub output: Output,
    pub place: Place,
    pub namespace: Namespace,
    pub actor: Actor,
    pub quiet: bool,
    pub shutdown: Shutdown,
}

impl Context {
    pub fn new(global: &Global, shutdown: Shutdown) -> Result<Self, Fault> {
        Ok(Self {
            output: Output::new(global.json),
            place: Place::said(global),
            namespace: global.namespace.clone(),
            actor: match &global.actor {
                Some(actor) => actor.clone(),
                None => user()?,
            },
            quiet: global.quiet,
            shutdown,
        })
    }

    /// Does `work` on the store, and lets the store go whatever came of it.
    pub async fn with_store<T>(
        &mut self,
        missing: Missing,
        work: impl AsyncFnOnce(&mut Self, Arc<dyn Connection>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let store = Store::open(&self.place, missing).await?;
        let done = work(self, Arc::clone(&store.connection)).await;
        store.close().await;
        done
    }

    /// Does `work` until it is done or the process is asked to end.
    pub async fn until_stopped<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let soft = self.shutdown.soft().clone();
        tokio::select! {
            biased;
            () = soft.cancelled() => Err(faults::interrupted()),
            done = work => done,
        }
    }

    /// Does `work` that blocks, on a thread of its own, until it is done or the process is asked to end.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Stop> {
        let done = task::spawn_blocking(work);
        self.until_stopped(async { done.await.map_err(faults::no_runtime) }).await?
    }

    /// Whether somebody looks and wants to see how far an operation is.
    pub fn shows_progress(&self) -> bool {
        !self.quiet && !self.output.json && progress::is_seen()
    }

    /// Somebody to tell how far an operation on files is.
    pub fn progress(&self, what: &'static str) -> Arc<dyn Progress> {
        progress::files(what, self.shows_progress())
    }
}

/// The name of whoever runs this, as the system knows it.
fn user() -> Result<Actor, Fault> {
    let named =
        ["USER", "LOGNAME"].iter().filter_map(|name| env::var(name).ok()).find_map(|name| Actor::new(name).ok());
    let numbered = || Actor::new(format!("uid-{}", getuid().as_raw()));
    named.map_or_else(numbered, Ok).map_err(faults::no_runtime)
}
