//! What a store answers about contract events: events of families that others rely on, and what their streams amount to.

use artifactstore_types::{
    AppendedContractEvent, ContractOrigin, ContractState, ContractStream, Fault, PackageId, PathParity, Sequence,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

/// The part of a store that keeps contract events. An envelope is a JSON object of at most 1 MiB, white space around it
/// apart; which stream it belongs to follows from it.
#[async_trait]
pub trait Contracts: Send + Sync + 'static {
    /// Appends events, all of them or none, in the order given; at most 1,000 at once. One that is in the log already, byte
    /// for byte, is answered with the place it has. When this returns, they are durable.
    async fn append_contract_events(
        &self,
        origin: &ContractOrigin,
        envelopes: Vec<Bytes>,
    ) -> Result<Vec<AppendedContractEvent>, Fault>;

    /// Appends events as they come; each is answered on its own, in order, once durable. The stream ends early after a
    /// fault that concerns all of them, which is then its last item.
    fn append_contract_stream(
        &self,
        origin: &ContractOrigin,
        envelopes: BoxStream<'static, Bytes>,
    ) -> BoxStream<'static, Result<AppendedContractEvent, Fault>>;

    /// The state of a stream: as it is, or as it was after the last of its events up to a sequence.
    async fn load_contract_state(&self, stream: &ContractStream, at: Option<Sequence>) -> Result<ContractState, Fault>;

    /// The state of a stream, once it has one, and then each new one; sequences ascend. Changes that come faster than they
    /// are read are told by the last of them.
    fn watch_contract_state(&self, stream: &ContractStream) -> BoxStream<'static, Result<ContractState, Fault>>;

    /// Holds the files that a state speaks of against a finalized package, and has their stored bytes read again; one
    /// answer a path, in the order of the paths' bytes.
    fn verify_dossier(
        &self,
        stream: &ContractStream,
        package: PackageId,
    ) -> BoxStream<'static, Result<PathParity, Fault>>;
}
