//! Streams that must go on: who opens one and then says nothing, or takes nothing, holds memory, a place and a file.

use std::time::Duration;

use artifactstore_types::Fault;
use futures::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{sync::mpsc, task::JoinSet, time};

use crate::stream as wire;

/// The same messages, ended by a fault where none comes for `limit`.
pub fn not_idle<T: Send + 'static>(
    limit: Duration,
    messages: impl Stream<Item = Result<T, Fault>> + Send + Unpin + 'static,
) -> impl Stream<Item = Result<T, Fault>> + Send + Unpin + 'static {
    let going_on = stream::unfold(Some(messages), move |messages| async move {
        let mut messages = messages?;
        match time::timeout(limit, messages.next()).await {
            Ok(None) => None,
            Ok(Some(message)) => Some((message, Some(messages))),
            Err(_) => Some((Err(wire::nothing_more_in(limit)), None)),
        }
    });
    Box::pin(going_on)
}

/// The same messages, given up, with all that they hold, where nobody takes the next one for `limit`: a reader that has
/// stopped does not ask for more, so that nothing in the stream itself could notice. Must be called within a runtime.
pub fn not_left<T: Send + 'static>(
    limit: Duration,
    mut messages: BoxStream<'static, Result<T, Fault>>,
) -> BoxStream<'static, Result<T, Fault>> {
    let (sender, receiver) = mpsc::channel(1);
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Some(message) = messages.next().await {
            match time::timeout(limit, sender.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Ok(()),
                Err(_) => return Err(wire::nothing_taken_in(limit)),
            }
        }
        Ok(())
    });
    let taken = stream::unfold(Some((receiver, task)), |open| async move {
        let (mut receiver, mut task) = open?;
        if let Some(message) = receiver.recv().await {
            return Some((message, Some((receiver, task))));
        }
        match task.join_next().await {
            Some(Ok(Err(left))) => Some((Err(left), None)),
            _ => None,
        }
    });
    taken.boxed()
}

#[cfg(test)]
mod tests {
    use artifactstore_types::Category;
    use futures::TryStreamExt as _;

    use super::*;
    use crate::codes;

    const LIMIT: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_says_nothing_more_is_ended() {
        let mut messages = not_idle(LIMIT, stream::iter([Ok(1)]).chain(stream::pending()));
        assert_eq!(messages.try_next().await, Ok(Some(1)));
        let fault = messages.try_next().await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.category), (codes::IDLE, Category::DeadlineExceeded));
        assert_eq!(messages.try_next().await, Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_goes_on_slowly_may() {
        let slow = stream::iter(0..10).then(|number| async move {
            time::sleep(Duration::from_secs(59)).await;
            Ok(number)
        });
        let numbers: Result<Vec<i32>, Fault> = not_idle(LIMIT, Box::pin(slow)).try_collect().await;
        assert_eq!(numbers.unwrap().len(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_nobody_takes_is_given_up_with_what_it_holds() {
        let held = std::sync::Arc::new(());
        let holding = std::sync::Arc::downgrade(&held);
        let numbers = stream::repeat_with(move || {
            let _ = &held;
            Ok(7)
        });
        let mut taken = not_left(LIMIT, numbers.boxed());
        assert_eq!(taken.try_next().await, Ok(Some(7)));
        time::sleep(LIMIT * 2).await;
        assert!(holding.upgrade().is_none());
        let ended = taken.by_ref().try_collect::<Vec<i32>>().await.unwrap_err();
        assert_eq!((ended.code.as_ref(), ended.category), (codes::IDLE, Category::DeadlineExceeded));
        assert!(taken.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_is_taken_slowly_comes_whole() {
        let mut taken = not_left(LIMIT, stream::iter((0..5).map(Ok)).boxed());
        let mut numbers = Vec::new();
        while let Some(number) = taken.try_next().await.unwrap() {
            numbers.push(number);
            time::sleep(Duration::from_secs(59)).await;
        }
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_is_dropped_with_what_it_holds() {
        let held = std::sync::Arc::new(());
        let holding = std::sync::Arc::downgrade(&held);
        let numbers = stream::repeat_with(move || {
            let _ = &held;
            Ok(7)
        });
        drop(not_left(LIMIT, numbers.boxed()));
        while holding.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    }
}
