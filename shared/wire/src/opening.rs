//! How streams from the other side begin, go on and end: the beginning has a deadline, what follows may pause only so long,
//! and a stream of bytes of known length ends with exactly that many or with a fault.

use std::{future::Future, time::Duration};

use artifactstore_types::Fault;
use bytes::Bytes;
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use tokio::time;
use tonic::{Response, Status, Streaming};

use crate::{fault_of_status, stream as wire, unreadable};

/// The message that a call was answered with.
///
/// # Errors
/// The fault that the status tells.
pub async fn answer<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Fault> {
    Ok(call.await.map_err(|status| fault_of_status(&status))?.into_inner())
}

/// The messages of a stream that the other side begins within `limit`.
///
/// # Errors
/// The fault that the status tells, or of the time that is over.
pub async fn opened<M: Send + 'static>(
    limit: Duration,
    call: impl Future<Output = Result<Response<Streaming<M>>, Status>> + Send,
) -> Result<BoxStream<'static, Result<M, Fault>>, Fault> {
    let answer = time::timeout(limit, call).await.map_err(|_| wire::no_answer_in(limit))?;
    let messages = answer.map_err(|status| fault_of_status(&status))?.into_inner();
    Ok(messages.map_err(|status| fault_of_status(&status)).boxed())
}

/// The first message of a stream.
///
/// # Errors
/// The stream's own, or a stream without messages.
pub async fn first<M>(messages: &mut BoxStream<'static, Result<M, Fault>>) -> Result<M, Fault> {
    messages.try_next().await?.ok_or_else(wire::cut_short)
}

/// The same messages, each of which must come within `limit` once it is waited for; what comes late is not waited for.
pub fn unpaused<M: Send + 'static>(
    limit: Duration,
    messages: BoxStream<'static, Result<M, Fault>>,
) -> BoxStream<'static, Result<M, Fault>> {
    let each = stream::try_unfold(messages, move |mut messages| async move {
        let next = time::timeout(limit, messages.try_next()).await.map_err(|_| wire::no_answer_in(limit))?;
        Ok(next?.map(|message| (message, messages)))
    });
    each.boxed()
}

/// The chunks of a stream that must hold exactly `missing` bytes.
pub fn exactly(
    missing: u64,
    chunks: impl Stream<Item = Result<Bytes, Fault>> + Send + 'static,
) -> BoxStream<'static, Result<Bytes, Fault>> {
    let whole = stream::try_unfold((chunks.boxed(), missing), |(mut chunks, missing)| async move {
        match chunks.try_next().await? {
            Some(chunk) => match missing.checked_sub(chunk.len() as u64) {
                Some(missing) => Ok(Some((chunk, (chunks, missing)))),
                None => Err(unreadable(wire::out_of_order("more bytes came than were announced"))),
            },
            None if missing > 0 => Err(wire::cut_short()),
            None => Ok(None),
        }
    });
    whole.boxed()
}

#[cfg(test)]
mod tests {
    use artifactstore_types::Category;

    use super::*;

    async fn received(announced: u64, chunks: Vec<Result<Bytes, Fault>>) -> Result<Vec<Bytes>, Fault> {
        exactly(announced, stream::iter(chunks)).try_collect().await
    }

    #[tokio::test]
    async fn bytes_that_end_early_or_go_on_are_a_fault() {
        let chunk = |bytes: &'static [u8]| Ok(Bytes::from_static(bytes));
        assert_eq!(received(5, vec![chunk(b"abc"), chunk(b"de")]).await.unwrap().concat(), b"abcde");
        assert!(received(0, vec![]).await.unwrap().is_empty());
        for (announced, code) in [(6, "AS-WIRE-0003"), (4, "AS-WIRE-0004"), (3, "AS-WIRE-0004")] {
            let fault = received(announced, vec![chunk(b"abc"), chunk(b"de")]).await.unwrap_err();
            assert_eq!(fault.code, code, "{announced}");
            assert_ne!(fault.category, Category::Cancelled, "nobody here gave it up");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_that_do_not_go_on_are_given_up_and_a_reader_that_pauses_is_not() {
        let limit = Duration::from_secs(30);
        let bytes = unpaused(limit, stream::iter([Ok(1), Ok(2)]).chain(stream::pending()).boxed());
        let mut bytes = std::pin::pin!(bytes);
        assert_eq!(bytes.try_next().await, Ok(Some(1)));
        time::advance(limit * 2).await;
        assert_eq!(bytes.try_next().await, Ok(Some(2)));
        assert_eq!(bytes.try_next().await.unwrap_err().category, Category::DeadlineExceeded);
        assert_eq!(bytes.try_next().await, Ok(None));
    }
}
