//! Streams that must go on: who opens one and then says nothing holds memory, a place and, on a node, a staged file.

use std::time::Duration;

use artifactstore_types::Fault;
use futures::{Stream, StreamExt as _, stream};
use tokio::time;

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
}
