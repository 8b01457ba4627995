//! Events, put together from the messages that hold them.

use std::sync::Arc;

use artifactstore_types::{EventRecord, Fault};
use artifactstore_wire::{EventAssembly, opening, unreadable, v1};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::Remote;
use crate::connection::TailRequest;

impl Remote {
    pub(super) fn receive_events(&self, request: TailRequest) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
        let (mut events, limit) = (self.events.clone(), self.options.call_timeout);
        let request = v1::TailRequest {
            namespace: request.namespace.to_string(),
            since_sequence: request.since,
            filter: Some(request.filter.into()),
            follow: request.follow,
        };
        let received = async move {
            let messages = opening::opened(limit, events.tail(request)).await?;
            let whole = (messages, EventAssembly::default());
            Ok::<_, Fault>(stream::try_unfold(whole, |(mut messages, mut assembly)| async move {
                while let Some(message) = messages.try_next().await? {
                    if let Some(event) = assembly.push(message).map_err(unreadable)? {
                        return Ok(Some((Arc::new(event), (messages, assembly))));
                    }
                }
                assembly.finish()?;
                Ok(None)
            }))
        };
        stream::once(received).try_flatten().boxed()
    }
}
