//! Watching a state: a subscription that survives its connection. Where it breaks off it is made again, and what is
//! delivered never goes back.

use std::sync::Arc;

use artifactstore_types::{ContractState, ContractStream, Fault, Sequence};
use backon::ExponentialBackoff;
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::time;

use crate::{Connection, faults, retry};

struct Subscription {
    connection: Arc<dyn Connection>,
    stream: ContractStream,
    states: BoxStream<'static, Result<ContractState, Fault>>,
    /// The sequence of the last state delivered.
    last: Sequence,
    pauses: ExponentialBackoff,
    ended: bool,
}

/// The state of a stream, once it has one, and then each new one. A passing failure is retried; the stream ends after any
/// other fault, and after one that has not passed in time.
pub fn watch(
    connection: &Arc<dyn Connection>,
    stream: ContractStream,
) -> BoxStream<'static, Result<ContractState, Fault>> {
    let subscription = Subscription {
        states: connection.watch_contract_state(&stream),
        connection: Arc::clone(connection),
        stream,
        last: 0,
        pauses: retry::pauses(),
        ended: false,
    };
    stream::unfold(subscription, |mut subscription| async move {
        let state = subscription.next().await?;
        Some((state, subscription))
    })
    .boxed()
}

impl Subscription {
    async fn next(&mut self) -> Option<Result<ContractState, Fault>> {
        if self.ended {
            return None;
        }
        loop {
            let fault = match self.states.next().await? {
                Ok(state) if state.stream != self.stream => {
                    faults::event_untrusted(state.sequence, "is the state of another stream than was asked for")
                }
                // A connection made again begins with the state as it is.
                Ok(state) if state.sequence <= self.last => continue,
                Ok(state) => {
                    self.last = state.sequence;
                    self.pauses = retry::pauses();
                    return Some(Ok(state));
                }
                Err(fault) => fault,
            };
            let pause = if retry::may_pass(&fault) { self.pauses.next() } else { None };
            let Some(pause) = pause else {
                self.ended = true;
                return Some(Err(fault));
            };
            time::sleep(pause).await;
            self.states = self.connection.watch_contract_state(&self.stream);
        }
    }
}

#[cfg(test)]
mod tests;
