//! `ContractService`: contract events and the states of their streams. A server that shuts down ends watches, and streams of
//! envelopes, with a fault that says so: the one would never end by itself, the other not before its sender does.

use std::sync::{Arc, OnceLock};

use artifactstore_client::Connection;
use artifactstore_types::{ContractOrigin, ContractStream, Fault};
use artifactstore_wire::{
    fault_of_request, field, limits, state_parts, stream as wire,
    v1::{self, append_stream_request::Part, contract_service_server::ContractService},
};
use bytes::Bytes;
use futures::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::{Messages, farewell, reply};
use crate::faults;

pub struct Contracts {
    pub connection: Arc<dyn Connection>,
    pub draining: CancellationToken,
}

#[tonic::async_trait]
impl ContractService for Contracts {
    type AppendStreamStream = Messages<v1::AppendStreamResponse>;
    type ReduceStream = Messages<v1::ReduceResponse>;
    type WatchStateStream = Messages<v1::WatchStateResponse>;
    type VerifyDossierStream = Messages<v1::VerifyDossierResponse>;

    async fn append(&self, request: Request<v1::AppendRequest>) -> Result<Response<v1::AppendResponse>, Status> {
        reply(async {
            let v1::AppendRequest { origin, envelopes } = request.into_inner();
            let origin = field::converted("origin", origin)?;
            if envelopes.len() > limits::APPENDED_EVENTS {
                let most = limits::APPENDED_EVENTS;
                return Err(field::refused("envelopes", format_args!("{most} are the limit")));
            }
            let events = self.connection.append_contract_events(&origin, envelopes).await?;
            Ok(v1::AppendResponse { events: events.into_iter().map(Into::into).collect() })
        })
        .await
    }

    async fn append_stream(
        &self,
        request: Request<Streaming<v1::AppendStreamRequest>>,
    ) -> Result<Response<Self::AppendStreamStream>, Status> {
        super::stream(async {
            let mut parts = request.into_inner();
            let origin = origin(&mut parts).await?;
            let broken = Arc::new(OnceLock::new());
            let envelopes = envelopes(parts, Arc::clone(&broken), self.draining.clone());
            let answers = self.connection.append_contract_stream(&origin, envelopes);
            // What is wrong with the stream itself is said when everything before it is answered.
            let last = stream::once(async move { broken.get().cloned().map(Err) });
            let answers = answers.map(|answer| Ok(v1::AppendStreamResponse::from(answer)));
            Ok(answers.chain(last.filter_map(std::future::ready)))
        })
        .await
    }

    async fn reduce(&self, request: Request<v1::ReduceRequest>) -> Result<Response<Self::ReduceStream>, Status> {
        super::stream(async {
            let v1::ReduceRequest { stream, at_sequence } = request.into_inner();
            let of: ContractStream = field::converted("stream", stream)?;
            let state = self.connection.load_contract_state(&of, at_sequence).await?;
            Ok(stream::iter(state_parts(state).map(|part| Ok(v1::ReduceResponse { part: Some(part) }))))
        })
        .await
    }

    async fn watch_state(
        &self,
        request: Request<v1::WatchStateRequest>,
    ) -> Result<Response<Self::WatchStateStream>, Status> {
        super::stream(async {
            let of: ContractStream = field::converted("stream", request.into_inner().stream)?;
            let states = farewell(self.connection.watch_contract_state(&of), &self.draining);
            let parts = states.map_ok(|state| stream::iter(state_parts(state).map(Ok::<_, Fault>))).try_flatten();
            Ok(parts.map_ok(|part| v1::WatchStateResponse { part: Some(part) }))
        })
        .await
    }

    async fn verify_dossier(
        &self,
        request: Request<v1::VerifyDossierRequest>,
    ) -> Result<Response<Self::VerifyDossierStream>, Status> {
        super::stream(async {
            let v1::VerifyDossierRequest { stream, package_id } = request.into_inner();
            let of: ContractStream = field::converted("stream", stream)?;
            let package = field::parsed("package_id", &package_id)?;
            let found = self.connection.verify_dossier(&of, package);
            Ok(found.map_ok(|parity| v1::VerifyDossierResponse { parity: Some(parity.into()) }))
        })
        .await
    }
}

/// Reads what is said before the envelopes.
async fn origin<S>(parts: &mut S) -> Result<ContractOrigin, Fault>
where
    S: Stream<Item = Result<v1::AppendStreamRequest, Status>> + Unpin,
{
    match parts.next().await {
        Some(Ok(v1::AppendStreamRequest { part: Some(Part::Origin(origin)) })) => {
            field::converted("origin", Some(origin))
        }
        Some(Err(status)) => Err(fault_of_request(&status)),
        _ => Err(wire::out_of_order("it does not begin with an origin")),
    }
}

/// The envelopes of a stream. Where it breaks, or the server shuts down, the fault is left in `broken` and the envelopes end:
/// what came before is still answered.
fn envelopes<S>(parts: S, broken: Arc<OnceLock<Fault>>, draining: CancellationToken) -> BoxStream<'static, Bytes>
where
    S: Stream<Item = Result<v1::AppendStreamRequest, Status>> + Send + Unpin + 'static,
{
    let envelopes = stream::unfold((parts, broken, draining), |(mut parts, broken, draining)| async move {
        let fault = match draining.run_until_cancelled(parts.next()).await {
            Some(part) => match part?.map(|message| message.part) {
                Ok(Some(Part::Envelope(envelope))) => return Some((envelope, (parts, broken, draining))),
                Ok(Some(Part::Origin(_))) => wire::out_of_order("a second origin came"),
                Ok(None) => field::refused("part", "it is missing"),
                Err(status) => fault_of_request(&status),
            },
            None => faults::shutting_down(),
        };
        broken.get_or_init(|| fault);
        None
    });
    envelopes.boxed()
}
