//! Contract events of the store in memory: an envelope is an event of the one stream, its text its identifier, and the
//! state is a text that grows with every event.

use artifactstore_client::Contracts;
use artifactstore_types::{
    AppendedContractEvent, Category, ContractOrigin, ContractState, ContractStream, Fault, PackageId, Parity,
    PathParity, Sequence,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};

use super::Fake;

/// How many bytes of state each event makes: more than fits one chunk.
pub const STATE_BYTES: usize = 700_000;

pub fn contract_stream() -> ContractStream {
    "team/mission-audit/p/m/r".parse().unwrap()
}

impl Fake {
    fn append(&self, origin: &ContractOrigin, envelope: &Bytes) -> Result<AppendedContractEvent, Fault> {
        let event_id = String::from_utf8_lossy(envelope).into_owned();
        if event_id.is_empty() {
            return Err(Fault::new("AS-TEST-0009", Category::Invalid, "append: it breaks its contract").about("e"));
        }
        let before = self.state().contract_events.iter().position(|known| *known == event_id);
        let stream = ContractStream { namespace: origin.namespace.clone(), ..contract_stream() };
        let sequence = before.map_or_else(
            || {
                let mut state = self.state();
                state.contract_events.push(event_id.clone());
                state.contract_events.len() as u64
            },
            |position| position as u64 + 1,
        );
        self.0.appended.send_modify(|count| *count = sequence.max(*count));
        Ok(AppendedContractEvent { event_id, stream, sequence, repeated: before.is_some() })
    }
}

fn contract_state(stream: &ContractStream, at: Sequence) -> ContractState {
    let json = "s".repeat(STATE_BYTES * usize::try_from(at).unwrap());
    ContractState { stream: stream.clone(), sequence: at, event_count: at, json, failed: at == 3 }
}

#[async_trait]
impl Contracts for Fake {
    async fn append_contract_events(
        &self,
        origin: &ContractOrigin,
        envelopes: Vec<Bytes>,
    ) -> Result<Vec<AppendedContractEvent>, Fault> {
        envelopes.iter().map(|envelope| self.append(origin, envelope)).collect()
    }

    fn append_contract_stream(
        &self,
        origin: &ContractOrigin,
        envelopes: BoxStream<'static, Bytes>,
    ) -> BoxStream<'static, Result<AppendedContractEvent, Fault>> {
        let (fake, origin) = (self.clone(), origin.clone());
        envelopes.map(move |envelope| fake.append(&origin, &envelope)).boxed()
    }

    async fn load_contract_state(&self, stream: &ContractStream, at: Option<Sequence>) -> Result<ContractState, Fault> {
        let head = self.state().contract_events.len() as u64;
        let at = at.unwrap_or(head);
        if at == 0 || at > head { Err(super::not_found(stream)) } else { Ok(contract_state(stream, at)) }
    }

    fn watch_contract_state(&self, stream: &ContractStream) -> BoxStream<'static, Result<ContractState, Fault>> {
        let watched = (stream.clone(), self.0.appended.subscribe(), 0);
        let states = stream::unfold(watched, |(stream, mut appended, told)| async move {
            let at = *appended.wait_for(|count| *count > told).await.ok()?;
            Some((Ok(contract_state(&stream, at)), (stream, appended, at)))
        });
        states.boxed()
    }

    fn verify_dossier(&self, _: &ContractStream, package: PackageId) -> BoxStream<'static, Result<PathParity, Fault>> {
        let found = self.files(package).into_iter().map(|(file, _)| {
            let path = file.relative_path.to_string();
            Ok(PathParity { path, parity: Parity::Unknown, expected: None, actual: Some(file.sha256) })
        });
        stream::iter(found.collect::<Vec<_>>()).boxed()
    }
}
