//! How the index is asked: each question a transaction on a thread where it may block. One that fails puts the index
//! aside, to be made anew; what an index that is being read in does not know yet is never taken for an answer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    Index, PATIENCE, Progress,
    tables::{Tables, TablesFailed},
};

/// An index that can be asked.
pub(super) struct Opened {
    pub tables: Tables,
    /// Whether every tombstone of the backend is in it.
    knows_the_dead: AtomicBool,
}

impl Opened {
    pub fn new(tables: Tables) -> Self {
        Self { tables, knows_the_dead: AtomicBool::new(false) }
    }

    pub fn knows_the_dead(&self) -> bool {
        self.knows_the_dead.load(Ordering::Acquire)
    }

    pub fn learned_the_dead(&self) {
        self.knows_the_dead.store(true, Ordering::Release);
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Tables(#[from] TablesFailed),
    /// A file whose pages contradict each other can make the library give up in this way.
    #[error("a page of it makes no sense")]
    Panicked,
}

impl Index {
    /// Runs a transaction where it may block. `None` where there is no index or it failed.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tables) -> Result<T, TablesFailed> + Send + 'static,
    ) -> Option<T> {
        self.ask_of(&self.opened()?, work).await
    }

    /// The same of one that was looked up before.
    pub(super) async fn ask_of<T: Send + 'static>(
        &self,
        opened: &Arc<Opened>,
        work: impl FnOnce(&Tables) -> Result<T, TablesFailed> + Send + 'static,
    ) -> Option<T> {
        let asked = Arc::clone(opened);
        let answer = self.blocking(move || guarded(&asked, work)).await?;
        self.checked(opened, answer)
    }

    /// A question short enough for the thread it is asked on.
    pub(super) fn ask_here<T>(
        &self,
        opened: &Arc<Opened>,
        work: impl FnOnce(&Tables) -> Result<T, TablesFailed>,
    ) -> Option<T> {
        self.checked(opened, guarded(opened, work))
    }

    /// Runs `work` where it may block; [`Index::close`] waits for it. `None` where the runtime is ending.
    pub(super) async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let busy = Arc::clone(&self.busy).read_owned().await;
        // An answer that nobody takes is dropped before it is said that the work is done.
        let done = tokio::task::spawn_blocking(move || (work(), busy)).await;
        done.ok().map(|(answer, _)| answer)
    }

    pub(super) fn opened(&self) -> Option<Arc<Opened>> {
        self.current().clone()
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Opened>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this the index that is asked.
    pub(super) fn ask_from_now_on(&self, tables: Tables) -> Arc<Opened> {
        let opened = Arc::new(Opened::new(tables));
        *self.current() = Some(Arc::clone(&opened));
        opened
    }

    /// Notes that an index covers the whole backend; `false` where it was put aside meanwhile.
    pub(super) fn declare_complete(&self, opened: &Arc<Opened>) -> bool {
        let current = self.current();
        let is_current = current.as_ref().is_some_and(|current| Arc::ptr_eq(current, opened));
        if is_current {
            self.progress.send_modify(|progress| progress.complete = true);
        }
        is_current
    }

    /// Puts a failed index aside: it is made anew from the backend.
    fn checked<T>(&self, asked: &Arc<Opened>, answer: Result<T, Failure>) -> Option<T> {
        let failure = match answer {
            Ok(answer) => return Some(answer),
            Err(failure) => failure,
        };
        let mut current = self.current();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, asked)) {
            tracing::error!(%failure, "the index of packed blobs is damaged and is made anew");
            *current = None;
            self.progress.send_replace(Progress::begun());
        }
        None
    }

    /// Writes everything so far to the file.
    fn checkpoint(&self) {
        if let Some(opened) = self.opened() {
            self.ask_here(&opened, Tables::checkpoint);
        }
    }

    /// Waits for the questions that are being answered, and writes everything so far to the file. An index that takes
    /// long to be mended is left to itself.
    pub async fn close(&self) {
        if tokio::time::timeout(PATIENCE, self.busy.write()).await.is_ok() {
            self.checkpoint();
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.checkpoint();
    }
}

fn guarded<T>(opened: &Opened, work: impl FnOnce(&Tables) -> Result<T, TablesFailed>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(|| work(&opened.tables))).map_err(|_| Failure::Panicked)?.map_err(Failure::Tables)
}
