//! `NodeService`: nodes on their streams, and what operators ask about them.
//!
//! An announcement keeps its order: hello, challenge, proof, accepted; from then on heartbeats are read and updates sent
//! until either side is over. Whoever keeps silent where it is its turn is sent away.

use std::sync::Arc;

use artifactstore_client::Connection;
use artifactstore_dataplane::signing::Signature;
use artifactstore_service::fleet::{Fleet, JoinProof, Session, Update};
use artifactstore_serving::shutting_down;
use artifactstore_types::{Category, Fault};
use artifactstore_wire::{
    Messages, codes, field, node_status_if_given, not_idle,
    pieces::received,
    reply, reply_with, stream as wire,
    v1::{self, announce_request, announce_response, node_service_server::NodeService},
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

/// How many heartbeats may be missing before a stream is ended.
const MISSING_HEARTBEATS: u32 = 3;
/// How many messages may wait for a node to read them.
const REPLIES: usize = 4;

pub struct Nodes {
    pub connection: Arc<dyn Connection>,
    /// The nodes of the site, where it has any.
    pub fleet: Option<Fleet>,
    pub draining: CancellationToken,
}

type Answer<T> = Result<Response<T>, Status>;
type Requests = BoxStream<'static, Result<v1::AnnounceRequest, Fault>>;
type Replies = mpsc::Sender<Result<v1::AnnounceResponse, Fault>>;

#[tonic::async_trait]
impl NodeService for Nodes {
    type AnnounceStream = Messages<v1::AnnounceResponse>;

    async fn announce(&self, request: Request<Streaming<v1::AnnounceRequest>>) -> Answer<Self::AnnounceStream> {
        reply_with(async {
            let fleet = self.fleet.clone().ok_or_else(not_a_site)?;
            let silence = fleet.heartbeat_interval() * MISSING_HEARTBEATS;
            let messages = not_idle(silence, received(request.into_inner())).boxed();
            let (replies, answers) = mpsc::channel(REPLIES);
            tokio::spawn(converse(fleet, messages, self.draining.clone(), replies));
            Ok(ReceiverStream::new(answers))
        })
        .await
    }

    async fn list_nodes(&self, request: Request<v1::ListNodesRequest>) -> Answer<v1::ListNodesResponse> {
        reply(async {
            let v1::ListNodesRequest { status, with_removed } = request.into_inner();
            Ok(self.connection.list_nodes(node_status_if_given(status)?, with_removed).await?.into())
        })
        .await
    }

    async fn get_node(&self, request: Request<v1::GetNodeRequest>) -> Answer<v1::GetNodeResponse> {
        reply(async {
            let node_id = field::parsed("node_id", &request.into_inner().node_id)?;
            let node = self.connection.load_node(&node_id).await?;
            Ok(v1::GetNodeResponse { node: Some(node.into()) })
        })
        .await
    }

    async fn drain_node(&self, request: Request<v1::DrainNodeRequest>) -> Answer<v1::DrainNodeResponse> {
        reply(async {
            let v1::DrainNodeRequest { actor, node_id, resume } = request.into_inner();
            let (actor, node_id) = (field::parsed("actor", &actor)?, field::parsed("node_id", &node_id)?);
            let node = self.connection.drain_node(&actor, &node_id, resume).await?;
            self.take_note().await;
            Ok(v1::DrainNodeResponse { node: Some(node.into()) })
        })
        .await
    }

    async fn remove_node(&self, request: Request<v1::RemoveNodeRequest>) -> Answer<v1::RemoveNodeResponse> {
        reply(async {
            let v1::RemoveNodeRequest { actor, node_id } = request.into_inner();
            let (actor, node_id) = (field::parsed("actor", &actor)?, field::parsed("node_id", &node_id)?);
            let node = self.connection.remove_node(&actor, &node_id).await?;
            self.take_note().await;
            Ok(v1::RemoveNodeResponse { node: Some(node.into()) })
        })
        .await
    }
}

impl Nodes {
    /// Has what was just changed count here at once; other control planes ask for it within a second.
    async fn take_note(&self) {
        let Some(fleet) = &self.fleet else { return };
        if let Err(fault) = fleet.refresh().await {
            tracing::debug!(%fault, "what became of a node is taken note of later");
        }
    }
}

/// Speaks with a node until either side is over, or the server is.
async fn converse(fleet: Fleet, messages: Requests, draining: CancellationToken, replies: Replies) {
    let ended = tokio::select! {
        () = replies.closed() => return,
        () = draining.cancelled() => Err(shutting_down()),
        ended = conversation(&fleet, messages, &replies) => ended,
    };
    if let Err(fault) = ended {
        tracing::info!(%fault, "the stream of a node ends");
        // Whoever has gone away need not be told.
        let _ = replies.send(Err(fault)).await;
    }
}

async fn conversation(fleet: &Fleet, mut messages: Requests, replies: &Replies) -> Result<(), Fault> {
    let announce_request::Part::Hello(node) = next(&mut messages).await? else {
        return Err(wire::out_of_order("it does not begin with a hello"));
    };
    let node = field::converted("hello", Some(node))?;
    let nonce = fleet.challenge();
    let challenge = v1::AnnounceChallenge { nonce: Bytes::copy_from_slice(&nonce) };
    say(replies, announce_response::Part::Challenge(challenge)).await;
    let announce_request::Part::Proof(proof) = next(&mut messages).await? else {
        return Err(wire::out_of_order("no proof follows the hello"));
    };
    let session = fleet.join(node, nonce, &proof_of(&proof)?).await?;
    let interval = fleet.heartbeat_interval().as_millis();
    let accepted = v1::AnnounceAccepted {
        status: v1::NodeStatus::from(session.status()).into(),
        keys: Some(session.keys().to_vec().into()),
        heartbeat_interval_ms: u32::try_from(interval).unwrap_or(u32::MAX),
    };
    say(replies, announce_response::Part::Accepted(accepted)).await;
    let mut updates = session.updates();
    loop {
        tokio::select! {
            message = messages.try_next() => match message? {
                Some(message) => hear(&session, message).await?,
                None => return Ok(()),
            },
            Some(update) = updates.next() => say(replies, told(update?)).await,
        }
    }
}

async fn hear(session: &Session, message: v1::AnnounceRequest) -> Result<(), Fault> {
    match field::required("part", message.part)? {
        announce_request::Part::Heartbeat(heartbeat) => {
            session.hear(field::converted("heartbeat", Some(heartbeat))?).await
        }
        _ => Err(wire::out_of_order("something else came where a heartbeat was due")),
    }
}

fn told(update: Update) -> announce_response::Part {
    match update {
        Update::Keys(keys) => announce_response::Part::Keys(keys.into()),
        Update::Status(status) => {
            let status = v1::NodeStatus::from(status).into();
            announce_response::Part::Status(v1::NodeStatusChange { status })
        }
    }
}

async fn say(replies: &Replies, part: announce_response::Part) {
    // That the node has gone away is noticed by whoever waits for it.
    let _ = replies.send(Ok(v1::AnnounceResponse { part: Some(part) })).await;
}

async fn next(messages: &mut Requests) -> Result<announce_request::Part, Fault> {
    let message = messages.try_next().await?.ok_or_else(wire::truncated)?;
    field::required("part", message.part)
}

fn proof_of(proof: &v1::AnnounceProof) -> Result<JoinProof, Fault> {
    let signature: Signature = field::raw("proof.signature", &proof.signature)?;
    let join_proof = proof.join_proof.as_ref().map(|proof| field::raw("proof.join_proof", proof)).transpose()?;
    Ok(JoinProof { signature, join_proof })
}

fn not_a_site() -> Fault {
    let message = "announce: this store keeps its bytes itself and has no nodes";
    Fault::new(codes::UNKNOWN_METHOD, Category::Unimplemented, message)
}
