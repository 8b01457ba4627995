//! `EventService`: the log, as it is and as it grows. A server that shuts down ends tails with a fault that says so,
//! since none of them would ever end by itself.

use std::sync::Arc;

use artifactstore_client::{Connection, TailRequest};
use artifactstore_types::Fault;
use artifactstore_wire::{
    event_parts, field,
    v1::{self, event_service_server::EventService},
};
use futures::{TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{Messages, farewell};

pub struct Events {
    pub connection: Arc<dyn Connection>,
    pub draining: CancellationToken,
}

#[tonic::async_trait]
impl EventService for Events {
    type TailStream = Messages<v1::TailResponse>;

    async fn tail(&self, request: Request<v1::TailRequest>) -> Result<Response<Self::TailStream>, Status> {
        super::stream(async {
            let v1::TailRequest { namespace, since_sequence, filter, follow } = request.into_inner();
            let request = TailRequest {
                namespace: field::parsed_or_default("namespace", &namespace)?,
                since: since_sequence,
                filter: field::converted("filter", Some(filter.unwrap_or_default()))?,
                follow,
            };
            let events = farewell(self.connection.tail(request), &self.draining);
            Ok(events.map_ok(|event| stream::iter(event_parts(&event).map(Ok::<_, Fault>))).try_flatten())
        })
        .await
    }
}
