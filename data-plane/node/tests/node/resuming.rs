//! Uploads with an id: gone on with after the connection broke, after the node was restarted, under a renewed ticket, and
//! by nobody who has a ticket for something else.

use artifactstore_dataplane::{
    DataPlane as _,
    ticket::{Operation, Permission, Target, Ticket},
};
use artifactstore_types::{ByteRange, Category, DualDigest, Fault, NodeStatus, Retry};
use artifactstore_wire::{
    codes, fault_of_status,
    v1::{self, transfer_service_ingest_stream_request::Part},
};
use bytes::Bytes;
use futures::TryStreamExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::world::*;

pub const PART: usize = 8 * 1024 * 1024;
pub const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

pub fn header(offset: u64) -> v1::TransferHeader {
    v1::TransferHeader { upload_id: Some(ID.to_owned()), offset, ..v1::TransferHeader::default() }
}

pub async fn query(node: &NodeAt, ticket: &Ticket, id: &str) -> Result<u64, Fault> {
    let request = shown(ticket, v1::QueryUploadRequest { upload_id: id.to_owned() });
    let answer = node.transfers().await.query_upload(request).await;
    answer.map(|answer| answer.into_inner().offset).map_err(|status| fault_of_status(&status))
}

/// Sends a beginning, and loses the connection once the node has read all of it.
async fn lose(node: &NodeAt, ticket: &Ticket, beginning: Bytes) {
    let (parts, queued) = mpsc::channel(1);
    let (mut client, request) = (node.transfers().await, shown(ticket, ReceiverStream::new(queued)));
    let call = tokio::spawn(async move { client.ingest_stream(request).await });
    let say = async |part| {
        parts.send(v1::TransferServiceIngestStreamRequest { part: Some(part) }).await.unwrap();
    };
    say(Part::Header(header(0))).await;
    for chunk in chunks(beginning) {
        say(Part::Chunk(chunk)).await;
    }
    // More than all windows hold, so that what came before has been read.
    for _ in 0..160 {
        say(Part::Chunk(vec![0; 100_000].into())).await;
    }
    call.abort();
    let _ = call.await;
}

pub async fn go_on(node: &NodeAt, ticket: &Ticket, bytes: &Bytes, offset: u64) -> Result<(), Fault> {
    let rest = chunks(bytes.slice(usize::try_from(offset).unwrap()..));
    let answer = node.ingest(ticket, header(offset), rest).await?;
    assert_eq!(digests(answer.digests), DualDigest::of(bytes));
    let statement = verified(&answer.statement, ticket);
    let location = statement.receipts()[0].location.clone();
    let served = node.remote().serve_object(address(bytes), &location, ByteRange::ALL).await?;
    assert!(served.bytes.try_collect::<Vec<_>>().await?.concat() == *bytes, "other bytes are served");
    Ok(())
}

/// A file whose first parts the node has, and whose rest is other than what the lost stream sent.
fn file() -> (Bytes, Bytes) {
    let beginning = content(1, 2 * PART);
    let whole = [&beginning[..], &content(2, PART + 777)].concat();
    (beginning, whole.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_lost_its_connection_goes_on_under_another_ticket_for_the_same_file() {
    let (_plane, node) = known().await;
    let bytes = content(1, 4 * PART);
    let (parts, queued) = mpsc::channel(1);
    let (mut client, request) = (node.transfers().await, shown(&to_send("a"), ReceiverStream::new(queued)));
    let call = tokio::spawn(async move { client.ingest_stream(request).await });
    parts.send(v1::TransferServiceIngestStreamRequest { part: Some(Part::Header(header(0))) }).await.unwrap();
    for chunk in chunks(bytes.clone()) {
        parts.send(v1::TransferServiceIngestStreamRequest { part: Some(Part::Chunk(chunk)) }).await.unwrap();
    }
    call.abort();
    let _ = call.await;

    let offset = query(&node, &to_send("a"), ID).await.unwrap();
    assert!(offset.is_multiple_of(PART as u64) && (PART as u64..=4 * PART as u64).contains(&offset), "{offset}");
    go_on(&node, &to_send("a"), &bytes, offset).await.unwrap();
    // The answer may be lost, too.
    assert_eq!(query(&node, &to_send("a"), ID).await.unwrap(), bytes.len() as u64);
    go_on(&node, &to_send("a"), &bytes, bytes.len() as u64).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_goes_on_after_the_node_was_restarted() {
    let (plane, node) = known().await;
    let bytes = content(1, 3 * PART + 5);
    let ticket = to_send("a");
    let (parts, queued) = mpsc::channel(1);
    let (mut client, request) = (node.transfers().await, shown(&ticket, ReceiverStream::new(queued)));
    let call = tokio::spawn(async move { client.ingest_stream(request).await });
    parts.send(v1::TransferServiceIngestStreamRequest { part: Some(Part::Header(header(0))) }).await.unwrap();
    for chunk in chunks(bytes.slice(..3 * PART)) {
        parts.send(v1::TransferServiceIngestStreamRequest { part: Some(Part::Chunk(chunk)) }).await.unwrap();
    }
    node.shutdown.force();
    node.ended.await.unwrap().unwrap();
    assert!(call.await.unwrap().is_err());

    let node = running_on(node.storage, vec![plane.endpoint.clone()], |_| {}).await;
    plane.beat.clone().wait_for(|(count, beat)| *count > 0 && !beat.stopping).await.unwrap();
    while !node.is_serving().await {}
    let offset = query(&node, &ticket, ID).await.unwrap();
    assert!(offset >= PART as u64, "{offset}");
    go_on(&node, &ticket, &bytes, offset).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_goes_on_with_what_another_ticket_began() {
    let (_plane, node) = known().await;
    let (beginning, whole) = file();
    lose(&node, &to_send("a"), beginning).await;
    let mine = permission(Operation::Ingest, Target::Path("a".parse().unwrap()));
    let others = [
        Permission { target: Target::Path("b".parse().unwrap()), ..mine.clone() },
        Permission { target: Target::Blob(address(&whole)), ..mine.clone() },
        Permission { namespace: "other".parse().unwrap(), ..mine.clone() },
        Permission { package_id: artifactstore_types::PackageId::new(uuid::Uuid::from_u128(8)), ..mine },
    ];
    for permission in others {
        let ticket = ticket(permission);
        let fault = query(&node, &ticket, ID).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.retry), ("AS-NODE-0021", Retry::AfterReload));
        let fault = go_on(&node, &ticket, &whole, 2 * PART as u64).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.category), ("AS-DATA-0031", Category::NotFound));
    }
    let fault = query(&node, &to_send("a"), &uuid::Uuid::nil().to_string()).await.unwrap_err();
    assert_eq!(fault.category, Category::NotFound);
    assert!(query(&node, &to_send("a"), ID).await.unwrap() >= 2 * PART as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_not_fit_where_the_upload_stands_is_refused() {
    let (_plane, node) = known().await;
    let (beginning, whole) = file();
    lose(&node, &to_send("a"), beginning).await;
    let stands = query(&node, &to_send("a"), ID).await.unwrap();
    for offset in [0, 1, stands - 1, stands + 1, u64::MAX] {
        let answer = node.ingest(&to_send("a"), header(offset), vec![whole.slice(..10)]).await;
        let fault = answer.unwrap_err();
        assert!(matches!(fault.code.as_ref(), "AS-DATA-0032" | "AS-NODE-0011"), "{offset}: {fault:?}");
    }
    assert_eq!(query(&node, &to_send("a"), ID).await.unwrap(), stands);
}

#[tokio::test]
async fn an_id_is_a_uuid_and_an_offset_needs_one() {
    let (_plane, node) = known().await;
    for id in ["", "7", "../../etc/passwd", &ID.to_uppercase(), &ID.replace('-', "")] {
        let fault = query(&node, &to_send("a"), id).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.subject.as_deref()), (codes::FIELD, Some("upload_id")), "{id}");
        let header = v1::TransferHeader { upload_id: Some(id.to_owned()), ..v1::TransferHeader::default() };
        let fault = node.ingest(&to_send("a"), header, vec![content(1, 10)]).await.unwrap_err();
        assert_eq!(fault.subject.as_deref(), Some("header.upload_id"), "{id}");
    }
    let header = v1::TransferHeader { offset: 5, ..v1::TransferHeader::default() };
    let fault = node.ingest(&to_send("a"), header, vec![content(1, 10)]).await.unwrap_err();
    assert_eq!(fault.subject.as_deref(), Some("header.offset"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_drains_lets_an_upload_be_finished_that_was_begun() {
    let (plane, node) = known().await;
    let bytes = content(1, 2 * PART + 5);
    let whole = chunks(bytes.clone());
    let cut = node.ingest(&to_send("a"), v1::TransferHeader { size_bytes: Some(1), ..header(0) }, whole).await;
    assert!(cut.is_err());
    let offset = query(&node, &to_send("a"), ID).await.unwrap();
    plane.say_status(NodeStatus::Draining).await;
    while node.ingest(&to_send("b"), v1::TransferHeader::default(), vec![content(2, 10)]).await.is_ok() {}
    go_on(&node, &to_send("a"), &bytes, offset).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_before_counts_against_the_ticket() {
    let (_plane, node) = known().await;
    let (beginning, whole) = file();
    lose(&node, &to_send("a"), beginning).await;
    let offset = query(&node, &to_send("a"), ID).await.unwrap();
    let target = Target::Path("a".parse().unwrap());
    let narrow = ticket(Permission { size_limit: whole.len() as u64 - 1, ..permission(Operation::Ingest, target) });
    let fault = go_on(&node, &narrow, &whole, offset).await.unwrap_err();
    assert_eq!(fault.code, "AS-NODE-0011");
}
