//! What every command is given: where results go, which store it works on, on whose behalf, and when it has to stop.

use std::{
    env,
    future::Future,
    io::{self, Write as _},
    sync::Arc,
};

use artifactstore_client::{Connection, Progress, RefusedEntry};
use artifactstore_types::{Actor, Fault, Namespace};
use rustix::process::getuid;
use tokio::task;

use crate::{
    args::Global,
    faults,
    output::{Output, Stop},
    progress,
    render::report,
    stopping::Stopping,
    store::{Missing, Place, Store},
    told::Told,
};

/// What every command is given.
pub struct Context {
    pub output: Output,
    pub place: Place,
    pub namespace: Namespace,
    pub actor: Actor,
    pub quiet: bool,
    pub stopping: Stopping,
}

impl Context {
    pub fn new(global: &Global, told: &Told, stopping: Stopping) -> Result<Self, Fault> {
        let namespace = match &global.namespace {
            Some(namespace) => Some(namespace.clone()),
            None => told.namespace()?,
        };
        let actor = match &global.actor {
            Some(actor) => Some(actor.clone()),
            None => told.actor()?,
        };
        Ok(Self {
            output: Output::new(global.json),
            place: Place::said(global, told),
            namespace: namespace.unwrap_or_default(),
            actor: actor.map_or_else(user, Ok)?,
            quiet: global.quiet,
            stopping,
        })
    }

    /// Does `work` on the store, and lets the store go whatever came of it.
    pub async fn with_store<T>(
        &mut self,
        missing: Missing,
        work: impl AsyncFnOnce(&mut Self, Arc<dyn Connection>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let store = self.until_stopped(Store::open(&self.place, missing)).await?;
        let done = work(self, Arc::clone(&store.connection)).await;
        store.close().await;
        done
    }

    /// Does `work` until it is done or the command has to stop.
    pub async fn until_stopped<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        tokio::select! {
            biased;
            fault = self.stopping.asked() => Err(fault),
            done = work => done,
        }
    }

    /// The same, of `work` that changes something: where it is cut short, it is not known whether it was done.
    pub async fn change<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.stopping.set_changing(true);
        let done = tokio::select! {
            biased;
            fault = self.stopping.asked() => Err(faults::perhaps_done(fault)),
            done = work => done,
        };
        self.stopping.set_changing(false);
        done
    }

    /// Does `work` that blocks, on a thread of its own, until it is done or the command has to stop.
    pub async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Stop> + Send + 'static,
    ) -> Result<T, Stop> {
        let done = task::spawn_blocking(work);
        self.until_stopped(async { done.await.map_err(faults::no_runtime) }).await?
    }

    /// Says what was left out on request, also where little is wanted to be said: whoever does not hear of it would take
    /// what there is for all there was. In JSON it is part of the result.
    pub fn tell_skipped(&self, entries: &[RefusedEntry]) {
        if !entries.is_empty() && !self.output.json {
            let _ = writeln!(io::stderr(), "{}", report::skipped(entries));
        }
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
