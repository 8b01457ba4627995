//! Contract events: appending them, reading and watching the states of their streams, and holding a state against stored
//! bytes. Which families there are, and what their events may say, is the registry's catalogue to know.

mod append;
mod parity;
mod state;

use artifactstore_client::Contracts;
use artifactstore_types::{
    AppendedContractEvent, ContractOrigin, ContractState, ContractStream, Fault, PackageId, PathParity, Sequence,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::Service;

#[async_trait]
impl Contracts for Service {
    async fn append_contract_events(
        &self,
        origin: &ContractOrigin,
        envelopes: Vec<Bytes>,
    ) -> Result<Vec<AppendedContractEvent>, Fault> {
        Self::append_contract_events(self, origin, envelopes).await
    }

    fn append_contract_stream(
        &self,
        origin: &ContractOrigin,
        envelopes: BoxStream<'static, Bytes>,
    ) -> BoxStream<'static, Result<AppendedContractEvent, Fault>> {
        Self::append_contract_stream(self, origin, envelopes)
    }

    async fn load_contract_state(&self, stream: &ContractStream, at: Option<Sequence>) -> Result<ContractState, Fault> {
        Self::load_contract_state(self, stream, at).await
    }

    fn watch_contract_state(&self, stream: &ContractStream) -> BoxStream<'static, Result<ContractState, Fault>> {
        Self::watch_contract_state(self, stream)
    }

    fn verify_dossier(
        &self,
        stream: &ContractStream,
        package: PackageId,
    ) -> BoxStream<'static, Result<PathParity, Fault>> {
        Self::verify_dossier(self, stream, package)
    }
}
