//! Many small blobs in one stream: each is answered once, and each that is durable is stated once.

use std::collections::{BTreeMap, BTreeSet};

use artifactstore_dataplane::{
    DataPlane as _,
    ticket::{Operation, Permission, Target, Ticket},
};
use artifactstore_types::{Category, DualDigest, Fault};
use artifactstore_wire::{
    codes, fault_of_status,
    v1::{self, transfer_service_ingest_batch_response::Answer},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::world::*;

fn blob(content: Bytes) -> v1::Blob {
    v1::Blob { content, declared: None }
}

/// What a batch was answered: durable blobs, refused ones, and how it ended.
struct Answered {
    stated: BTreeMap<u64, DualDigest>,
    refused: BTreeMap<u64, Fault>,
    parts: Vec<u64>,
    end: Result<(), Fault>,
}

async fn sent(node: &Running, ticket: &Ticket, messages: Vec<Vec<v1::Blob>>) -> Result<Answered, Fault> {
    let messages = messages.into_iter().map(|blobs| v1::TransferServiceIngestBatchRequest { blobs });
    let request = shown(ticket, stream::iter(messages.collect::<Vec<_>>()));
    let answers = node.transfers().await.ingest_batch(request).await.map_err(|status| fault_of_status(&status))?;
    let mut answers = answers.into_inner();
    let mut answered = Answered { stated: BTreeMap::new(), refused: BTreeMap::new(), parts: Vec::new(), end: Ok(()) };
    while let Some(answer) = answers.next().await {
        match answer.map(|answer| answer.answer.unwrap()) {
            Ok(Answer::Stated(v1::StatedBlobs { statement, blobs })) => {
                let statement = verified(&statement, ticket);
                answered.parts.push(statement.part());
                assert_eq!(statement.receipts().len(), blobs.len());
                for (blob, receipt) in blobs.into_iter().zip(statement.receipts()) {
                    let digests = digests(blob.digests);
                    assert_eq!(digests, receipt.digests);
                    assert_eq!(answered.stated.insert(blob.index, digests), None, "stated twice");
                }
            }
            Ok(Answer::Refused(v1::RefusedBlob { index, fault })) => {
                let fault = Fault::try_from(fault.unwrap()).unwrap();
                assert_eq!(answered.refused.insert(index, fault), None, "refused twice");
            }
            Err(status) => answered.end = Err(fault_of_status(&status)),
        }
    }
    Ok(answered)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_blob_is_stated_once_whatever_messages_it_came_in() {
    let (_plane, node) = known().await;
    let blobs: Vec<_> = (0..5_000).map(|seed| content(seed, 40 + usize::try_from(seed).unwrap() % 300)).collect();
    let mut messages = Vec::new();
    let (mut left, mut size) = (&blobs[..], 1);
    while !left.is_empty() {
        let (now, later) = left.split_at(size.min(left.len()));
        messages.push(now.iter().cloned().map(blob).collect());
        (left, size) = (later, size % 97 + 1);
    }
    let answered = sent(&node, &to_send_batch(), messages).await.unwrap();
    answered.end.unwrap();
    assert!(answered.refused.is_empty());
    assert_eq!(answered.stated.len(), blobs.len());
    for (index, bytes) in (0..).zip(&blobs) {
        assert_eq!(answered.stated[&index], DualDigest::of(bytes));
    }
    let parts: BTreeSet<u64> = answered.parts.iter().copied().collect();
    assert_eq!(parts, (0..answered.parts.len() as u64).collect());
    let addresses: Vec<_> = blobs.iter().map(|bytes| address(bytes)).collect();
    assert!(node.remote().have_objects(None, &addresses).await.unwrap().iter().all(Option::is_some));
}

#[tokio::test]
async fn a_refused_blob_leaves_its_neighbours_alone() {
    let (_plane, node) = known().await;
    let declared = |text: &str, bytes| v1::Blob { content: bytes, declared: Some(text.to_owned()) };
    let bytes = |seed| content(seed, 100);
    let batch = vec![
        blob(bytes(0)),
        declared("blake3:zz", bytes(1)),
        declared(&address(b"other").to_string(), bytes(2)),
        declared(&address(&bytes(3)).to_string(), bytes(3)),
        blob(content(4, 65_537)),
        blob(Bytes::new()),
    ];
    let answered = sent(&node, &to_send_batch(), vec![batch]).await.unwrap();
    answered.end.unwrap();
    assert_eq!(answered.stated.keys().copied().collect::<Vec<_>>(), [0, 3, 5]);
    let refused: Vec<_> = answered.refused.iter().map(|(index, fault)| (*index, fault.code.as_ref())).collect();
    assert_eq!(refused, [(1, codes::FIELD), (2, "AS-DATA-0004"), (4, "AS-DATA-0007")]);
}

#[tokio::test]
async fn refusals_beyond_what_waits_are_all_told() {
    let (_plane, node) = known().await;
    let bad = v1::Blob { content: Bytes::new(), declared: Some("x".to_owned()) };
    let answered = sent(&node, &to_send_batch(), vec![vec![bad; 1_000]; 3]).await.unwrap();
    answered.end.unwrap();
    assert_eq!((answered.stated.len(), answered.refused.len()), (0, 3_000));
}

#[tokio::test]
async fn no_more_bytes_come_in_than_the_ticket_permits() {
    let (_plane, node) = known().await;
    let permission = Permission { size_limit: 1_000, ..permission(Operation::Ingest, Target::Batch) };
    let blobs = (0..4).map(|seed| blob(content(seed, 300))).collect();
    let answered = sent(&node, &ticket(permission), vec![blobs]).await.unwrap();
    assert_eq!(answered.stated.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
    let end = answered.end.unwrap_err();
    assert_eq!((end.code.as_ref(), end.category), ("AS-NODE-0011", Category::Exhausted));
    assert_eq!(node.find(address(&content(3, 300))).await, None);
}

#[tokio::test]
async fn a_message_without_blobs_ends_the_stream() {
    let (_plane, node) = known().await;
    let answered = sent(&node, &to_send_batch(), vec![vec![blob(content(1, 10))], vec![]]).await.unwrap();
    assert_eq!(answered.stated.len(), 1);
    assert_eq!(answered.end.unwrap_err().subject.as_deref(), Some("blobs"));
}

#[tokio::test]
async fn a_ticket_counts_for_one_stream() {
    let (_plane, node) = known().await;
    let ticket = to_send_batch();
    sent(&node, &ticket, vec![vec![blob(content(1, 10))]]).await.unwrap().end.unwrap();
    let fault = sent(&node, &ticket, vec![vec![blob(content(2, 10))]]).await.err().unwrap();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-NODE-0013", Category::PermissionDenied));
    assert_eq!(node.find(address(&content(2, 10))).await, None);
}

#[tokio::test]
async fn an_empty_batch_is_answered_with_nothing() {
    let (_plane, node) = known().await;
    let answered = sent(&node, &to_send_batch(), vec![]).await.unwrap();
    answered.end.unwrap();
    assert!(answered.stated.is_empty() && answered.refused.is_empty());
}
