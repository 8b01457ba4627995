//! One blob on its way in: what becomes durable is stated, what may not be is refused, and nothing of it is kept.

use std::time::Duration;

use artifactstore_dataplane::{
    DataPlane as _,
    ticket::{Operation, Permission, Target},
};
use artifactstore_types::{ByteRange, Category, DualDigest, Outcome, Retry};
use artifactstore_wire::{
    codes, fault_of_status,
    v1::{self, transfer_service_ingest_stream_request::Part},
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::world::*;

fn header() -> v1::TransferHeader {
    v1::TransferHeader::default()
}

fn part(part: Part) -> v1::TransferServiceIngestStreamRequest {
    v1::TransferServiceIngestStreamRequest { part: Some(part) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_is_durable_stated_and_served() {
    let (_plane, node) = known().await;
    for (seed, size) in [(1, 0), (2, 1), (3, 65_536), (4, 65_537), (5, 3_000_000)] {
        let bytes = content(seed, size);
        let ticket = to_send("logs/build.txt");
        let answer = node.ingest(&ticket, header(), chunks(bytes.clone())).await.unwrap();
        assert_eq!(digests(answer.digests), DualDigest::of(&bytes));
        let statement = verified(&answer.statement, &ticket);
        let [receipt] = statement.receipts() else { panic!("one receipt") };
        assert_eq!(receipt.digests, DualDigest::of(&bytes));
        let served = node.remote().serve_object(address(&bytes), &receipt.location, ByteRange::ALL).await.unwrap();
        assert_eq!(served.bytes.try_collect::<Vec<_>>().await.unwrap().concat(), bytes);
    }
}

#[tokio::test]
async fn a_blob_is_held_to_the_address_declared_and_to_the_one_of_the_ticket() {
    let (_plane, node) = known().await;
    let (bytes, other) = (content(1, 200_000), address(b"other"));
    let declared = |address: artifactstore_types::ContentAddress| v1::TransferHeader {
        declared: Some(address.to_string()),
        ..header()
    };
    let of_blob = |address| ticket(permission(Operation::Ingest, Target::Blob(address)));
    for (ticket, header, code) in [
        (to_send("a"), declared(other), "AS-DATA-0004"),
        (of_blob(other), header(), "AS-DATA-0004"),
        (of_blob(address(&bytes)), declared(other), "AS-NODE-0012"),
        (to_send("a"), v1::TransferHeader { declared: Some("md5:0".to_owned()), ..header() }, codes::FIELD),
    ] {
        let fault = node.ingest(&ticket, header, chunks(bytes.clone())).await.unwrap_err();
        assert_eq!(
            (fault.code.as_ref(), fault.category, fault.outcome),
            (code, Category::Invalid, Outcome::NotApplied)
        );
        assert_eq!(node.find(address(&bytes)).await, None);
    }
    node.ingest(&of_blob(address(&bytes)), declared(address(&bytes)), chunks(bytes)).await.unwrap();
}

#[tokio::test]
async fn no_more_bytes_come_in_than_the_ticket_permits() {
    let (_plane, node) = known().await;
    let narrow = || {
        let permission = permission(Operation::Ingest, Target::Path("a".parse().unwrap()));
        ticket(Permission { size_limit: 150_000, ..permission })
    };
    let bytes = content(1, 150_001);
    for size_bytes in [None, Some(150_001), Some(7)] {
        let header = v1::TransferHeader { size_bytes, ..header() };
        let fault = node.ingest(&narrow(), header, chunks(bytes.clone())).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.category), ("AS-NODE-0011", Category::Exhausted), "{size_bytes:?}");
    }
    assert_eq!(node.find(address(&bytes)).await, None);
    node.ingest(&narrow(), header(), chunks(bytes.slice(..150_000))).await.unwrap();
}

#[tokio::test]
async fn as_many_bytes_come_as_were_said_to() {
    let (_plane, node) = known().await;
    let bytes = content(1, 100_000);
    for said in [0, 99_999, 100_001] {
        let header = v1::TransferHeader { size_bytes: Some(said), ..header() };
        let fault = node.ingest(&to_send("a"), header, chunks(bytes.clone())).await.unwrap_err();
        assert_eq!(
            (fault.code.as_ref(), fault.subject.as_deref()),
            (codes::FIELD, Some("header.size_bytes")),
            "{said}"
        );
    }
    assert_eq!(node.find(address(&bytes)).await, None);
}

#[tokio::test]
async fn a_stream_without_its_end_or_out_of_order_leaves_nothing() {
    let (_plane, node) = known().await;
    let chunk = || Part::Chunk(Bytes::from_static(b"abc"));
    let end = |size_bytes| Part::End(v1::IngestStreamEnd { size_bytes });
    for (parts, code) in [
        (vec![], codes::ORDER),
        (vec![chunk(), end(3)], codes::ORDER),
        (vec![Part::Header(header()), chunk()], codes::TRUNCATED),
        (vec![Part::Header(header()), chunk(), end(4)], codes::FIELD),
        (vec![Part::Header(header()), Part::Header(header()), end(0)], codes::ORDER),
        (vec![Part::Header(header()), chunk(), end(3), end(3)], codes::ORDER),
    ] {
        let told = format!("{parts:?}");
        let messages = stream::iter(parts.into_iter().map(part).collect::<Vec<_>>());
        let status = node.transfers().await.ingest_stream(shown(&to_send("a"), messages)).await.unwrap_err();
        assert_eq!(fault_of_status(&status).code, code, "{told}");
    }
    let listed = node.remote().inventory(None, None, 10).await.unwrap();
    assert!(listed.entries.is_empty());
}

#[tokio::test]
async fn uploads_beyond_the_limit_are_refused_until_one_ends() {
    let (_plane, node) = known_with(|options| options.limits.uploads = 1).await;
    let (parts, queued) = mpsc::channel(4);
    let mut client = node.transfers().await;
    let request = shown(&to_send("a"), ReceiverStream::new(queued));
    let first = tokio::spawn(async move { client.ingest_stream(request).await });
    parts.send(part(Part::Header(header()))).await.unwrap();
    parts.send(part(Part::Chunk(Bytes::from_static(b"abc")))).await.unwrap();
    let refused = loop {
        match node.ingest(&to_send("b"), header(), vec![content(1, 10)]).await {
            Err(fault) => break fault,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!((refused.code.as_ref(), refused.retry), ("AS-NODE-0015", Retry::SameRequest));
    parts.send(part(Part::End(v1::IngestStreamEnd { size_bytes: 3 }))).await.unwrap();
    drop(parts);
    first.await.unwrap().unwrap();
    node.ingest(&to_send("b"), header(), vec![content(1, 10)]).await.unwrap();
}

#[tokio::test]
async fn a_client_that_says_nothing_more_is_sent_away() {
    let (_plane, node) = known_with(|options| options.idle_timeout = Duration::from_millis(20)).await;
    let messages = stream::iter([part(Part::Header(header()))]).chain(stream::pending());
    let status = node.transfers().await.ingest_stream(shown(&to_send("a"), messages)).await.unwrap_err();
    assert_eq!(fault_of_status(&status).code, codes::IDLE);
}
