//! How a node becomes known, stays known, and does as it is told.

use std::net::SocketAddr;

use artifactstore_dataplane::{
    DataPlane as _,
    signing::{Announcement, SigningKey},
};
use artifactstore_types::{Category, Fault, NodeStatus};
use artifactstore_wire::v1;
use futures::TryStreamExt as _;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::{process::get, world::*};

const SERVICES: [&str; 3] = ["", "artifactstore.v1.DataPlaneService", "artifactstore.v1.TransferService"];

async fn becomes(node: &Running, service: &str, wanted: ServingStatus) {
    let request = HealthCheckRequest { service: service.to_owned() };
    let mut statuses = HealthClient::new(node.channel().await).watch(request).await.unwrap().into_inner();
    while statuses.try_next().await.unwrap().unwrap().status() != wanted {}
}

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[tokio::test]
async fn a_node_says_who_it_is_proves_it_and_stays_heard() {
    let plane = ControlPlane::start().await;
    let node = running(vec![plane.endpoint.clone()], |options| {
        options.identity.zone = Some("rack-7".parse().unwrap());
        options.join_token = Some(join_token());
    })
    .await;
    let (said, proof, nonce) = plane.knows().await;
    assert_eq!(said.node_id, node_id());
    assert_eq!(said.endpoint.to_string(), format!("http://{}", node.grpc));
    assert_eq!(said.public_key, *node_key().public_key().bytes());
    assert_eq!(said.backends.len(), 1);
    assert_eq!((said.backends[0].backend_id.clone(), said.backends[0].shared), (backend_id(), false));
    assert_eq!(said.zone, Some("rack-7".parse().unwrap()));
    let joined: [u8; 32] = proof.join_proof.unwrap()[..].try_into().unwrap();
    assert!(Announcement::new(&said, nonce).unwrap().admits(&join_token(), &joined));

    let mut beats = plane.beat.clone();
    let (_, heartbeat) = beats.wait_for(|(count, _)| *count >= 3).await.unwrap().clone();
    assert!(!heartbeat.stopping);
    assert_eq!(heartbeat.backends.len(), 1);
    assert!(heartbeat.backends[0].reachable);
}

#[tokio::test]
async fn a_node_serves_when_a_control_plane_has_taken_it_up_and_not_before() {
    let refusal = Fault::new("AS-TEST-0001", Category::PermissionDenied, "not you");
    let refusing = ControlPlane::start_at(anywhere(), vec![], NodeStatus::Active, Some(refusal)).await;
    let node = running(vec![refusing.endpoint.clone()], |_| {}).await;
    for service in SERVICES {
        becomes(&node, service, ServingStatus::NotServing).await;
    }
    // The reason is there once the control plane has answered.
    let body = loop {
        let (status, body) = get(node.http, "/health").await;
        assert_eq!((status, body["status"].as_str()), (503, Some("not_serving")));
        if body["control_planes"][0]["reason"].is_string() {
            break body;
        }
    };
    assert!(body["control_planes"][0]["reason"].as_str().unwrap().contains("AS-TEST-0001"), "{body}");

    let address = refusing.address();
    refusing.leave().await;
    let plane = ControlPlane::start_at(address, vec![told(&control_key())], NodeStatus::Active, None).await;
    plane.knows().await;
    for service in SERVICES {
        becomes(&node, service, ServingStatus::Serving).await;
    }
    let (status, body) = get(node.http, "/health").await;
    assert_eq!((status, body["status"].as_str(), body["node"].as_str()), (200, Some("serving"), Some("node-a")));
    assert_eq!(body["control_planes"][0]["heard"], true);
}

#[tokio::test]
async fn a_node_serves_nothing_while_no_backend_can_be_reached_and_serves_again_when_one_can() {
    let (_plane, node) = known().await;
    let (storage, away) = (node.storage.path().join("storage"), node.storage.path().join("away"));
    std::fs::rename(&storage, &away).unwrap();
    for service in SERVICES {
        becomes(&node, service, ServingStatus::NotServing).await;
    }
    let (status, body) = get(node.http, "/health").await;
    assert_eq!((status, body["backends"][0]["reachable"].as_bool()), (503, Some(false)));
    assert!(body["reason"].as_str().unwrap().contains("backend local"), "{body}");
    std::fs::rename(&away, &storage).unwrap();
    for service in SERVICES {
        becomes(&node, service, ServingStatus::Serving).await;
    }
}

#[tokio::test]
async fn a_node_comes_back_to_a_control_plane_that_comes_back() {
    let (plane, node) = known().await;
    let address = plane.address();
    plane.leave().await;
    // What it was told holds meanwhile.
    node.ingest(&to_send("a"), v1::TransferHeader::default(), vec![content(1, 10)]).await.unwrap();
    let plane = ControlPlane::start_at(address, vec![told(&control_key())], NodeStatus::Active, None).await;
    assert_eq!(plane.knows().await.0.node_id, node_id());
    plane.beat.clone().wait_for(|(count, _)| *count > 1).await.unwrap();
}

#[tokio::test]
async fn a_node_is_known_to_every_control_plane_and_trusts_each() {
    let other = SigningKey::from_secret(&[6; 32]);
    let planes = [
        ControlPlane::start().await,
        ControlPlane::start_at(anywhere(), vec![told(&other)], NodeStatus::Active, None).await,
    ];
    let node = running(planes.iter().map(|plane| plane.endpoint.clone()).collect(), |_| {}).await;
    for plane in &planes {
        plane.beat.clone().wait_for(|(count, _)| *count > 0).await.unwrap();
    }
    for key in [control_key(), other] {
        let token = to_send_batch().sign(&key).unwrap();
        let request = shown_token(&token, futures::stream::iter(Vec::new()));
        node.transfers().await.ingest_batch(request).await.unwrap();
    }
}

#[tokio::test]
async fn keys_that_are_told_later_count_from_then_on() {
    let (plane, node) = known().await;
    let next = SigningKey::from_secret(&[6; 32]);
    let ask = async |key: &SigningKey| {
        let token = to_send_batch().sign(key).unwrap();
        let request = shown_token(&token, futures::stream::iter(Vec::new()));
        node.transfers().await.ingest_batch(request).await.is_ok()
    };
    assert!(ask(&control_key()).await && !ask(&next).await);
    plane.say_keys(vec![told(&control_key()), told(&next)]).await;
    while !ask(&next).await {}
    assert!(ask(&control_key()).await);
    plane.say_keys(vec![told(&next)]).await;
    while ask(&control_key()).await {}
    assert!(ask(&next).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_drains_begins_no_uploads_finishes_those_it_has_and_goes_on_serving() {
    let (plane, node) = known().await;
    let kept = content(1, 200_000);
    node.ingest(&to_send("a"), v1::TransferHeader::default(), chunks(kept.clone())).await.unwrap();
    let location = node.find(address(&kept)).await.unwrap();
    let under_way = crate::endings::UnderWay::begin(&node).await;

    plane.say_status(NodeStatus::Draining).await;
    let refused = loop {
        match node.ingest(&to_send("b"), v1::TransferHeader::default(), vec![content(2, 10)]).await {
            Err(fault) => break fault,
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert_eq!((refused.code.as_ref(), refused.category), ("AS-NODE-0014", Category::Unavailable));
    let request = shown(&to_send_batch(), futures::stream::iter(Vec::new()));
    assert!(node.transfers().await.ingest_batch(request).await.is_err());

    under_way.finish().await;
    let served = node.remote().serve_object(address(&kept), &location, artifactstore_types::ByteRange::ALL).await;
    assert_eq!(served.unwrap().bytes.try_collect::<Vec<_>>().await.unwrap().concat(), kept);
    let (status, body) = get(node.http, "/health").await;
    assert_eq!((status, body["takes_uploads"].as_bool()), (200, Some(false)));

    plane.say_status(NodeStatus::Active).await;
    while node.ingest(&to_send("b"), v1::TransferHeader::default(), vec![content(2, 10)]).await.is_err() {}
}

#[tokio::test]
async fn a_node_that_is_told_to_end_says_so() {
    let (plane, node) = known().await;
    let mut beats = plane.beat.clone();
    let told = tokio::spawn(async move { beats.wait_for(|(_, beat)| beat.stopping).await.is_ok() });
    node.end().await;
    assert!(told.await.unwrap());
}
