//! Nothing is moved without a ticket for it.

use artifactstore_dataplane::{
    DataPlane as _,
    signing::SigningKey,
    ticket::{Operation, Permission, Target, Ticket, TicketId, TicketToken},
};
use artifactstore_types::{Category, Clock as _, Fault, SystemClock, Timestamp};
use artifactstore_wire::{
    fault_of_status,
    v1::{self, transfer_service_ingest_stream_request::Part},
};
use bytes::Bytes;
use futures::stream;
use tonic::Request;

use crate::world::*;

fn messages() -> Vec<v1::TransferServiceIngestStreamRequest> {
    let parts = [
        Part::Header(v1::TransferHeader::default()),
        Part::Chunk(Bytes::from_static(b"abc")),
        Part::End(v1::IngestStreamEnd { size_bytes: 3 }),
    ];
    parts.into_iter().map(|part| v1::TransferServiceIngestStreamRequest { part: Some(part) }).collect()
}

/// What each call that takes a ticket to ingest says to this one.
async fn refusals(node: &Running, shown: impl Fn(Request<()>) -> Request<()>) -> Vec<Fault> {
    let metadata = shown(Request::new(())).into_parts().0;
    let mut client = node.transfers().await;
    let mut faults = Vec::new();
    let mut request = Request::new(stream::iter(messages()));
    *request.metadata_mut() = metadata.clone();
    faults.push(fault_of_status(&client.ingest_stream(request).await.unwrap_err()));
    let blobs = vec![v1::Blob { content: Bytes::from_static(b"abc"), declared: None }];
    let mut request = Request::new(stream::iter([v1::TransferServiceIngestBatchRequest { blobs }]));
    *request.metadata_mut() = metadata.clone();
    faults.push(fault_of_status(&client.ingest_batch(request).await.err().unwrap()));
    let mut request = Request::new(v1::QueryUploadRequest { upload_id: uuid::Uuid::nil().to_string() });
    *request.metadata_mut() = metadata;
    faults.push(fault_of_status(&client.query_upload(request).await.unwrap_err()));
    faults
}

fn with_token(token: &TicketToken) -> impl Fn(Request<()>) -> Request<()> {
    let token = token.clone();
    move |_| shown_token(&token, ())
}

#[tokio::test]
async fn every_call_needs_a_ticket_that_holds() {
    let (_plane, node) = known().await;
    let good = permission(Operation::Ingest, Target::Batch);
    let signed = |permission: Permission| ticket(permission).sign(&control_key()).unwrap();
    let now = SystemClock.now();
    let earlier = Timestamp::from_micros(now.micros() - 3_600_000_000).unwrap();
    let id = TicketId::new(uuid::Uuid::from_u128(9));
    let expired = Ticket::issue(id, good.clone(), earlier, 60).unwrap().sign(&control_key()).unwrap();
    let foreign = ticket(good.clone()).sign(&SigningKey::from_secret(&[8; 32])).unwrap();
    let mut forged = signed(good.clone()).expose().to_owned();
    let (middle, flipped) = (forged.len() / 2, if forged.as_bytes()[forged.len() / 2] == b'A' { "B" } else { "A" });
    forged.replace_range(middle..=middle, flipped);
    let elsewhere = signed(Permission { node_id: "node-b".parse().unwrap(), ..good.clone() });
    let to_take = signed(permission(Operation::Serve, Target::Blob(address(b"abc"))));

    for (token, codes, category) in [
        (expired, &["AS-DPL-0004"][..], Category::Unauthenticated),
        (foreign, &["AS-DPL-0002"], Category::Unauthenticated),
        // Whichever part the flipped bit is in.
        (TicketToken::from(forged), &["AS-DPL-0001", "AS-DPL-0003"], Category::Unauthenticated),
        (TicketToken::from("x".repeat(100_000)), &["AS-DPL-0001"], Category::Unauthenticated),
        (elsewhere, &["AS-DPL-0006"], Category::PermissionDenied),
        (to_take, &["AS-DPL-0007"], Category::PermissionDenied),
    ] {
        for fault in refusals(&node, with_token(&token)).await {
            if fault.code == "AS-WIRE-0014" {
                // Headers of such a size are refused before anybody reads them.
                continue;
            }
            assert!(codes.contains(&fault.code.as_ref()), "{fault:?}");
            assert_eq!(fault.category, category);
            assert!(!fault.message.contains(token.expose()));
        }
    }
    for fault in refusals(&node, |request| request).await {
        assert_eq!((fault.code.as_ref(), fault.category), ("AS-DPL-0001", Category::Unauthenticated));
    }
    assert!(node.remote().inventory(None, None, 10).await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn a_ticket_for_one_thing_is_none_for_many_and_the_other_way_round() {
    let (_plane, node) = known().await;
    let request = shown(&to_send_batch(), stream::iter(messages()));
    let status = node.transfers().await.ingest_stream(request).await.unwrap_err();
    assert_eq!(fault_of_status(&status).code, "AS-DPL-0007");
    let blobs = vec![v1::Blob { content: Bytes::from_static(b"abc"), declared: None }];
    let request = shown(&to_send("a"), stream::iter([v1::TransferServiceIngestBatchRequest { blobs }]));
    let status = node.transfers().await.ingest_batch(request).await.err().unwrap();
    assert_eq!(fault_of_status(&status).code, "AS-DPL-0007");
}

#[tokio::test]
async fn a_ticket_for_a_backend_that_is_not_here_moves_nothing() {
    let (_plane, node) = known().await;
    let elsewhere = Permission {
        backend_id: "tape".parse().unwrap(),
        ..permission(Operation::Ingest, Target::Path("a".parse().unwrap()))
    };
    let fault = node.ingest(&ticket(elsewhere), v1::TransferHeader::default(), vec![content(1, 10)]).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-DATA-0001", Category::NotFound));
}
