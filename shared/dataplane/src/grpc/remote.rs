//! A data plane behind the network. Each method is one call; whatever the node sends is checked before it is passed on: an
//! answer that is cut short is a fault, never a shorter answer. Trying again is left to whoever calls.

mod ingest;
mod read;

use std::time::Duration;

use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, Category, ContentAddress, Endpoint, Fault, Location, NodeId, Receipt,
};
use artifactstore_wire::{
    decode_mismatch, field, limits,
    opening::answer,
    transport, unreadable,
    v1::{self, data_plane_service_client::DataPlaneServiceClient},
};
use async_trait::async_trait;
use futures::stream::BoxStream;
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};

use super::options::RemotePlaneOptions;
use crate::{
    control_token::ControlTokens,
    spi::{
        Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, InventoryEntry, Served, Verification,
    },
};

/// The slowest a node may read before a call is given up: 16 MiB a second, beside the deadline of a call.
const SLOWEST_BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;

type Client = DataPlaneServiceClient<InterceptedService<Channel, Bearer>>;

/// A data plane behind the network. Clones share one connection, which stands when it is first needed and is made anew
/// when it breaks.
#[derive(Clone)]
pub struct RemotePlane {
    node_id: NodeId,
    client: Client,
    options: RemotePlaneOptions,
}

impl RemotePlane {
    /// The node that `tokens` are for, at `endpoint`. Nothing is sent yet. Must be called within a runtime.
    ///
    /// # Errors
    /// An endpoint that cannot be connected to.
    pub fn connect(endpoint: &Endpoint, tokens: ControlTokens, options: RemotePlaneOptions) -> Result<Self, Fault> {
        let address = tonic::transport::Endpoint::from_shared(endpoint.to_string()).map_err(|_| {
            let message = "connect: the endpoint of the node is not a URL";
            Fault::new("AS-DPL-0042", Category::Invalid, message).about(endpoint)
        })?;
        let channel = transport::tune_endpoint(address).connect_timeout(options.connect_timeout).connect_lazy();
        let node_id = tokens.node_id().clone();
        let client = DataPlaneServiceClient::with_interceptor(channel, Bearer { tokens });
        Ok(Self { node_id, client: client.max_decoding_message_size(limits::MESSAGE_BYTES), options })
    }

    fn client(&self) -> Client {
        self.client.clone()
    }

    /// A request with a deadline, which the node is told, for a call that reads `bytes`.
    fn within_deadline<T>(&self, message: T, bytes: u64) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.options.call_timeout + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND));
        request
    }
}

/// Shows a control token with every call.
#[derive(Clone)]
struct Bearer {
    tokens: ControlTokens,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let unsigned = || Status::internal("no control token could be made");
        let token = self.tokens.token().map_err(|_| unsigned())?;
        let mut value: MetadataValue<_> = format!("Bearer {}", token.expose()).parse().map_err(|_| unsigned())?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

/// A field of an answer.
fn read<M, T: TryFrom<M, Error = Fault>>(field: &str, message: Option<M>) -> Result<T, Fault> {
    field::converted(field, message).map_err(unreadable)
}

fn named(backend_id: Option<BackendId>) -> Option<String> {
    backend_id.map(|backend_id| backend_id.to_string())
}

#[async_trait]
impl DataPlane for RemotePlane {
    fn node_id(&self) -> NodeId {
        self.node_id.clone()
    }

    async fn ingest_stream(&self, hints: IngestHints, bytes: ByteStream) -> Result<Receipt, Fault> {
        self.send(hints, bytes).await
    }

    fn ingest_batch(
        &self,
        backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        self.send_batch(backend_id, blobs)
    }

    /// The contract's: every node takes blobs of this size in a batch.
    fn batch_blob_limit(&self) -> usize {
        limits::SMALL_FILE_BYTES
    }

    async fn serve_object(
        &self,
        address: ContentAddress,
        location: &Location,
        range: ByteRange,
    ) -> Result<Served, Fault> {
        self.receive(address, location, range).await
    }

    async fn verify_object(&self, address: ContentAddress, location: &Location) -> Result<Verification, Fault> {
        let request =
            v1::VerifyObjectRequest { content_address: address.to_string(), location: Some(location.clone().into()) };
        let request = self.within_deadline(request, location.length);
        let v1::VerifyObjectResponse { actual, mismatch } = answer(self.client().verify_object(request)).await?;
        let actual = actual.map(|actual| read("actual", Some(actual))).transpose()?;
        let mismatch = decode_mismatch(mismatch).map_err(unreadable)?;
        Ok(Verification { content_address: address, actual, mismatch })
    }

    async fn delete_object(&self, address: ContentAddress, location: &Location) -> Result<Deletion, Fault> {
        let request =
            v1::DeleteObjectRequest { content_address: address.to_string(), location: Some(location.clone().into()) };
        let answer = answer(self.client().delete_object(self.within_deadline(request, 0))).await?;
        Ok(Deletion { deleted: answer.deleted })
    }

    /// A node that does not answer has no backend that can be told of.
    async fn backend_health(&self) -> Vec<BackendHealth> {
        let request = self.within_deadline(v1::BackendHealthRequest {}, 0);
        let backends = answer(self.client().backend_health(request))
            .await
            .and_then(|answer| field::converted_list("backends", answer.backends, usize::MAX).map_err(unreadable));
        backends.unwrap_or_else(|fault| {
            tracing::warn!(node = %self.node_id, %fault, "cannot ask a node how its backends are");
            Vec::new()
        })
    }

    async fn have_objects(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault> {
        self.ask_for(backend_id, addresses).await
    }

    async fn inventory(
        &self,
        backend_id: Option<BackendId>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Inventory, Fault> {
        let limit = u32::try_from(limit.max(1)).unwrap_or(u32::MAX);
        let request = v1::InventoryRequest { backend_id: named(backend_id), cursor, limit };
        let answer = answer(self.client().inventory(self.within_deadline(request, 0))).await?;
        let entries = answer.entries.into_iter().map(|entry| {
            let (content_address, location, stored_at) = entry.decoded().map_err(unreadable)?;
            Ok(InventoryEntry { content_address, location, stored_at })
        });
        Ok(Inventory { entries: entries.collect::<Result<_, Fault>>()?, next: answer.next_cursor })
    }

    async fn compact(&self, backend_id: Option<BackendId>, key: &str) -> Result<Compaction, Fault> {
        self.have_compacted(backend_id, key).await
    }
}
