//! What the tests share: a control plane that hears nodes and does as it is told, a node known to it, and clients.

use std::{
    net::SocketAddr,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use artifactstore_dataplane::{
    DataPlane,
    control_token::ControlTokens,
    grpc::{RemotePlane, RemotePlaneOptions},
    signed_receipt::{ReceiptVerifier, SignedReceipt, Statement},
    signing::{Announcement, JoinToken, KeyRing, Nonce, PublicKey, SigningKey, Window},
    ticket::{Operation, Permission, Target, Ticket, TicketId, TicketToken},
};
use artifactstore_engine::BackendOptions;
use artifactstore_kit::Shutdown;
use artifactstore_node::{Identity, Limits, Node, NodeOptions};
use artifactstore_serving::DoorOptions;
use artifactstore_types::{
    BackendId, Clock as _, ContentAddress, ControlKey, DualDigest, Endpoint, Fault, Location, NodeBackend,
    NodeDescription, NodeHeartbeat, NodeId, NodeStatus, PackageId, SystemClock, SystemIds, Timestamp,
};
use artifactstore_wire::{
    fault_of_status,
    pieces::{self, GivenUp},
    v1::{
        self,
        announce_request::Part as Said,
        announce_response::Part as Heard,
        node_service_server::{NodeService, NodeServiceServer},
        transfer_service_client::TransferServiceClient,
    },
};
use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status, Streaming,
    metadata::MetadataValue,
    transport::{Channel, Server, server::TcpIncoming},
};

/// The name of the one backend of these nodes.
pub fn backend_id() -> BackendId {
    "local".parse().unwrap()
}

pub fn node_id() -> NodeId {
    "node-a".parse().unwrap()
}

pub fn node_key() -> SigningKey {
    SigningKey::from_secret(&[3; 32])
}

/// The key of the control plane of most tests.
pub fn control_key() -> SigningKey {
    SigningKey::from_secret(&[4; 32])
}

/// What a control plane tells of a key.
pub fn told(key: &SigningKey) -> ControlKey {
    ControlKey {
        public_key: *key.public_key().bytes(),
        not_before: Timestamp::from_micros(0).unwrap(),
        not_after: None,
    }
}

/// What a control plane says to a node goes here.
type Saying = mpsc::Sender<Result<v1::AnnounceResponse, Status>>;

/// A control plane that hears one node at a time.
pub struct ControlPlane {
    pub endpoint: Endpoint,
    /// The last hello that was proven.
    pub known: watch::Receiver<Option<(NodeDescription, v1::AnnounceProof, Nonce)>>,
    /// The last heartbeat, and how many there were on this stream.
    pub beat: watch::Receiver<(u64, NodeHeartbeat)>,
    say: Arc<watch::Sender<Option<Saying>>>,
    gone: CancellationToken,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Hearing {
    keys: Vec<ControlKey>,
    status: NodeStatus,
    known: watch::Sender<Option<(NodeDescription, v1::AnnounceProof, Nonce)>>,
    beat: watch::Sender<(u64, NodeHeartbeat)>,
    say: Arc<watch::Sender<Option<Saying>>>,
    refusal: Option<Fault>,
}

impl ControlPlane {
    /// One that trusts its own key and takes every node up as active.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), vec![told(&control_key())], NodeStatus::Active, None)
            .await
    }

    pub async fn start_at(
        address: SocketAddr,
        keys: Vec<ControlKey>,
        status: NodeStatus,
        refusal: Option<Fault>,
    ) -> Self {
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                // The one before it at this address is still closing.
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
                    tokio::task::yield_now().await;
                }
            }
        };
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (known, is_known) = watch::channel(None);
        let (beat, beats) = watch::channel((0, NodeHeartbeat::default()));
        let say = Arc::new(watch::Sender::new(None));
        let hearing = Hearing { keys, status, known, beat, say: Arc::clone(&say), refusal };
        let gone = CancellationToken::new();
        let until_gone = Server::builder()
            .add_service(NodeServiceServer::new(hearing))
            .serve_with_incoming_shutdown(TcpIncoming::from(listener), gone.clone().cancelled_owned());
        let server = tokio::spawn(async move { until_gone.await.unwrap() });
        Self { endpoint, known: is_known, beat: beats, say, gone, server }
    }

    pub fn address(&self) -> SocketAddr {
        self.endpoint.as_str().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Says something to the node that is heard now.
    pub async fn say(&self, part: Heard) {
        let sender = self.say.subscribe().wait_for(Option::is_some).await.unwrap().clone().unwrap();
        sender.send(Ok(v1::AnnounceResponse { part: Some(part) })).await.unwrap();
    }

    pub async fn say_status(&self, status: NodeStatus) {
        self.say(Heard::Status(v1::NodeStatusChange { status: v1::NodeStatus::from(status).into() })).await;
    }

    pub async fn say_keys(&self, keys: Vec<ControlKey>) {
        self.say(Heard::Keys(keys.into())).await;
    }

    /// Goes away, connections and all.
    pub async fn leave(self) {
        self.gone.cancel();
        // What is being said to a node would hold its connection.
        self.say.send_replace(None);
        self.server.abort();
        let _ = self.server.await;
    }

    pub async fn knows(&self) -> (NodeDescription, v1::AnnounceProof, Nonce) {
        self.known.clone().wait_for(Option::is_some).await.unwrap().clone().unwrap()
    }
}

#[tonic::async_trait]
impl NodeService for Hearing {
    type AnnounceStream = BoxStream<'static, Result<v1::AnnounceResponse, Status>>;

    async fn announce(
        &self,
        request: Request<Streaming<v1::AnnounceRequest>>,
    ) -> Result<Response<Self::AnnounceStream>, Status> {
        if let Some(fault) = &self.refusal {
            return Err(artifactstore_wire::status_of(fault));
        }
        let (sender, receiver) = mpsc::channel(8);
        let hearing = self.clone();
        let mut said = request.into_inner();
        tokio::spawn(async move {
            let mut next = async || said.message().await.ok().flatten().and_then(|message| message.part);
            let Some(Said::Hello(hello)) = next().await else { return };
            let nonce: Nonce = [9; 32];
            let answer = |part| Ok(v1::AnnounceResponse { part: Some(part) });
            let challenge = v1::AnnounceChallenge { nonce: Bytes::copy_from_slice(&nonce) };
            let _ = sender.send(answer(Heard::Challenge(challenge))).await;
            let Some(Said::Proof(proof)) = next().await else { return };
            let description = NodeDescription::try_from(hello).unwrap();
            let signature = proof.signature[..].try_into().unwrap();
            Announcement::new(&description, nonce).unwrap().verify(&signature).unwrap();
            let accepted = v1::AnnounceAccepted {
                status: v1::NodeStatus::from(hearing.status).into(),
                keys: Some(hearing.keys.clone().into()),
                heartbeat_interval_ms: 100,
            };
            let _ = sender.send(answer(Heard::Accepted(accepted))).await;
            hearing.say.send_replace(Some(sender));
            hearing.beat.send_replace((0, NodeHeartbeat::default()));
            hearing.known.send_replace(Some((description, proof, nonce)));
            while let Some(Said::Heartbeat(heartbeat)) = next().await {
                let heartbeat = NodeHeartbeat::try_from(heartbeat).unwrap();
                hearing.beat.send_modify(|(count, last)| (*count, *last) = (*count + 1, heartbeat));
            }
            // The node has said all it has to say.
            hearing.say.send_replace(None);
        });
        Ok(Response::new(ReceiverStream::new(receiver).boxed()))
    }

    async fn list_nodes(&self, _: Request<v1::ListNodesRequest>) -> Result<Response<v1::ListNodesResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn get_node(&self, _: Request<v1::GetNodeRequest>) -> Result<Response<v1::GetNodeResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn drain_node(&self, _: Request<v1::DrainNodeRequest>) -> Result<Response<v1::DrainNodeResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }

    async fn remove_node(&self, _: Request<v1::RemoveNodeRequest>) -> Result<Response<v1::RemoveNodeResponse>, Status> {
        Err(Status::unimplemented("not asked here"))
    }
}

/// Where a node is spoken to.
#[derive(Clone, Copy)]
pub struct NodeAt {
    pub grpc: SocketAddr,
}

/// A node that runs.
pub struct Running {
    pub at: NodeAt,
    pub http: SocketAddr,
    pub shutdown: Shutdown,
    pub ended: JoinHandle<Result<(), Fault>>,
    pub storage: tempfile::TempDir,
}

pub fn options(storage: &tempfile::TempDir, control_planes: Vec<Endpoint>) -> NodeOptions {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let backend = NodeBackend { backend_id: backend_id(), kind: "local".parse().unwrap(), shared: false };
    let directory = BackendOptions::directory(backend_id(), storage.path().join("storage")).unwrap();
    NodeOptions {
        identity: Identity { node_id: node_id(), endpoint: None, zone: None, weight: 100 },
        key: node_key(),
        backends: vec![(directory, backend)],
        control_planes,
        join_token: None,
        doors: DoorOptions { health_interval: Duration::from_millis(5), ..DoorOptions::at(any, any) },
        limits: Limits { uploads: 64, downloads: 64 },
        idle_timeout: Duration::from_mins(1),
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds),
    }
}

/// A node that announces itself to these control planes.
pub async fn running(control_planes: Vec<Endpoint>, change: impl FnOnce(&mut NodeOptions)) -> Running {
    let storage = tempfile::tempdir().unwrap();
    running_on(storage, control_planes, change).await
}

/// The same on what a node before it left.
pub async fn running_on(
    storage: tempfile::TempDir,
    control_planes: Vec<Endpoint>,
    change: impl FnOnce(&mut NodeOptions),
) -> Running {
    let mut options = options(&storage, control_planes);
    change(&mut options);
    let node = Node::open(options).await.unwrap();
    let (grpc, http) = (node.grpc_addr(), node.http_addr());
    let shutdown = Shutdown::new();
    let until = shutdown.clone();
    let ended = tokio::spawn(async move { Box::pin(node.run(&until)).await });
    Running { at: NodeAt { grpc }, http, shutdown, ended, storage }
}

/// A node that its control plane knows.
pub async fn known() -> (ControlPlane, Running) {
    known_with(|_| {}).await
}

pub async fn known_with(change: impl FnOnce(&mut NodeOptions)) -> (ControlPlane, Running) {
    let plane = ControlPlane::start().await;
    let running = running(vec![plane.endpoint.clone()], change).await;
    // A heartbeat follows on what the node was told, so that it has heard it.
    plane.beat.clone().wait_for(|(count, _)| *count > 0).await.unwrap();
    (plane, running)
}

impl Deref for Running {
    type Target = NodeAt;

    fn deref(&self) -> &NodeAt {
        &self.at
    }
}

impl NodeAt {
    pub async fn channel(&self) -> Channel {
        tonic::transport::Endpoint::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    pub async fn transfers(&self) -> TransferServiceClient<Channel> {
        TransferServiceClient::new(self.channel().await).max_decoding_message_size(4 * 1024 * 1024)
    }

    /// The SPI, as the control plane has it.
    pub fn remote(&self) -> RemotePlane {
        let tokens = ControlTokens::new(control_key(), node_id(), Arc::new(SystemClock));
        let endpoint = format!("http://{}", self.grpc).parse().unwrap();
        RemotePlane::connect(&endpoint, tokens, RemotePlaneOptions::default()).unwrap()
    }

    /// Where a blob lies here, if it does.
    pub async fn find(&self, address: ContentAddress) -> Option<Location> {
        self.remote().have_objects(None, &[address]).await.unwrap().remove(0)
    }

    /// Sends a blob as a client does.
    pub async fn ingest(
        &self,
        ticket: &Ticket,
        header: v1::TransferHeader,
        chunks: Vec<Bytes>,
    ) -> Result<v1::TransferServiceIngestStreamResponse, Fault> {
        let bytes = stream::iter(chunks.into_iter().map(Ok)).boxed();
        let before = header.offset;
        let messages =
            pieces::sent::<v1::TransferServiceIngestStreamRequest>(header, bytes, before, GivenUp::default());
        let answer = self.transfers().await.ingest_stream(shown(ticket, messages)).await;
        answer.map(Response::into_inner).map_err(|status| fault_of_status(&status))
    }
}

impl Running {
    /// How many uploads it has under way, as it says itself.
    pub async fn busy(&self) -> u64 {
        let (_, body) = crate::process::get(self.http, "/health").await;
        body["uploads"].as_u64().unwrap()
    }

    /// Whether it serves, as it says itself.
    pub async fn is_serving(&self) -> bool {
        crate::process::get(self.http, "/health").await.0 == 200
    }

    /// Waits for the node to end well.
    pub async fn end(self) {
        self.shutdown.request();
        self.ended.await.unwrap().unwrap();
    }
}

/// Bytes that are like no others.
pub fn content(seed: u64, size: usize) -> Bytes {
    artifactstore_dataplane::conformance::Content::new(seed, size).bytes
}

pub fn address(bytes: &[u8]) -> ContentAddress {
    ContentAddress::of(bytes)
}

/// In chunks of 100,000 bytes.
pub fn chunks(mut bytes: Bytes) -> Vec<Bytes> {
    std::iter::from_fn(|| (!bytes.is_empty()).then(|| bytes.split_to(bytes.len().min(100_000)))).collect()
}

static NEXT_TICKET: AtomicU64 = AtomicU64::new(1);

pub fn permission(operation: Operation, target: Target) -> Permission {
    Permission {
        namespace: "default".parse().unwrap(),
        package_id: PackageId::new(uuid::Uuid::from_u128(7)),
        operation,
        target,
        size_limit: 100 << 20,
        backend_id: backend_id(),
        node_id: node_id(),
    }
}

pub fn ticket(permission: Permission) -> Ticket {
    let number = NEXT_TICKET.fetch_add(1, Ordering::Relaxed);
    let id = TicketId::new(uuid::Uuid::from_u128(number.into()));
    Ticket::issue(id, permission, SystemClock.now(), 600).unwrap()
}

/// A ticket to send the file of this path.
pub fn to_send(path: &str) -> Ticket {
    ticket(permission(Operation::Ingest, Target::Path(path.parse().unwrap())))
}

pub fn to_send_batch() -> Ticket {
    ticket(permission(Operation::Ingest, Target::Batch))
}

pub fn to_take(address: ContentAddress) -> Ticket {
    ticket(permission(Operation::Serve, Target::Blob(address)))
}

/// A request that shows a ticket.
pub fn shown<T>(ticket: &Ticket, message: T) -> Request<T> {
    shown_token(&ticket.sign(&control_key()).unwrap(), message)
}

pub fn shown_token<T>(token: &TicketToken, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value: MetadataValue<_> = format!("Bearer {}", token.expose()).parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// What the node states, as the control plane verifies it.
pub fn verified(statement: &Bytes, ticket: &Ticket) -> Statement {
    let mut keys = KeyRing::default();
    let public_key: PublicKey = node_key().public_key();
    keys.trust(public_key, node_id(), Window::from(Timestamp::from_micros(0).unwrap())).unwrap();
    let verifier = ReceiptVerifier { keys, max_age_seconds: 3_600 };
    verifier.verify(&SignedReceipt::new(statement.clone()), ticket, SystemClock.now()).unwrap()
}

/// The digests an answer names.
pub fn digests(answer: Option<v1::BlobDigests>) -> DualDigest {
    DualDigest::try_from(answer.unwrap()).unwrap()
}

pub fn join_token() -> JoinToken {
    JoinToken::new("let me in")
}
