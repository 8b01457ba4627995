//! Following events: a subscription that survives its connection. Where it breaks off, it goes on after the last event
//! delivered; what is delivered is checked, in order, and never twice.

use std::sync::Arc;

use artifactstore_types::{ContentAddress, EventRecord, Fault};
use backon::ExponentialBackoff;
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::time;

use crate::{Connection, TailRequest, faults, retry};

struct Subscription {
    connection: Arc<dyn Connection>,
    request: TailRequest,
    events: BoxStream<'static, Result<Arc<EventRecord>, Fault>>,
    pauses: ExponentialBackoff,
    ended: bool,
}

/// The events a request asks for. A passing failure is retried from the last event delivered; the stream ends after
/// any other fault, and after one that has not passed in time.
pub fn tail(
    connection: &Arc<dyn Connection>,
    request: TailRequest,
) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
    let subscription = Subscription {
        events: connection.tail(request.clone()),
        connection: Arc::clone(connection),
        request,
        pauses: retry::pauses(),
        ended: false,
    };
    stream::unfold(subscription, |mut subscription| async move {
        let event = subscription.next().await?;
        Some((event, subscription))
    })
    .boxed()
}

impl Subscription {
    async fn next(&mut self) -> Option<Result<Arc<EventRecord>, Fault>> {
        if self.ended {
            return None;
        }
        loop {
            let fault = match self.events.next().await? {
                Ok(event) => match self.check(&event) {
                    Ok(()) => {
                        self.request.since = event.sequence;
                        self.pauses = retry::pauses();
                        return Some(Ok(event));
                    }
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            let pause = if retry::may_pass(&fault) { self.pauses.next() } else { None };
            let Some(pause) = pause else {
                self.ended = true;
                return Some(Err(fault));
            };
            time::sleep(pause).await;
            self.events = self.connection.tail(self.request.clone());
        }
    }

    fn check(&self, event: &EventRecord) -> Result<(), Fault> {
        if event.sequence <= self.request.since {
            return Err(faults::event_untrusted(event.sequence, "came again or out of order"));
        }
        if event.namespace != self.request.namespace || !self.request.filter.admits(event) {
            return Err(faults::event_untrusted(event.sequence, "is not one that was asked for"));
        }
        if *ContentAddress::of(&event.payload).bytes() != event.payload_digest {
            return Err(faults::event_untrusted(event.sequence, "has a payload that does not match its digest"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
