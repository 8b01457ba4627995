//! Appending contract events. Every envelope is read and validated before anything is stored, on a thread that has time
//! for it; what is left to the registry is whether an event is new.

use std::collections::HashMap;

use artifactstore_registry::{AppendContractEvents, NewContractEvent, Refusal};
use artifactstore_types::{AppendedContractEvent, ContractOrigin, Fault};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream, stream::BoxStream};
use tokio::task::spawn_blocking;

use crate::{Service, faults};

const OPERATION: &str = "append contract events";
/// How many events one call appends, all or none.
const MAX_EVENTS: usize = 1_000;
/// How many events of a stream are appended together at most, and how many bytes they have, and then one event more.
const GROUP: usize = 1_000;
const GROUP_BYTES: usize = 1024 * 1024;
/// How many groups are validated ahead of the one that is committed.
const GROUPS_AHEAD: usize = 2;

type Answer = Result<AppendedContractEvent, Fault>;
type Read = Result<NewContractEvent, Refusal>;

impl Service {
    pub(crate) async fn append_contract_events(
        &self,
        origin: &ContractOrigin,
        envelopes: Vec<Bytes>,
    ) -> Result<Vec<AppendedContractEvent>, Fault> {
        if envelopes.len() > MAX_EVENTS {
            return Err(faults::too_many_items(OPERATION, MAX_EVENTS));
        }
        let mut events = Vec::with_capacity(envelopes.len());
        for (index, event) in read_all(envelopes).await?.into_iter().enumerate() {
            events.push(event.map_err(|refusal| refusal.into_fault(OPERATION, format_args!("event {index}")))?);
        }
        self.append_read(origin, events, true).await?.into_iter().collect()
    }

    pub(crate) fn append_contract_stream(
        &self,
        origin: &ContractOrigin,
        envelopes: BoxStream<'static, Bytes>,
    ) -> BoxStream<'static, Answer> {
        let (service, origin) = (self.clone(), origin.clone());
        // Groups are committed one after the other, so that events stand in the log in the order in which they came.
        let answers = groups(envelopes).map(read_all).buffered(GROUPS_AHEAD).then(move |read| {
            let (service, origin) = (service.clone(), origin.clone());
            async move { service.append_group(&origin, read?).await }
        });
        // A fault of a whole group is the last thing said; each event's own fault is only its own.
        let mut over = false;
        answers
            .take_while(move |group| std::future::ready(!std::mem::replace(&mut over, group.is_err())))
            .flat_map(|group| stream::iter(group.unwrap_or_else(|fault| vec![Err(fault)])))
            .boxed()
    }

    /// Appends those of these events that keep their contracts; each is answered on its own, in order.
    async fn append_group(&self, origin: &ContractOrigin, read: Vec<Read>) -> Result<Vec<Answer>, Fault> {
        let mut answers = Vec::with_capacity(read.len());
        let mut events = Vec::with_capacity(read.len());
        for event in read {
            match event {
                Ok(event) => {
                    events.push(event);
                    answers.push(None);
                }
                Err(refusal) => answers.push(Some(Err(refusal.into_fault(OPERATION, &origin.namespace)))),
            }
        }
        let mut appended = self.append_read(origin, events, false).await?.into_iter();
        let missing = || Err(faults::unexpected_event(OPERATION, &origin.namespace));
        Ok(answers.into_iter().map(|answer| answer.or_else(|| appended.next()).unwrap_or_else(missing)).collect())
    }

    /// One answer an event, in order.
    async fn append_read(
        &self,
        origin: &ContractOrigin,
        events: Vec<NewContractEvent>,
        all_or_nothing: bool,
    ) -> Result<Vec<Answer>, Fault> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let named: Vec<_> =
            events.iter().map(|event| (event.event_id().to_owned(), event.stream(&origin.namespace))).collect();
        let at = self.clock().now();
        let command = AppendContractEvents { origin: origin.clone(), at, events, all_or_nothing };
        let committed = self.submit_command(command).await?;

        let mut refused: HashMap<usize, Fault> = committed.refused.into_iter().collect();
        let repeated: HashMap<_, _> = committed.repeated.into_iter().collect();
        let mut new = committed.events.iter().map(|event| event.sequence);
        let answer = |(index, (event_id, stream))| {
            if let Some(fault) = refused.remove(&index) {
                return Err(fault);
            }
            let before = repeated.get(&index).copied();
            let sequence = before.or_else(|| new.next());
            let sequence = sequence.ok_or_else(|| faults::unexpected_event(OPERATION, &event_id))?;
            Ok(AppendedContractEvent { event_id, stream, sequence, repeated: before.is_some() })
        };
        Ok(named.into_iter().enumerate().map(answer).collect())
    }
}

/// Reads envelopes: not on a thread that serves others, since a thousand of them take milliseconds.
async fn read_all(envelopes: Vec<Bytes>) -> Result<Vec<Read>, Fault> {
    let read = spawn_blocking(move || envelopes.iter().map(NewContractEvent::read).collect());
    read.await.map_err(|lost| faults::thread_lost(OPERATION, &lost))
}

/// What is there at once, in groups bounded in number and in bytes.
fn groups(envelopes: BoxStream<'static, Bytes>) -> impl futures::Stream<Item = Vec<Bytes>> + Send {
    stream::unfold(envelopes.fuse(), |mut envelopes| async move {
        let first = envelopes.next().await?;
        let mut bytes = first.len();
        let mut group = vec![first];
        while group.len() < GROUP
            && bytes < GROUP_BYTES
            && let Some(Some(next)) = envelopes.next().now_or_never()
        {
            bytes += next.len();
            group.push(next);
        }
        Some((group, envelopes))
    })
}
