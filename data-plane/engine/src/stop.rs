//! How the engine's tasks learn that they are to end: told to, or because the engine is gone.

use tokio::sync::watch;

/// Held by a task that is to end.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// Tells tasks to end, also by being dropped.
#[derive(Debug)]
pub(crate) struct Stopper(watch::Sender<bool>);

impl Stopper {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn stop(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    pub fn say(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when the task is to end.
    pub async fn said(&mut self) {
        // A sender that is gone says the same.
        let _ = self.0.wait_for(|said| *said).await;
    }
}
