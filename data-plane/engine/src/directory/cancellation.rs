//! Work that blocks and that nobody may wait for any more. It cannot be stopped from outside: it looks here before it
//! makes anything visible, so that what was given up does not appear after all.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use object_store::Result;

/// Held by whoever waits; dropping it says that nobody does.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Held by the work.
#[derive(Debug)]
pub(super) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// Fails where nobody waits any more.
    pub fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

/// Runs `work` where it may block, and tells it when the answer's future is dropped.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce(&Wanted) -> Result<T> + Send + 'static) -> Result<T> {
    let given_up = Arc::new(AtomicBool::new(false));
    let _waiting = Waiting(Arc::clone(&given_up));
    let wanted = Wanted(given_up);
    tokio::task::spawn_blocking(move || work(&wanted)).await?
}
