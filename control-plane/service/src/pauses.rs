//! Senders that pause: a stream of theirs is not waited for longer than a limit, because whatever is held for it (memory,
//! a turn, an open file) would be held for as long as they like.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use artifactstore_types::Fault;
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::time::timeout;

use crate::faults;

/// The same stream, ended with a fault where nothing comes for longer than `limit`.
pub fn ended_at_pause<T: Send + 'static>(
    items: BoxStream<'static, Result<T, Fault>>,
    limit: Duration,
) -> BoxStream<'static, Result<T, Fault>> {
    stream::unfold(Some(items), move |open| async move {
        let mut items = open?;
        match timeout(limit, items.next()).await {
            Ok(item) => item.map(|item| (item, Some(items))),
            Err(_) => Some((Err(faults::sender_paused(limit)), None)),
        }
    })
    .boxed()
}

/// The same stream, ended where nothing comes for longer than `limit`; `ending` has the fault then.
pub fn cut_at_pause<T: Send + 'static>(
    items: BoxStream<'static, T>,
    limit: Duration,
    ending: Arc<OnceLock<Fault>>,
) -> BoxStream<'static, T> {
    let until_fault = move |item: Result<T, Fault>| {
        let item = item.map_err(|fault| ending.set(fault)).ok();
        async { item }
    };
    ended_at_pause(items.map(Ok).boxed(), limit).scan((), move |(), item| until_fault(item)).boxed()
}
