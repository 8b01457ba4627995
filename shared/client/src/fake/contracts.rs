//! Contract events of the store in memory: states are delivered as a test scripted them, and nothing is kept.

use artifactstore_types::{
    AppendedContractEvent, ContractOrigin, ContractState, ContractStream, Fault, PackageId, PathParity, Sequence,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};

use super::{Call, Fake, lasting};
use crate::Contracts;

#[async_trait]
impl Contracts for Fake {
    async fn append_contract_events(
        &self,
        _: &ContractOrigin,
        _: Vec<Bytes>,
    ) -> Result<Vec<AppendedContractEvent>, Fault> {
        Err(lasting())
    }

    fn append_contract_stream(
        &self,
        _: &ContractOrigin,
        _: BoxStream<'static, Bytes>,
    ) -> BoxStream<'static, Result<AppendedContractEvent, Fault>> {
        stream::iter([Err(lasting())]).boxed()
    }

    async fn load_contract_state(&self, _: &ContractStream, _: Option<Sequence>) -> Result<ContractState, Fault> {
        Err(lasting())
    }

    fn watch_contract_state(&self, _: &ContractStream) -> BoxStream<'static, Result<ContractState, Fault>> {
        let mut state = self.state();
        *state.calls.entry(Call::Watch).or_default() += 1;
        stream::iter(state.mischief.watches.pop_front().unwrap_or_default()).boxed()
    }

    fn verify_dossier(&self, _: &ContractStream, _: PackageId) -> BoxStream<'static, Result<PathParity, Fault>> {
        stream::iter([Err(lasting())]).boxed()
    }
}
