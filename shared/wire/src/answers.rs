//! How handlers answer: with one message or a stream of them, or with the status that tells a fault.

use std::future::Future;

use artifactstore_types::Fault;
use futures::{Stream, StreamExt as _, stream::BoxStream};
use tonic::{Response, Status};

use crate::status_of;

/// The messages of an answer that is a stream.
pub type Messages<T> = BoxStream<'static, Result<T, Status>>;

/// Answers a call with one message.
///
/// # Errors
/// The status of the fault that `work` ends with.
pub async fn reply<T>(work: impl Future<Output = Result<T, Fault>> + Send) -> Result<Response<T>, Status> {
    work.await.map(Response::new).map_err(|fault| status_of(&fault))
}

/// Answers a call with a stream of messages.
///
/// # Errors
/// The status of the fault that `work` ends with.
pub async fn reply_with<T, S>(
    work: impl Future<Output = Result<S, Fault>> + Send,
) -> Result<Response<Messages<T>>, Status>
where
    S: Stream<Item = Result<T, Fault>> + Send + 'static,
{
    reply(async { Ok(work.await?.map(|message| message.map_err(|fault| status_of(&fault))).boxed()) }).await
}
