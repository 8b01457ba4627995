//! Following the log. One reader a process feeds all live subscribers from memory; a subscriber that starts behind, falls
//! behind or meets an event too large to be kept for everybody reads the table instead, and joins the others again.
//!
//! Invariants: a subscriber gets every event of its namespace after its start, once, in order. Whatever woke anybody is a
//! hint: before waiting, everything the table has was read, and a poll finds what no wake-up announced. What the reader
//! keeps in memory is bounded, and nothing is read while nobody listens.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use artifactstore_types::{EventFilter, EventRecord, Fault, Namespace, Sequence};
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::{
    sync::{Notify, broadcast, broadcast::error::RecvError},
    task::AbortHandle,
    time::{sleep, timeout},
};

use crate::{EventLog, faults};

/// What may be set.
#[derive(Clone, Debug)]
pub struct TailOptions {
    /// How often the log is looked at though nothing announced a change.
    pub poll_interval: Duration,
    /// How many events are kept for subscribers that are not quite as fast as the reader.
    pub buffer_events: usize,
    /// The largest payload kept for everybody, in bytes; a larger one is read from the table by each.
    pub buffer_payload_bytes: usize,
    /// How many events are read from the table at once.
    pub page_events: usize,
}

impl Default for TailOptions {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            buffer_events: 4_096,
            buffer_payload_bytes: 16 * 1024,
            page_events: 1_000,
        }
    }
}

/// What the reader tells everybody: the log has reached this sequence, and this is the event there, where it is kept.
#[derive(Clone, Debug)]
struct News {
    sequence: Sequence,
    event: Option<Arc<EventRecord>>,
}

/// The log, to be followed. Cheap to clone; the reader stops when the last clone is dropped.
#[derive(Clone)]
pub struct Tail {
    inner: Arc<Inner>,
}

struct Inner {
    log: Arc<dyn EventLog>,
    news: broadcast::Sender<News>,
    joined: Arc<Notify>,
    page_events: usize,
    reader: AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Tail {
    /// Starts the reader.
    pub fn start(log: Arc<dyn EventLog>, options: TailOptions) -> Self {
        let (news, _) = broadcast::channel(options.buffer_events.max(1));
        let page_events = options.page_events.max(1);
        let joined = Arc::new(Notify::new());
        let reader = tokio::spawn(read(Arc::clone(&log), news.clone(), Arc::clone(&joined), options)).abort_handle();
        Self { inner: Arc::new(Inner { log, news, joined, page_events, reader }) }
    }

    /// The events of `namespace` after `since` that `filter` admits, in order. Ends at the head as it was when first asked
    /// unless it is to follow; a fault is the last item.
    pub fn subscribe(
        &self,
        namespace: Namespace,
        since: Sequence,
        filter: EventFilter,
        follow: bool,
    ) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
        // The reader only reads while somebody follows: who does not follow does not join.
        let news = follow.then(|| self.inner.news.subscribe());
        if follow {
            self.inner.joined.notify_one();
        }
        let subscription = Subscription {
            log: Arc::clone(&self.inner.log),
            news,
            page_events: self.inner.page_events,
            namespace,
            filter,
            position: since,
            page: VecDeque::new(),
            mode: if follow { Mode::Behind } else { Mode::Opening },
        };
        stream::unfold(subscription, |mut subscription| async move {
            subscription.next().await.map(|item| (item, subscription))
        })
        .boxed()
    }
}

/// Reads the log for everybody who follows it, from where it ends when the first of them comes.
async fn read(log: Arc<dyn EventLog>, news: broadcast::Sender<News>, joined: Arc<Notify>, options: TailOptions) {
    loop {
        // What passes before is for nobody; whoever comes reads the table first.
        joined.notified().await;
        let mut wakeups = log.wakeups();
        let mut position = None;
        while news.receiver_count() > 0 {
            if let Err(fault) = publish(&*log, &news, &mut position, &options).await {
                tracing::warn!(%fault, "reading the log for its subscribers failed; it is tried again");
            }
            // However the wait ends, it is a reason to look again.
            if let Ok(Err(_)) = timeout(options.poll_interval, wakeups.changed()).await {
                // Nobody announces anything any more: what is left is to poll.
                sleep(options.poll_interval).await;
            }
        }
    }
}

/// Tells everybody what has come since `position`.
async fn publish(
    log: &dyn EventLog,
    news: &broadcast::Sender<News>,
    position: &mut Option<Sequence>,
    options: &TailOptions,
) -> Result<(), Fault> {
    // Nobody listening is no error: the position is kept right all the same.
    let tell = |sequence, event| drop(news.send(News { sequence, event }));
    let Some(at) = position else {
        let head = log.load_head().await?;
        *position = Some(head);
        tell(head, None);
        return Ok(());
    };
    loop {
        let page = log.list_events(*at, options.page_events.max(1)).await?;
        if page.is_empty() {
            return Ok(());
        }
        for event in page {
            *at = event.sequence;
            let kept = event.payload.len() <= options.buffer_payload_bytes;
            tell(event.sequence, kept.then(|| Arc::new(event)));
        }
    }
}

enum Mode {
    /// Not asked yet; it is not known where to end.
    Opening,
    /// Reading the table up to this sequence, and no further.
    Until(Sequence),
    /// Reading the table until it has nothing more.
    Behind,
    /// Waiting for news.
    Live,
    /// Nothing more will come.
    Ended,
}

struct Subscription {
    log: Arc<dyn EventLog>,
    news: Option<broadcast::Receiver<News>>,
    page_events: usize,
    namespace: Namespace,
    filter: EventFilter,
    /// The last sequence that was looked at.
    position: Sequence,
    page: VecDeque<Arc<EventRecord>>,
    mode: Mode,
}

impl Subscription {
    async fn next(&mut self) -> Option<Result<Arc<EventRecord>, Fault>> {
        loop {
            while let Some(event) = self.page.pop_front() {
                self.position = event.sequence;
                if event.namespace == self.namespace && self.filter.admits(&event) {
                    return Some(Ok(event));
                }
            }
            if let Mode::Ended = self.mode {
                return None;
            }
            if let Err(fault) = self.advance().await {
                self.mode = Mode::Ended;
                return Some(Err(fault));
            }
        }
    }

    /// Fills the page, or learns that there is nothing to fill it with.
    async fn advance(&mut self) -> Result<(), Fault> {
        match self.mode {
            Mode::Opening => self.mode = Mode::Until(self.log.load_head().await?),
            Mode::Until(end) if self.position >= end => self.mode = Mode::Ended,
            Mode::Until(end) => {
                self.fill().await?;
                self.page.retain(|event| event.sequence <= end);
                if self.page.is_empty() {
                    self.mode = Mode::Ended;
                }
            }
            Mode::Behind => {
                self.fill().await?;
                if self.page.is_empty() {
                    self.mode = Mode::Live;
                }
            }
            Mode::Live => self.listen().await?,
            Mode::Ended => {}
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), Fault> {
        let page = self.log.list_events(self.position, self.page_events).await?;
        self.page = page.into_iter().map(Arc::new).collect();
        Ok(())
    }

    async fn listen(&mut self) -> Result<(), Fault> {
        let Some(news) = &mut self.news else {
            self.mode = Mode::Ended;
            return Ok(());
        };
        match news.recv().await {
            Ok(News { sequence, .. }) if sequence <= self.position => {}
            Ok(News { sequence, event: Some(event) }) if sequence == self.position + 1 => self.page.push_back(event),
            Ok(_) => self.mode = Mode::Behind,
            Err(RecvError::Lagged(_)) => {
                // What is still kept would only be read again from the table.
                *news = news.resubscribe();
                self.mode = Mode::Behind;
            }
            Err(RecvError::Closed) => return Err(faults::stopping()),
        }
        Ok(())
    }
}
