//! `DataPlaneService` over any data plane: admit, decode, one call, encode.

use std::{sync::Arc, time::Duration};

use artifactstore_types::{BackendId, ByteRange, ContentAddress, Fault, Location, Receipt};
use artifactstore_wire::{
    Messages, encode_mismatch, field, limits, not_idle, pieces, reply, reply_with, status_of, stream as wire,
    v1::{
        self,
        data_plane_service_server::{DataPlaneService, DataPlaneServiceServer},
    },
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tonic::{Request, Response, Status, Streaming};

use super::{batch, guard::ControlGuard};
use crate::spi::{DataPlane, IngestHints, ServedBlob, Verification};

/// The paths of calls that take as long as what they read is large.
pub const UNHURRIED: &[&str] =
    &["/artifactstore.v1.DataPlaneService/VerifyObject", "/artifactstore.v1.DataPlaneService/Compact"];

/// How many entries a page of an inventory holds where none is asked for.
const USUAL_PAGE: u32 = 100;

/// The service of `plane`. A stream on which nothing comes for `idle` is ended.
pub fn service(
    plane: Arc<dyn DataPlane>,
    guard: ControlGuard,
    idle: Duration,
) -> DataPlaneServiceServer<impl DataPlaneService> {
    DataPlaneServiceServer::new(Handlers { plane, guard, idle }).max_decoding_message_size(limits::MESSAGE_BYTES)
}

struct Handlers {
    plane: Arc<dyn DataPlane>,
    guard: ControlGuard,
    idle: Duration,
}

type Answer<T> = Result<Response<T>, Status>;

impl Handlers {
    /// What a control plane asks; nobody else is answered.
    fn admitted<T>(&self, request: Request<T>) -> Result<T, Status> {
        self.guard.admit(request.metadata()).map_err(|fault| status_of(&fault))?;
        Ok(request.into_inner())
    }

    fn received<T: Send + 'static>(
        &self,
        request: Request<Streaming<T>>,
    ) -> Result<stream::BoxStream<'static, Result<T, Fault>>, Status> {
        Ok(not_idle(self.idle, pieces::received(self.admitted(request)?)).boxed())
    }
}

#[tonic::async_trait]
impl DataPlaneService for Handlers {
    type IngestBatchStream = Messages<v1::IngestBatchResponse>;
    type ServeObjectStream = Messages<v1::ServeObjectResponse>;
    type HaveObjectsStream = Messages<v1::HaveObjectsResponse>;
    type CompactStream = Messages<v1::CompactResponse>;

    async fn ingest_stream(
        &self,
        request: Request<Streaming<v1::IngestStreamRequest>>,
    ) -> Answer<v1::IngestStreamResponse> {
        let mut messages = self.received(request)?;
        reply(async {
            let header = pieces::header(&mut messages).await?;
            let hints = IngestHints {
                backend_id: backend_id(header.backend_id.as_deref())?,
                size_hint: header.size_hint,
                declared: field::parsed_if_given("header.declared", header.declared.as_deref())?,
            };
            let receipt = self.plane.ingest_stream(hints, pieces::bytes(messages, 0)).await?;
            Ok(v1::IngestStreamResponse { receipt: Some(receipt.into()) })
        })
        .await
    }

    async fn ingest_batch(
        &self,
        request: Request<Streaming<v1::IngestBatchRequest>>,
    ) -> Answer<Self::IngestBatchStream> {
        let mut messages = self.received(request)?;
        reply_with(async {
            let header = batch::header(&mut messages).await?;
            let backend_id = backend_id(header.backend_id.as_deref())?;
            let answers = batch::answers(messages, |blobs| self.plane.ingest_batch(backend_id, blobs));
            Ok(answers
                .map_ok(|results| v1::IngestBatchResponse { results: results.into_iter().map(Into::into).collect() }))
        })
        .await
    }

    async fn serve_object(&self, request: Request<v1::ServeObjectRequest>) -> Answer<Self::ServeObjectStream> {
        use v1::serve_object_response::Part;
        let v1::ServeObjectRequest { content_address, location, range } = self.admitted(request)?;
        reply_with(async {
            let (address, location) = place(&content_address, location)?;
            let range = range.map_or(ByteRange::ALL, Into::into);
            let served = self.plane.serve_object(address, &location, range).await?;
            let header = stream::iter([Ok(Part::Header(served.blob.into()))]);
            let parts = header.chain(wire::chunked(served.bytes).map_ok(Part::Chunk));
            Ok(parts.map_ok(|part| v1::ServeObjectResponse { part: Some(part) }))
        })
        .await
    }

    async fn verify_object(&self, request: Request<v1::VerifyObjectRequest>) -> Answer<v1::VerifyObjectResponse> {
        let v1::VerifyObjectRequest { content_address, location } = self.admitted(request)?;
        reply(async {
            let (address, location) = place(&content_address, location)?;
            let Verification { actual, mismatch, .. } = self.plane.verify_object(address, &location).await?;
            Ok(v1::VerifyObjectResponse { actual: actual.map(Into::into), mismatch: mismatch.map(encode_mismatch) })
        })
        .await
    }

    async fn delete_object(&self, request: Request<v1::DeleteObjectRequest>) -> Answer<v1::DeleteObjectResponse> {
        let v1::DeleteObjectRequest { content_address, location } = self.admitted(request)?;
        reply(async {
            let (address, location) = place(&content_address, location)?;
            let deletion = self.plane.delete_object(address, &location).await?;
            Ok(v1::DeleteObjectResponse { deleted: deletion.deleted })
        })
        .await
    }

    async fn backend_health(&self, request: Request<v1::BackendHealthRequest>) -> Answer<v1::BackendHealthResponse> {
        let v1::BackendHealthRequest {} = self.admitted(request)?;
        reply(async {
            let backends = self.plane.backend_health().await.into_iter().map(Into::into).collect();
            Ok(v1::BackendHealthResponse { backends })
        })
        .await
    }

    async fn have_objects(&self, request: Request<v1::HaveObjectsRequest>) -> Answer<Self::HaveObjectsStream> {
        let v1::HaveObjectsRequest { backend_id: named, content_addresses } = self.admitted(request)?;
        reply_with(async {
            let backend_id = backend_id(named.as_deref())?;
            if content_addresses.len() > limits::ASKED_OBJECTS {
                let why = format_args!("{} are the limit", limits::ASKED_OBJECTS);
                return Err(field::refused("content_addresses", why));
            }
            let addresses = content_addresses.iter().map(|text| field::parsed("content_addresses", text));
            let addresses: Vec<ContentAddress> = addresses.collect::<Result<_, _>>()?;
            let places = self.plane.have_objects(backend_id, &addresses).await?;
            let messages = in_messages(places, |places: Vec<Option<Location>>| v1::HaveObjectsResponse {
                places: places.into_iter().map(v1::ObjectPlace::of).collect(),
            });
            Ok(stream::iter(messages.map(Ok)))
        })
        .await
    }

    async fn inventory(&self, request: Request<v1::InventoryRequest>) -> Answer<v1::InventoryResponse> {
        let v1::InventoryRequest { backend_id: named, cursor, limit } = self.admitted(request)?;
        reply(async {
            let backend_id = backend_id(named.as_deref())?;
            let limit = usize::try_from(if limit == 0 { USUAL_PAGE } else { limit }).unwrap_or(usize::MAX);
            let page = self.plane.inventory(backend_id, cursor, limit.min(limits::LISTED_OBJECTS)).await?;
            let entries = page.entries.into_iter();
            let entries = entries.map(|e| v1::InventoryEntry::of(e.content_address, e.location, e.stored_at));
            Ok(v1::InventoryResponse { entries: entries.collect(), next_cursor: page.next })
        })
        .await
    }

    async fn compact(&self, request: Request<v1::CompactRequest>) -> Answer<Self::CompactStream> {
        use v1::compact_response::Part;
        let v1::CompactRequest { backend_id: named, key } = self.admitted(request)?;
        reply_with(async {
            let compaction = self.plane.compact(backend_id(named.as_deref())?, &key).await?;
            let end = v1::CompactEnd { before_bytes: compaction.before_bytes, after_bytes: compaction.after_bytes };
            let moves = in_messages(compaction.moved, |moved: Vec<Receipt>| {
                Part::Moves(v1::CompactMoves { moved: moved.into_iter().map(Into::into).collect() })
            });
            let parts = moves.chain([Part::End(end)]).map(|part| Ok(v1::CompactResponse { part: Some(part) }));
            Ok(stream::iter(parts))
        })
        .await
    }
}

fn backend_id(named: Option<&str>) -> Result<Option<BackendId>, Fault> {
    field::parsed_if_given("backend_id", named)
}

fn place(content_address: &str, location: Option<v1::Location>) -> Result<(ContentAddress, Location), Fault> {
    Ok((field::parsed("content_address", content_address)?, field::converted("location", location)?))
}

/// `items` in messages that hold as many as fit whatever they are.
fn in_messages<T, M>(items: Vec<T>, message: impl Fn(Vec<T>) -> M) -> impl Iterator<Item = M> {
    let mut items = items.into_iter();
    std::iter::from_fn(move || {
        let next: Vec<T> = items.by_ref().take(limits::LISTED_OBJECTS).collect();
        (!next.is_empty()).then(|| message(next))
    })
}

impl From<ServedBlob> for v1::ServeObjectHeader {
    fn from(blob: ServedBlob) -> Self {
        Self {
            size_bytes: blob.size_bytes,
            offset: blob.range.start,
            length: blob.range.end - blob.range.start,
            verified: blob.verified,
        }
    }
}

impl TryFrom<v1::ServeObjectHeader> for ServedBlob {
    type Error = Fault;

    fn try_from(header: v1::ServeObjectHeader) -> Result<Self, Fault> {
        let v1::ServeObjectHeader { size_bytes, offset, length, verified } = header;
        let end = offset.checked_add(length).filter(|end| *end <= size_bytes);
        let end = end.ok_or_else(|| field::refused("header.length", "it reaches beyond the blob"))?;
        Ok(Self { size_bytes, range: offset..end, verified })
    }
}
