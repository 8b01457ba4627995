//! The reference implementation through the network; and callers and nodes that are not what they should be.

use std::{net::TcpListener, sync::Arc, time::Duration};

use artifactstore_types::{
    BackendHealth, BackendId, ByteRange, Category, ContentAddress, Endpoint, Fault, Location, NodeId, Outcome, Receipt,
    Retry, SystemClock, Timestamp,
};
use artifactstore_wire::{
    codes, fault_of_status, limits,
    v1::{self, data_plane_service_client::DataPlaneServiceClient},
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{sync::watch, task::AbortHandle};
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    transport::{Channel, Server, server::TcpIncoming},
};

use super::*;
use crate::{
    conformance::{Content, tests::in_memory},
    control_token::ControlTokens,
    memory::MemoryPlane,
    signing::{KeyRing, SigningKey, Window},
    spi::{
        Blob, ByteStream, Compaction, DataPlane, Deletion, IngestHints, Inventory, InventoryEntry, Served, Verification,
    },
};

mod memory_plane_through_grpc {
    crate::data_plane_conformance!(super::ThroughGrpc::new(super::in_memory()).unwrap());
}

fn node() -> NodeId {
    "node-a".parse().unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_secret(&[7; 32])
}

fn tokens(key: SigningKey, node_id: NodeId) -> ControlTokens {
    ControlTokens::new(key, node_id, Arc::new(SystemClock))
}

/// A plane that is served.
struct Node {
    endpoint: Endpoint,
    keys: watch::Sender<KeyRing<()>>,
    server: AbortHandle,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn served(plane: Arc<dyn DataPlane>) -> Node {
    served_with(plane, Duration::from_mins(1)).await
}

async fn served_with(plane: Arc<dyn DataPlane>, idle: Duration) -> Node {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let mut ring = KeyRing::default();
    ring.trust(key().public_key(), (), Window::from(Timestamp::from_micros(0).unwrap())).unwrap();
    let (keys, trusted) = watch::channel(ring);
    let guard = ControlGuard::new(trusted, node(), Arc::new(SystemClock));
    let server = Server::builder().add_service(service(plane, guard, idle));
    let server = server.serve_with_incoming(TcpIncoming::from(listener));
    let server = tokio::spawn(async move { server.await.unwrap() }).abort_handle();
    Node { endpoint, keys, server }
}

fn memory() -> Arc<MemoryPlane> {
    Arc::new(MemoryPlane::new(node(), ["memory".parse().unwrap()], Arc::new(SystemClock)))
}

fn remote(endpoint: &Endpoint, tokens: ControlTokens) -> RemotePlane {
    RemotePlane::connect(endpoint, tokens, RemotePlaneOptions::default()).unwrap()
}

impl Node {
    fn remote(&self) -> RemotePlane {
        remote(&self.endpoint, tokens(key(), node()))
    }

    async fn raw(&self) -> DataPlaneServiceClient<Channel> {
        let endpoint = tonic::transport::Endpoint::from_shared(self.endpoint.to_string()).unwrap();
        DataPlaneServiceClient::new(endpoint.connect().await.unwrap())
    }
}

fn signed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let token = tokens(key(), node()).token().unwrap();
    let value: MetadataValue<_> = format!("Bearer {}", token.expose()).parse().unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// Every call there is; what each ends with.
async fn every_call(plane: &RemotePlane) -> Vec<Result<(), Fault>> {
    let (address, backend) = (ContentAddress::of(b"x"), "memory".parse::<BackendId>().unwrap());
    let location = Location { backend_id: backend, key: "k".to_owned(), offset: 0, length: 1 };
    let blobs = stream::iter([Content::new(1, 10).blob()]).boxed();
    vec![
        plane.ingest_stream(IngestHints::default(), Content::new(1, 10).stream(4)).await.map(drop),
        plane.ingest_batch(None, blobs).map_ok(drop).try_collect().await,
        plane.serve_object(address, &location, ByteRange::ALL).await.map(drop),
        plane.verify_object(address, &location).await.map(drop),
        plane.delete_object(address, &location).await.map(drop),
        plane.have_objects(None, &[address]).await.map(drop),
        plane.inventory(None, None, 10).await.map(drop),
        plane.compact(None, "packs/x").await.map(drop),
    ]
}

#[tokio::test]
async fn nobody_but_a_control_plane_is_answered() {
    let plane = memory();
    let served = served(plane.clone()).await;
    let strangers = [tokens(SigningKey::from_secret(&[8; 32]), node()), tokens(key(), "node-b".parse().unwrap())];
    for stranger in strangers {
        let remote = remote(&served.endpoint, stranger);
        for answer in every_call(&remote).await {
            let fault = answer.unwrap_err();
            assert_eq!((fault.code.as_ref(), fault.category), ("AS-DPL-0041", Category::Unauthenticated));
        }
        assert!(remote.backend_health().await.is_empty());
    }
    let bare = served.raw().await.inventory(v1::InventoryRequest::default()).await.unwrap_err();
    assert_eq!(fault_of_status(&bare).code, "AS-DPL-0041");
    assert!(plane.inventory(None, None, 10).await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn a_key_counts_from_when_it_is_trusted_until_it_is_not() {
    let served = served(memory()).await;
    let next = SigningKey::from_secret(&[8; 32]);
    let remote = remote(&served.endpoint, tokens(next.clone(), node()));
    let fault = remote.inventory(None, None, 1).await.unwrap_err();
    assert_eq!(fault.retry, Retry::AfterReload);
    let opens_at = Timestamp::from_micros(0).unwrap();
    served.keys.send_modify(|keys| keys.trust(next.public_key(), (), Window::from(opens_at)).unwrap());
    remote.inventory(None, None, 1).await.unwrap();
    served.keys.send_replace(KeyRing::default());
    assert!(remote.inventory(None, None, 1).await.is_err());
}

#[tokio::test]
async fn a_node_that_is_not_there_has_changed_nothing_and_may_be_asked_again() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let remote = remote(&format!("http://{nobody}").parse().unwrap(), tokens(key(), node()));
    for answer in every_call(&remote).await {
        let fault = answer.unwrap_err();
        assert_eq!(
            (fault.category, fault.retry, fault.outcome),
            (Category::Unavailable, Retry::SameRequest, Outcome::NotApplied)
        );
    }
    assert!(remote.backend_health().await.is_empty());
}

#[tokio::test]
async fn more_places_than_fit_a_message_come_back_in_order() {
    let plane = memory();
    let remote_of = served(plane.clone()).await;
    let remote = remote_of.remote();
    let content = Content::new(1, 10);
    let location = plane.ingest_stream(IngestHints::default(), content.stream(4)).await.unwrap().location;
    let mut addresses: Vec<_> = (0..2_500).map(|seed| Content::new(seed + 10, 3).address()).collect();
    addresses[1_700] = content.address();
    let places = remote.have_objects(None, &addresses).await.unwrap();
    assert_eq!(places.iter().position(Option::is_some), Some(1_700));
    assert_eq!(places[1_700], Some(location));
    assert_eq!(places.len(), 2_500);

    addresses.resize(limits::ASKED_OBJECTS + 1, content.address());
    assert_eq!(remote.have_objects(None, &addresses).await.unwrap_err().category, Category::Invalid);
}

#[tokio::test]
async fn pages_are_as_long_as_asked_for_and_no_longer_than_a_message_holds() {
    let plane = memory();
    let served = served(plane.clone()).await;
    let blobs = stream::iter((0..1_100).map(|seed| Content::new(seed, 9).blob())).boxed();
    let receipts: Vec<_> = served.remote().ingest_batch(None, blobs).try_collect().await.unwrap();
    assert_eq!(receipts.len(), 1_100);
    let page = served.remote().inventory(None, None, 7).await.unwrap();
    assert_eq!((page.entries.len(), page.next.is_some()), (7, true));
    let page = served.remote().inventory(None, None, usize::MAX).await.unwrap();
    assert_eq!((page.entries.len(), page.next.is_some()), (limits::LISTED_OBJECTS, true));
    let rest = served.remote().inventory(None, page.next, usize::MAX).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next), (100, None));
}

#[tokio::test]
async fn refuses_streams_whose_messages_are_out_of_order() {
    use v1::{ingest_batch_request::Part as BatchPart, ingest_stream_request::Part};
    let plane = memory();
    let served = served(plane.clone()).await;
    let header = || Part::Header(v1::IngestStreamHeader::default());
    let chunk = || Part::Chunk(Bytes::from_static(b"abc"));
    let end = |size_bytes| Part::End(v1::IngestStreamEnd { size_bytes });
    let bad_declared =
        Part::Header(v1::IngestStreamHeader { declared: Some("blake3:zz".to_owned()), ..Default::default() });
    for (parts, code) in [
        (vec![], codes::ORDER),
        (vec![chunk(), end(3)], codes::ORDER),
        (vec![header(), chunk()], codes::TRUNCATED),
        (vec![header(), chunk(), end(2)], codes::FIELD),
        (vec![header(), chunk(), end(3), chunk()], codes::ORDER),
        (vec![bad_declared, end(0)], codes::FIELD),
    ] {
        let told = format!("{parts:?}");
        let messages = parts.into_iter().map(|part| v1::IngestStreamRequest { part: Some(part) });
        let messages = stream::iter(messages.collect::<Vec<_>>());
        let status = served.raw().await.ingest_stream(signed(messages)).await.unwrap_err();
        assert_eq!(fault_of_status(&status).code, code, "{told}");
    }
    let header = || BatchPart::Header(v1::IngestBatchHeader::default());
    let blob = || BatchPart::Blob(v1::Blob { content: Bytes::from_static(b"abc"), declared: None });
    let bad = BatchPart::Blob(v1::Blob { content: Bytes::new(), declared: Some("x".to_owned()) });
    for (parts, answered, code) in [
        (vec![], 0, codes::ORDER),
        (vec![blob()], 0, codes::ORDER),
        (vec![header(), blob(), header()], 1, codes::ORDER),
        (vec![header(), blob(), bad], 1, codes::FIELD),
    ] {
        let told = format!("{parts:?}");
        let messages = parts.into_iter().map(|part| v1::IngestBatchRequest { part: Some(part) });
        let messages = stream::iter(messages.collect::<Vec<_>>());
        let answers = async {
            let mut answers = served.raw().await.ingest_batch(signed(messages)).await?.into_inner();
            let mut count = 0;
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(answer) => count += answer.results.len(),
                    Err(status) => {
                        assert_eq!(count, answered, "{told}");
                        return Err::<(), Status>(status);
                    }
                }
            }
            Ok(())
        };
        assert_eq!(fault_of_status(&answers.await.unwrap_err()).code, code, "{told}");
    }
    assert_eq!(plane.inventory(None, None, 10).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn a_stream_on_which_nothing_comes_is_ended_by_the_node() {
    let served = served_with(memory(), Duration::from_millis(20)).await;
    let silent = Content::new(1, 10).stream(4).chain(stream::pending()).boxed();
    let fault = served.remote().ingest_stream(IngestHints::default(), silent).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.outcome), (codes::IDLE, Outcome::NotApplied));
}

#[tokio::test]
async fn a_range_that_a_node_makes_up_is_not_believed() {
    let header = v1::ServeObjectHeader { size_bytes: 10, offset: 5, length: 6, verified: true };
    assert!(crate::spi::ServedBlob::try_from(header).is_err());
    let header = v1::ServeObjectHeader { size_bytes: 10, offset: u64::MAX, length: 2, verified: true };
    assert!(crate::spi::ServedBlob::try_from(header).is_err());
}

#[tokio::test]
async fn blobs_of_any_size_are_answered_in_their_place() {
    let served = served(memory()).await;
    let sizes = [10, limits::MESSAGE_BYTES * 2, 20];
    let blobs = stream::iter(sizes.map(|size| Blob { bytes: vec![7; size].into(), declared: None })).boxed();
    let answers: Vec<_> = served.remote().ingest_batch(None, blobs).collect().await;
    let told: Vec<_> = answers.iter().map(|answer| answer.as_ref().map_err(|fault| fault.category).is_ok()).collect();
    assert_eq!(told, [true, false, true]);
    assert_eq!(answers[1].as_ref().unwrap_err().category, Category::Exhausted);
}

/// A plane whose compaction moved more than fits a message, and whose batches end before every blob is answered.
struct Odd(Vec<Receipt>);

#[async_trait]
impl DataPlane for Odd {
    fn node_id(&self) -> NodeId {
        node()
    }

    async fn ingest_stream(&self, _hints: IngestHints, _bytes: ByteStream) -> Result<Receipt, Fault> {
        std::future::pending().await
    }

    fn ingest_batch(
        &self,
        _backend_id: Option<BackendId>,
        blobs: BoxStream<'static, Blob>,
    ) -> BoxStream<'static, Result<Receipt, Fault>> {
        let receipt = self.0[0].clone();
        blobs.take(2).map(move |_| Ok(receipt.clone())).boxed()
    }

    fn batch_blob_limit(&self) -> usize {
        limits::SMALL_FILE_BYTES
    }

    async fn serve_object(&self, _: ContentAddress, _: &Location, _: ByteRange) -> Result<Served, Fault> {
        let blob = crate::spi::ServedBlob { size_bytes: 10, range: 0..10, verified: true };
        Ok(Served { blob, bytes: stream::iter([Ok(Bytes::from_static(b"short"))]).boxed() })
    }

    async fn verify_object(&self, _: ContentAddress, _: &Location) -> Result<Verification, Fault> {
        std::future::pending().await
    }

    async fn delete_object(&self, _: ContentAddress, _: &Location) -> Result<Deletion, Fault> {
        std::future::pending().await
    }

    async fn backend_health(&self) -> Vec<BackendHealth> {
        Vec::new()
    }

    async fn have_objects(&self, _: Option<BackendId>, _: &[ContentAddress]) -> Result<Vec<Option<Location>>, Fault> {
        Ok(vec![None])
    }

    async fn inventory(&self, _: Option<BackendId>, _: Option<String>, _: usize) -> Result<Inventory, Fault> {
        Ok(Inventory { entries: Vec::<InventoryEntry>::new(), next: None })
    }

    async fn compact(&self, _: Option<BackendId>, _: &str) -> Result<Compaction, Fault> {
        Ok(Compaction { moved: self.0.clone(), before_bytes: 9, after_bytes: 8 })
    }
}

async fn odd() -> (Vec<Receipt>, Node) {
    let plane = memory();
    let blobs = stream::iter((0..2_100).map(|seed| Content::new(seed, 9).blob())).boxed();
    let receipts: Vec<Receipt> = plane.ingest_batch(None, blobs).try_collect().await.unwrap();
    (receipts.clone(), served(Arc::new(Odd(receipts))).await)
}

#[tokio::test]
async fn more_moves_than_fit_a_message_all_arrive() {
    let (receipts, served) = odd().await;
    let compaction = served.remote().compact(None, "packs/x").await.unwrap();
    assert_eq!(compaction, Compaction { moved: receipts, before_bytes: 9, after_bytes: 8 });
}

#[tokio::test]
async fn answers_that_end_early_are_faults() {
    let (_, served) = odd().await;
    let blobs = stream::iter((0..5).map(|seed| Content::new(seed, 9).blob())).boxed();
    let answers: Vec<_> = served.remote().ingest_batch(None, blobs).collect().await;
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[2].as_ref().unwrap_err().code, codes::TRUNCATED);

    let addresses = [ContentAddress::of(b"a"), ContentAddress::of(b"b")];
    assert_eq!(served.remote().have_objects(None, &addresses).await.unwrap_err().code, codes::TRUNCATED);
    assert_eq!(served.remote().have_objects(None, &[]).await.unwrap_err().code, codes::UNREADABLE);

    let location = Location { backend_id: "memory".parse().unwrap(), key: "k".to_owned(), offset: 0, length: 10 };
    let read = served.remote().serve_object(addresses[0], &location, ByteRange::ALL).await.unwrap();
    let fault = read.bytes.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(fault.code, codes::TRUNCATED);
}
