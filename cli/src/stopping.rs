//! Why a command stops before it is done (its user interrupts it, or its time is up), and the fault it then ends with.

use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use artifactstore_kit::Shutdown;
use artifactstore_types::Fault;
use tokio::time;

use crate::faults;

/// The end of a command before it is done. Clones are the same one.
#[derive(Clone)]
pub struct Stopping {
    command: Arc<str>,
    timeout: Option<Duration>,
    shutdown: Shutdown,
    time_is_up: Arc<AtomicBool>,
    changing: Arc<AtomicBool>,
}

impl Stopping {
    /// That of a command which may take so long.
    pub fn new(command: &str, timeout: Option<Duration>) -> Self {
        Self {
            command: command.into(),
            timeout,
            shutdown: Shutdown::new(),
            time_is_up: Arc::default(),
            changing: Arc::default(),
        }
    }

    /// Stops the command when a signal comes or its time is up; for as long as this is polled.
    ///
    /// # Errors
    /// The operating system refuses the handlers of signals.
    pub fn watch(&self) -> io::Result<impl Future<Output = ()> + Send + 'static> {
        let (signals, stopping) = (self.shutdown.on_signals()?, self.clone());
        let alarm = async move {
            let Some(timeout) = stopping.timeout else { return };
            if stopping.shutdown.soft().run_until_cancelled(time::sleep(timeout)).await.is_some() {
                stopping.time_is_up.store(true, Ordering::SeqCst);
                stopping.shutdown.request();
            }
        };
        Ok(async { _ = tokio::join!(signals, alarm) })
    }

    /// The end as a server knows it.
    pub const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Waits until the command is to stop, and says why.
    pub async fn asked(&self) -> Fault {
        self.shutdown.soft().cancelled().await;
        self.fault()
    }

    /// Waits until the command is not waited for any longer, and says why.
    pub async fn forced(&self) -> Fault {
        self.shutdown.hard().cancelled().await;
        self.left_behind()
    }

    /// Why the command is left behind as it is, though it may be changing something.
    pub fn left_behind(&self) -> Fault {
        if self.changing.load(Ordering::SeqCst) { faults::perhaps_done(self.fault()) } else { self.fault() }
    }

    /// Whether something is being changed, so that nobody knows whether it was if the command is left behind.
    pub fn set_changing(&self, changing: bool) {
        self.changing.store(changing, Ordering::SeqCst);
    }

    fn fault(&self) -> Fault {
        match self.timeout.filter(|_| self.time_is_up.load(Ordering::SeqCst)) {
            Some(timeout) => faults::too_late(&self.command, timeout),
            None => faults::interrupted(&self.command),
        }
    }
}

#[cfg(test)]
mod tests {
    use artifactstore_types::{Category, Outcome, Retry};

    use super::*;

    #[tokio::test]
    async fn a_command_whose_time_is_up_is_late_and_not_interrupted() {
        let stopping = Stopping::new("ls", Some(Duration::from_millis(5)));
        tokio::spawn(stopping.watch().unwrap());
        let fault = stopping.asked().await;
        assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLI-0004", Category::DeadlineExceeded));
        assert!(fault.message.starts_with("ls: ") && fault.message.contains("5ms"), "{fault}");
        assert!(!fault.message.contains("interrupted"), "{fault}");
    }

    #[tokio::test]
    async fn a_command_that_is_interrupted_in_time_is_not_late() {
        let stopping = Stopping::new("ls", Some(Duration::from_hours(1)));
        tokio::spawn(stopping.watch().unwrap());
        stopping.shutdown().request();
        let fault = stopping.asked().await;
        assert_eq!((fault.code.as_ref(), fault.message.as_str()), ("AS-CLI-0002", "ls: interrupted"));
        assert_eq!((fault.category, fault.outcome), (Category::Cancelled, Outcome::NotApplied));
    }

    #[tokio::test]
    async fn a_change_that_is_left_behind_may_be_done_and_can_be_made_again() {
        let stopping = Stopping::new("finalize", None);
        stopping.set_changing(true);
        stopping.shutdown().force();
        let fault = stopping.forced().await;
        assert_eq!((fault.outcome, fault.retry), (Outcome::Unknown, Retry::SameRequest));
        assert!(fault.message.contains("can be run again"), "{fault}");
        stopping.set_changing(false);
        assert_eq!(stopping.left_behind().outcome, Outcome::NotApplied);
    }
}
