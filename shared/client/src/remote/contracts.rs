//! Contract events on their way to the store, and states on their way back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use artifactstore_types::{
    AppendedContractEvent, ContractOrigin, ContractState, ContractStream, Fault, PackageId, PathParity, Sequence,
};
use artifactstore_wire::{StateAssembly, field, limits, stream as wire, unreadable, v1};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{Remote, answer, opening, read};
use crate::contracts::Contracts;

#[async_trait]
impl Contracts for Remote {
    async fn append_contract_events(
        &self,
        origin: &ContractOrigin,
        envelopes: Vec<Bytes>,
    ) -> Result<Vec<AppendedContractEvent>, Fault> {
        let asked = envelopes.len();
        let request = v1::AppendRequest { origin: Some(origin.clone().into()), envelopes };
        let answer = answer(self.contracts.clone().append(self.within_deadline(request))).await?;
        let events: Vec<AppendedContractEvent> =
            field::converted_list("events", answer.events, limits::APPENDED_EVENTS).map_err(unreadable)?;
        if events.len() == asked {
            Ok(events)
        } else {
            let came = events.len();
            Err(unreadable(field::refused("events", format_args!("{asked} were asked for, {came} came"))))
        }
    }

    fn append_contract_stream(
        &self,
        origin: &ContractOrigin,
        envelopes: BoxStream<'static, Bytes>,
    ) -> BoxStream<'static, Result<AppendedContractEvent, Fault>> {
        let (mut contracts, limit) = (self.contracts.clone(), self.options.call_timeout);
        let sent = Arc::new(Sent::default());
        let parts = parts(origin.clone(), envelopes, Arc::clone(&sent));
        let results = async move {
            let messages = opening::opened(limit, contracts.append_stream(parts)).await?;
            Ok::<_, Fault>(results(messages, sent))
        };
        stream::once(results).try_flatten().boxed()
    }

    async fn load_contract_state(&self, stream: &ContractStream, at: Option<Sequence>) -> Result<ContractState, Fault> {
        let request = v1::ReduceRequest { stream: Some(stream.clone().into()), at_sequence: at };
        let (mut contracts, limit) = (self.contracts.clone(), self.options.call_timeout);
        let messages = opening::opened(limit, contracts.reduce(request)).await?;
        let mut states = states(messages.map_ok(|message| message.part).boxed());
        states.next().await.unwrap_or_else(|| Err(wire::truncated()))
    }

    fn watch_contract_state(&self, stream: &ContractStream) -> BoxStream<'static, Result<ContractState, Fault>> {
        let request = v1::WatchStateRequest { stream: Some(stream.clone().into()) };
        let (mut contracts, limit) = (self.contracts.clone(), self.options.call_timeout);
        let watched = async move {
            let messages = opening::opened(limit, contracts.watch_state(request)).await?;
            Ok::<_, Fault>(states(messages.map_ok(|message| message.part).boxed()))
        };
        stream::once(watched).try_flatten().boxed()
    }

    fn verify_dossier(
        &self,
        stream: &ContractStream,
        package: PackageId,
    ) -> BoxStream<'static, Result<PathParity, Fault>> {
        let request = v1::VerifyDossierRequest { stream: Some(stream.clone().into()), package_id: package.to_string() };
        let (mut contracts, limit) = (self.contracts.clone(), self.options.call_timeout);
        let verified = async move {
            let messages = opening::opened(limit, contracts.verify_dossier(request)).await?;
            Ok::<_, Fault>(messages.and_then(|message| async move { read("parity", message.parity) }))
        };
        stream::once(verified).try_flatten().boxed()
    }
}

/// The states that parts make up.
fn states(
    parts: BoxStream<'static, Result<Option<v1::ContractStatePart>, Fault>>,
) -> BoxStream<'static, Result<ContractState, Fault>> {
    let whole = stream::try_unfold((parts, StateAssembly::default()), |(mut parts, mut assembly)| async move {
        while let Some(part) = parts.try_next().await? {
            if let Some(state) = assembly.push(part).map_err(unreadable)? {
                return Ok(Some((state, (parts, assembly))));
            }
        }
        assembly.finish()?;
        Ok(None)
    });
    whole.boxed()
}

/// How far a stream of envelopes has come.
#[derive(Debug, Default)]
struct Sent {
    envelopes: AtomicU64,
    all: AtomicBool,
}

fn parts(
    origin: ContractOrigin,
    envelopes: BoxStream<'static, Bytes>,
    sent: Arc<Sent>,
) -> impl Stream<Item = v1::AppendStreamRequest> + Send + 'static {
    use v1::append_stream_request::Part;
    let first = stream::iter([Part::Origin(origin.into())]);
    let rest = stream::unfold((envelopes, sent), |(mut envelopes, sent)| async move {
        let Some(envelope) = envelopes.next().await else {
            sent.all.store(true, Ordering::SeqCst);
            return None;
        };
        sent.envelopes.fetch_add(1, Ordering::SeqCst);
        Some((Part::Envelope(envelope), (envelopes, sent)))
    });
    first.chain(rest).map(|part| v1::AppendStreamRequest { part: Some(part) })
}

/// One result an envelope. A store that ends early says why with its last one; where it does not, that is a fault itself.
fn results(
    messages: BoxStream<'static, Result<v1::AppendStreamResponse, Fault>>,
    sent: Arc<Sent>,
) -> impl Stream<Item = Result<AppendedContractEvent, Fault>> + Send + 'static {
    struct Open {
        messages: BoxStream<'static, Result<v1::AppendStreamResponse, Fault>>,
        sent: Arc<Sent>,
        answered: u64,
        last_was_fault: bool,
    }
    let open = Open { messages, sent, answered: 0, last_was_fault: false };
    let results = stream::try_unfold(open, |mut open| async move {
        if let Some(message) = open.messages.try_next().await? {
            let result = message.decoded().map_err(unreadable)?;
            open.answered += 1;
            open.last_was_fault = result.is_err();
            return Ok(Some((result, open)));
        }
        let all_sent = open.sent.all.load(Ordering::SeqCst);
        let complete = all_sent && open.answered == open.sent.envelopes.load(Ordering::SeqCst);
        if complete || open.last_was_fault { Ok(None) } else { Err(wire::truncated().with_unknown_outcome()) }
    });
    results.map(|result| result.and_then(std::convert::identity))
}
