//! The state of a stream: as it is, as it was, and as it changes.

use std::sync::Arc;

use artifactstore_registry::contract::require_family;
use artifactstore_types::{ContractState, ContractStream, EventFilter, EventRecord, Fault, Sequence};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};

use crate::{Service, faults};

const OPERATION: &str = "load contract state";

impl Service {
    pub(crate) async fn load_contract_state(
        &self,
        stream: &ContractStream,
        at: Option<Sequence>,
    ) -> Result<ContractState, Fault> {
        require_family(&stream.family).map_err(|refusal| refusal.into_fault(OPERATION, stream))?;
        if let Some(at) = at {
            let head = self.store().load_head().await?;
            if at > head {
                return Err(faults::beyond_the_log(at, head));
            }
        }
        let state = self.store().find_contract_state(stream, at).await?;
        state.ok_or_else(|| faults::no_contract_event(stream, at))
    }

    pub(crate) fn watch_contract_state(
        &self,
        stream: &ContractStream,
    ) -> BoxStream<'static, Result<ContractState, Fault>> {
        let (service, stream) = (self.clone(), stream.clone());
        let opened = async move {
            require_family(&stream.family).map_err(|refusal| refusal.into_fault("watch contract state", &stream))?;
            // Whatever comes after this place wakes; whatever came before is in the state that is read next.
            let head = service.store().load_head().await?;
            let filter = EventFilter { types: Vec::new(), subject_id: Some(stream.to_string()) };
            let events = service.tail().subscribe(stream.namespace.clone(), head, filter, true);
            let watch = Watch { service, stream, events, told: 0, begun: false };
            Ok::<_, Fault>(stream::try_unfold(watch, |mut watch| async move {
                Ok(watch.next().await?.map(|state| (state, watch)))
            }))
        };
        opened.into_stream().try_flatten().boxed()
    }
}

struct Watch {
    service: Service,
    stream: ContractStream,
    events: BoxStream<'static, Result<Arc<EventRecord>, Fault>>,
    /// The sequence of the last state told.
    told: Sequence,
    begun: bool,
}

impl Watch {
    async fn next(&mut self) -> Result<Option<ContractState>, Fault> {
        loop {
            if std::mem::replace(&mut self.begun, true) && !self.wait().await? {
                return Ok(None);
            }
            if let Some(state) = self.service.store().find_contract_state(&self.stream, None).await?
                && state.sequence > self.told
            {
                self.told = state.sequence;
                return Ok(Some(state));
            }
        }
    }

    /// Waits for an event that no state told includes, and takes those that came with it. False where none will come.
    async fn wait(&mut self) -> Result<bool, Fault> {
        loop {
            let Some(event) = self.events.try_next().await? else { return Ok(false) };
            let mut newest = event.sequence;
            while let Some(more) = self.events.try_next().now_or_never() {
                let Some(event) = more? else { return Ok(false) };
                newest = event.sequence;
            }
            // A state that was read while events were on their way may be ahead of them.
            if newest > self.told {
                return Ok(true);
            }
        }
    }
}
