//! The SPI of a whole node: the conformance suite through its doors, for a control plane and nobody else.

use std::sync::Arc;

use artifactstore_dataplane::{
    DataPlane as _, IngestHints,
    control_token::ControlTokens,
    grpc::{RemotePlane, RemotePlaneOptions},
    signing::SigningKey,
};
use artifactstore_types::{ByteRange, Category, SystemClock};
use futures::{TryStreamExt as _, stream};

use crate::world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_plane_stores_and_reads_through_it() {
    let (_plane, node) = known().await;
    let (remote, bytes) = (node.remote(), content(1, 3_000_000));
    let parts = Box::pin(stream::iter(chunks(bytes.clone()).into_iter().map(Ok)));
    let receipt = remote.ingest_stream(IngestHints::default(), parts).await.unwrap();
    assert_eq!((receipt.address(), receipt.node_id.clone()), (address(&bytes), node_id()));
    let served = remote.serve_object(receipt.address(), &receipt.location, ByteRange::ALL).await.unwrap();
    assert_eq!(served.bytes.try_collect::<Vec<_>>().await.unwrap().concat(), bytes);
    assert_eq!(remote.verify_object(receipt.address(), &receipt.location).await.unwrap().mismatch, None);
    assert!(remote.backend_health().await.iter().all(|backend| backend.reachable));
    assert!(remote.delete_object(receipt.address(), &receipt.location).await.unwrap().deleted);
}

#[tokio::test]
async fn nobody_else_does() {
    let (_plane, node) = known().await;
    let endpoint = format!("http://{}", node.grpc).parse().unwrap();
    let tokens = ControlTokens::new(SigningKey::from_secret(&[9; 32]), node_id(), Arc::new(SystemClock));
    let stranger = RemotePlane::connect(&endpoint, tokens, RemotePlaneOptions::default()).unwrap();
    let fault = stranger.inventory(None, None, 1).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-DPL-0041", Category::Unauthenticated));
}
