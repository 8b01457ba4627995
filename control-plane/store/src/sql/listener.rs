//! A task that hears of what others append. It is started when somebody first wants to be woken, since being told costs both
//! sides something with every commit, and ends with the store.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// See the module.
pub(crate) struct Listener(Mutex<State>);

enum State {
    Waiting(Box<dyn FnOnce() -> AbortHandle + Send>),
    Started(AbortHandle),
    Stopped,
}

impl Listener {
    /// A listener that `start` starts.
    pub(crate) fn new(start: impl FnOnce() -> AbortHandle + Send + 'static) -> Self {
        Self(Mutex::new(State::Waiting(Box::new(start))))
    }

    /// Starts it, unless it was started or stopped before.
    pub(super) fn start(&self) {
        let mut state = self.lock();
        *state = match std::mem::replace(&mut *state, State::Stopped) {
            State::Waiting(start) => State::Started(start()),
            other => other,
        };
    }

    /// Stops it for good.
    pub(super) fn stop(&self) {
        if let State::Started(task) = std::mem::replace(&mut *self.lock(), State::Stopped) {
            task.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Should starting it ever panic, it counts as stopped.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}
