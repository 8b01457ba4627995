//! One blob on its way out: the one of the ticket, from where it lies, and no other.

use std::time::Duration;

use artifactstore_dataplane::ticket::{Operation, Permission, Target, Ticket};
use artifactstore_types::{Category, ContentAddress, Fault, Location};
use artifactstore_wire::{
    codes, fault_of_status,
    v1::{self, transfer_service_serve_object_response::Part},
};
use bytes::Bytes;
use futures::StreamExt as _;

use crate::world::*;

async fn stored(node: &Running, seed: u64, size: usize) -> (Bytes, Location) {
    let bytes = content(seed, size);
    node.ingest(&to_send("a"), v1::TransferHeader::default(), chunks(bytes.clone())).await.unwrap();
    let location = node.find(address(&bytes)).await.unwrap();
    (bytes, location)
}

async fn taken(
    node: &Running,
    ticket: &Ticket,
    location: &Location,
    range: Option<v1::ByteRange>,
) -> Result<(v1::ServeObjectHeader, Bytes), Fault> {
    let fault = |status: tonic::Status| fault_of_status(&status);
    let request = v1::TransferServiceServeObjectRequest { location: Some(location.clone().into()), range };
    let mut parts = node.transfers().await.serve_object(shown(ticket, request)).await.map_err(fault)?.into_inner();
    let (mut header, mut bytes) = (None, Vec::new());
    while let Some(message) = parts.next().await {
        match message.map_err(fault)?.part.unwrap() {
            Part::Header(said) => header = Some(said),
            Part::Chunk(chunk) => bytes.extend_from_slice(&chunk),
        }
    }
    Ok((header.unwrap(), bytes.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "as a request holds it")]
fn range(offset: u64, length: Option<u64>) -> Option<v1::ByteRange> {
    Some(v1::ByteRange { offset, length })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_is_served_whole_and_in_ranges() {
    let (_plane, node) = known().await;
    for (seed, size) in [(1, 0), (2, 700), (3, 5_000_000)] {
        let (bytes, location) = stored(&node, seed, size).await;
        let ticket = to_take(address(&bytes));
        let (header, whole) = taken(&node, &ticket, &location, None).await.unwrap();
        assert_eq!((whole, header.verified, header.size_bytes), (bytes.clone(), true, size as u64));
        if size > 0 {
            let (header, part) = taken(&node, &ticket, &location, range(100, Some(500))).await.unwrap();
            assert_eq!((part, header.offset, header.length), (bytes.slice(100..600), 100, 500));
            let (_, end) = taken(&node, &ticket, &location, range(size as u64 - 3, None)).await.unwrap();
            assert_eq!(end, bytes.slice(size - 3..));
            let fault = taken(&node, &ticket, &location, range(size as u64, None)).await.unwrap_err();
            assert_eq!(fault.category, Category::OutOfRange);
        }
    }
}

#[tokio::test]
async fn a_ticket_serves_its_blob_and_no_other() {
    let (_plane, node) = known().await;
    let (mine, my_place) = stored(&node, 1, 200_000).await;
    let (theirs, their_place) = stored(&node, 2, 200_000).await;
    let (small, small_place) = stored(&node, 3, 500).await;
    for (address, location) in [
        (address(&mine), &their_place),
        (address(&mine), &small_place),
        (address(&small), &my_place),
        (address(&theirs), &Location { key: "packs/../x".to_owned(), ..their_place.clone() }),
        (address(&theirs), &Location { key: "/etc/passwd".to_owned(), ..their_place.clone() }),
    ] {
        let fault = taken(&node, &to_take(address), location, None).await.unwrap_err();
        assert!(matches!(fault.category, Category::NotFound | Category::Invalid), "{fault:?}");
    }
    let elsewhere = Location { backend_id: "tape".parse().unwrap(), ..my_place.clone() };
    let fault = taken(&node, &to_take(address(&mine)), &elsewhere, None).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-NODE-0016", Category::PermissionDenied));
    let fault = taken(&node, &to_send("a"), &my_place, None).await.unwrap_err();
    assert_eq!(fault.code, "AS-DPL-0007");
}

#[tokio::test]
async fn no_more_bytes_go_out_than_the_ticket_permits() {
    let (_plane, node) = known().await;
    let (bytes, location) = stored(&node, 1, 200_000).await;
    let target = Target::Blob(address(&bytes));
    let narrow = ticket(Permission { size_limit: 1_000, ..permission(Operation::Serve, target) });
    let fault = taken(&node, &narrow, &location, None).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-NODE-0011", Category::Exhausted));
    let (_, part) = taken(&node, &narrow, &location, range(7, Some(1_000))).await.unwrap();
    assert_eq!(part, bytes.slice(7..1_007));
}

#[tokio::test]
async fn what_does_not_lie_there_is_not_found() {
    let (_plane, node) = known().await;
    let (_, location) = stored(&node, 1, 200_000).await;
    let absent = ContentAddress::of(b"absent");
    let fault = taken(&node, &to_take(absent), &location, None).await.unwrap_err();
    assert_eq!(fault.category, Category::NotFound);
    let request = v1::TransferServiceServeObjectRequest { location: None, range: None };
    let status = node.transfers().await.serve_object(shown(&to_take(absent), request)).await.err().unwrap();
    assert_eq!(fault_of_status(&status).subject.as_deref(), Some("location"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_does_not_keep_its_place() {
    let (_plane, node) = known_with(|options| {
        options.limits.downloads = 1;
        options.idle_timeout = Duration::from_millis(50);
    })
    .await;
    let (bytes, location) = stored(&node, 1, 40_000_000).await;
    let ticket = to_take(address(&bytes));
    let request = || v1::TransferServiceServeObjectRequest { location: Some(location.clone().into()), range: None };
    let mut stopped = node.transfers().await.serve_object(shown(&ticket, request())).await.unwrap().into_inner();
    stopped.message().await.unwrap();
    // It takes nothing more: its place is another's as soon as it was waited for.
    loop {
        match taken(&node, &ticket, &location, range(0, Some(10))).await {
            Ok(_) => break,
            Err(fault) => assert_eq!(fault.code, "AS-NODE-0015"),
        }
    }
    let end = loop {
        match stopped.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended well"),
            Err(status) => break fault_of_status(&status),
        }
    };
    assert_eq!(end.code, codes::IDLE);
}
