//! How streams from the store begin, go on and end: the beginning has a deadline, bytes may pause only so long, and a
//! stream of bytes of known length ends with exactly that many or with a fault.

use std::{future::Future, time::Duration};

use artifactstore_types::Fault;
use artifactstore_wire::{fault_of_status, stream as wire, unreadable};
use bytes::Bytes;
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use tokio::time;
use tonic::{Response, Status, Streaming};

/// The messages of a stream that the store begins within `limit`.
pub async fn opened<M: Send + 'static>(
    limit: Duration,
    call: impl Future<Output = Result<Response<Streaming<M>>, Status>> + Send,
) -> Result<BoxStream<'static, Result<M, Fault>>, Fault> {
    let answer = time::timeout(limit, call).await.map_err(|_| wire::no_answer_in(limit))?;
    let messages = answer.map_err(|status| fault_of_status(&status))?.into_inner();
    Ok(messages.map_err(|status| fault_of_status(&status)).boxed())
}

/// The first message of a stream.
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
