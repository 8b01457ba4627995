//! How a node ends: what is under way finishes, what is new finds nobody, and what was acknowledged is there afterwards.

use std::time::Duration;

use artifactstore_dataplane::ticket::Ticket;
use artifactstore_wire::v1::{self, transfer_service_ingest_stream_request::Part};
use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use crate::{process::get, world::*};

type Answer = Result<Response<v1::TransferServiceIngestStreamResponse>, Status>;

/// An upload that the node has begun to read and that has not ended.
pub struct UnderWay {
    parts: mpsc::Sender<v1::TransferServiceIngestStreamRequest>,
    call: JoinHandle<Answer>,
    sent: Bytes,
    ticket: Ticket,
}

impl UnderWay {
    pub async fn begin(node: &Running) -> Self {
        let (parts, queued) = mpsc::channel(4);
        let (mut client, ticket) = (node.transfers().await, to_send("under/way"));
        let request = shown(&ticket, ReceiverStream::new(queued));
        let call = tokio::spawn(async move { client.ingest_stream(request).await });
        let sent = content(99, 300_000);
        for part in [Part::Header(v1::TransferHeader::default()), Part::Chunk(sent.clone())] {
            parts.send(v1::TransferServiceIngestStreamRequest { part: Some(part) }).await.unwrap();
        }
        // The node counts it once it has read the header.
        while node.busy().await == 0 {
            tokio::task::yield_now().await;
        }
        Self { parts, call, sent, ticket }
    }

    /// Sends the end, and gives the bytes that are durable now.
    pub async fn finish(self) -> Bytes {
        let end = Part::End(v1::IngestStreamEnd { size_bytes: self.sent.len() as u64 });
        self.parts.send(v1::TransferServiceIngestStreamRequest { part: Some(end) }).await.unwrap();
        drop(self.parts);
        let answer = self.call.await.unwrap().unwrap().into_inner();
        verified(&answer.statement, &self.ticket);
        self.sent
    }

    pub async fn broken(self) -> Status {
        let answer = self.call.await.unwrap();
        drop(self.parts);
        answer.unwrap_err()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_under_way_finish_and_new_ones_find_nobody() {
    let (plane, node) = known().await;
    let under_way = UnderWay::begin(&node).await;
    node.shutdown.request();
    plane.beat.clone().wait_for(|(_, beat)| beat.stopping).await.unwrap();
    while tokio::net::TcpStream::connect(node.grpc).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let (status, body) = get(node.http, "/health").await;
    assert_eq!((status, body["status"].as_str()), (503, Some("draining")));
    assert!(!node.ended.is_finished());
    let bytes = under_way.finish().await;
    node.ended.await.unwrap().unwrap();

    let storage = node.storage;
    let node = running_on(storage, vec![plane.endpoint.clone()], |_| {}).await;
    plane.beat.clone().wait_for(|(count, beat)| *count > 0 && !beat.stopping).await.unwrap();
    assert!(node.find(address(&bytes)).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_that_do_not_finish_in_time_are_cut_off() {
    let (_plane, node) = known_with(|options| options.doors.drain_timeout = Duration::from_millis(20)).await;
    let under_way = UnderWay::begin(&node).await;
    node.shutdown.request();
    node.ended.await.unwrap().unwrap();
    under_way.broken().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forced_end_waits_for_nothing() {
    let (_plane, node) = known_with(|options| options.doors.drain_timeout = Duration::from_hours(1)).await;
    let under_way = UnderWay::begin(&node).await;
    node.shutdown.force();
    node.ended.await.unwrap().unwrap();
    under_way.broken().await;
}
