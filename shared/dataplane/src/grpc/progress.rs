//! That an upload goes on: it may take as long as it has bytes, but not stand still. What counts is bytes that the network
//! took, so that neither a node that hangs nor a source that does can hold the caller for ever.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use artifactstore_types::Fault;
use artifactstore_wire::stream::no_answer_in;
use futures::{Stream, StreamExt as _};
use tokio::time;

/// How far an upload has come. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    /// The same things, noted as they are taken.
    pub fn noted<T: Send + 'static>(
        &self,
        things: impl Stream<Item = T> + Send + 'static,
    ) -> impl Stream<Item = T> + Send + 'static {
        let taken = Arc::clone(&self.0);
        things.inspect(move |_| {
            taken.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// The answer to the upload, or a fault where nothing was taken for `limit` and no answer came.
    pub async fn or_stalled<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut answer = pin!(answer);
        loop {
            let before = self.0.load(Ordering::Relaxed);
            if let Ok(answer) = time::timeout(limit, &mut answer).await {
                return answer;
            }
            if self.0.load(Ordering::Relaxed) == before {
                return Err(no_answer_in(limit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use artifactstore_types::Category;
    use futures::stream;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(2);

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_stands_still_is_given_up() {
        let progress = Progress::default();
        let answer = std::future::pending::<Result<(), Fault>>();
        let fault = progress.or_stalled(LIMIT, answer).await.unwrap_err();
        assert_eq!(fault.category, Category::DeadlineExceeded);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_goes_on_slowly_may() {
        let progress = Progress::default();
        let slow = stream::iter(0..10).then(|number| async move {
            time::sleep(Duration::from_secs(100)).await;
            number
        });
        let upload = progress.noted(slow);
        let sum =
            progress.or_stalled(LIMIT, async { Ok(upload.fold(0, |sum, number| async move { sum + number }).await) });
        assert_eq!(sum.await.unwrap(), 45);
    }
}
