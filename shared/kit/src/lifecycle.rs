//! How a process ends. First it is asked to (*soft*): no new work is taken, what is under way finishes. Then it must
//! (*hard*): whatever is left is cut off. Hard implies soft. Tasks that have to be waited for are spawned here.

use std::{future::Future, io, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The end of a process, or of a part of one. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    hard: CancellationToken,
    soft: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// An end that nobody has asked for yet.
    pub fn new() -> Self {
        let hard = CancellationToken::new();
        Self { soft: hard.child_token(), hard, tasks: TaskTracker::new() }
    }

    /// Asks for the end: take no new work, finish what is under way.
    pub fn request(&self) {
        self.soft.cancel();
    }

    /// Ends now: cut off what is under way.
    pub fn force(&self) {
        self.hard.cancel();
    }

    /// Cancelled once the end was asked for.
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled once the end is now.
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Runs a task that [`Shutdown::drained`] waits for. The task must watch the tokens.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Waits until the end was asked for and every task has ended. Those that have not after `grace` are cut off.
    pub async fn drained(&self, grace: Duration) {
        self.soft.cancelled().await;
        self.tasks.close();
        if time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), ?grace, "cutting off what has not finished in time");
            self.force();
            self.tasks.wait().await;
        }
    }

    /// Has signals end this process: the first SIGTERM or SIGINT softly, the next one hard. They count from this call
    /// on; the future answers them, and ends after the second.
    ///
    /// # Errors
    /// The operating system refuses the handlers.
    pub fn on_signals(&self) -> io::Result<impl Future<Output = ()> + Send + 'static> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let shutdown = self.clone();
        Ok(async move {
            let mut either = async || {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            either().await;
            tracing::info!("shutting down; a second signal ends it now");
            shutdown.request();
            either().await;
            shutdown.force();
        })
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn hard_implies_soft() {
        let shutdown = Shutdown::new();
        shutdown.force();
        assert!(shutdown.soft().is_cancelled());
    }

    #[tokio::test]
    async fn soft_leaves_hard_alone() {
        let shutdown = Shutdown::new();
        shutdown.clone().request();
        assert!(shutdown.soft().is_cancelled());
        assert!(!shutdown.hard().is_cancelled());
    }

    #[tokio::test]
    async fn waits_for_what_is_under_way() {
        let shutdown = Shutdown::new();
        let (finish, finished) = tokio::sync::oneshot::channel::<()>();
        let task = shutdown.spawn(async { finished.await.is_ok() });
        shutdown.request();
        let drained = shutdown.drained(Duration::MAX);
        tokio::pin!(drained);
        assert!(futures_poll(drained.as_mut()).await.is_none());
        finish.send(()).unwrap();
        drained.await;
        assert!(task.await.unwrap());
        assert!(!shutdown.hard().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn cuts_off_what_does_not_finish() {
        let shutdown = Shutdown::new();
        let hard = shutdown.hard().clone();
        shutdown.spawn(async move { hard.cancelled().await });
        shutdown.request();
        shutdown.drained(Duration::from_secs(30)).await;
        assert!(shutdown.hard().is_cancelled());
    }

    #[tokio::test]
    async fn the_first_signal_asks_and_the_second_forces() {
        let shutdown = Shutdown::new();
        let answered = tokio::spawn(shutdown.on_signals().unwrap());
        kill_process(getpid(), Signal::TERM).unwrap();
        shutdown.soft().cancelled().await;
        assert!(!shutdown.hard().is_cancelled());
        kill_process(getpid(), Signal::INT).unwrap();
        shutdown.hard().cancelled().await;
        answered.await.unwrap();
    }

    /// One poll of a future: its answer, if it has one.
    async fn futures_poll<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        std::future::poll_fn(|context| match std::pin::Pin::new(&mut future).poll(context) {
            std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
            std::task::Poll::Pending => std::task::Poll::Ready(None),
        })
        .await
    }
}
