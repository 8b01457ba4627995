//! `TransferService`: bytes in and out for clients with tickets. A call is let through by its ticket alone; what becomes
//! durable under it is stated under the node's key.

mod admission;
mod batch;
mod ingest;
mod serve;
pub mod signer;
mod upload;
mod used;

use std::{sync::Arc, time::Duration};

use artifactstore_dataplane::ticket::Operation;
use artifactstore_engine::Engine;
use artifactstore_types::Fault;
use artifactstore_wire::{
    Messages, limits, not_idle, not_left, pieces, reply, reply_with,
    v1::{
        self,
        transfer_service_server::{TransferService, TransferServiceServer},
    },
};
use futures::{StreamExt as _, stream::BoxStream};
use tonic::{Request, Response, Status, Streaming};

use self::{admission::TicketGuard, signer::Signer, used::UsedTickets};
use crate::{load::Load, site::Site};

/// Everything a transfer needs. Clones are the same one.
#[derive(Clone)]
pub struct Transfers {
    engine: Engine,
    guard: TicketGuard,
    signer: Signer,
    site: Site,
    load: Load,
    used: Arc<UsedTickets>,
    idle: Duration,
}

impl Transfers {
    /// Transfers into and out of `engine`. A stream on which nothing moves for `idle` is ended.
    pub fn new(engine: Engine, signer: Signer, site: Site, load: Load, idle: Duration) -> Self {
        let guard = TicketGuard::new(site.keys(), signer.node_id().clone(), signer.clock());
        Self { engine, guard, signer, site, load, used: Arc::default(), idle }
    }

    /// The service.
    pub fn service(self) -> TransferServiceServer<Self> {
        TransferServiceServer::new(self).max_decoding_message_size(limits::MESSAGE_BYTES)
    }

    fn received<T: Send + 'static>(&self, messages: Streaming<T>) -> BoxStream<'static, Result<T, Fault>> {
        not_idle(self.idle, pieces::received(messages)).boxed()
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl TransferService for Transfers {
    type IngestBatchStream = Messages<v1::TransferServiceIngestBatchResponse>;
    type ServeObjectStream = Messages<v1::TransferServiceServeObjectResponse>;

    async fn ingest_stream(
        &self,
        request: Request<Streaming<v1::TransferServiceIngestStreamRequest>>,
    ) -> Answer<v1::TransferServiceIngestStreamResponse> {
        reply(async {
            let ticket = self.guard.admit(request.metadata(), Operation::Ingest)?;
            self.ingest(&ticket, self.received(request.into_inner())).await
        })
        .await
    }

    async fn ingest_batch(
        &self,
        request: Request<Streaming<v1::TransferServiceIngestBatchRequest>>,
    ) -> Answer<Self::IngestBatchStream> {
        reply_with(async {
            let ticket = self.guard.admit(request.metadata(), Operation::Ingest)?;
            let answers = self.ingest_batch(&ticket, self.received(request.into_inner()))?;
            Ok(not_left(self.idle, answers.boxed()))
        })
        .await
    }

    async fn serve_object(
        &self,
        request: Request<v1::TransferServiceServeObjectRequest>,
    ) -> Answer<Self::ServeObjectStream> {
        reply_with(async {
            let ticket = self.guard.admit(request.metadata(), Operation::Serve)?;
            self.serve(&ticket, request.into_inner()).await
        })
        .await
    }

    async fn query_upload(&self, request: Request<v1::QueryUploadRequest>) -> Answer<v1::QueryUploadResponse> {
        reply(async {
            let ticket = self.guard.admit(request.metadata(), Operation::Ingest)?;
            self.query_upload(&ticket, request.into_inner()).await
        })
        .await
    }
}
