//! How the server says how it is, and what it offers.

use artifactstore_types::{Category, Health};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::*;

/// What a path of the HTTP door answers: the status, and the body as JSON.
pub async fn get(running: &Running, request: &str) -> (u16, serde_json::Value) {
    let mut socket = tokio::net::TcpStream::connect(running.http).await.unwrap();
    socket.write_all(format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

fn without_database() -> Health {
    Health { database_fault: Some("disk I/O error".to_owned()), head: None, ..fake::healthy() }
}

fn without_backends() -> Health {
    let mut health = fake::healthy();
    health.backends[0].reachable = false;
    health.backends[0].reason = Some("read-only file system".to_owned());
    health
}

#[tokio::test]
async fn health_says_what_answers_and_what_does_not() {
    let running = running(Fake::new().0).await;
    let (status, body) = get(&running, "GET /health").await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        serde_json::json!({
            "status": "serving",
            "version": "0.0.0-test",
            "registry": { "head": 0 },
            "database": { "reachable": true },
            "backends": [{ "id": "local", "reachable": true, "used_bytes": 1, "free_bytes": 2 }],
        })
    );

    running.fake.say(Ok(without_database()));
    let (status, body) = get(&running, "GET /health").await;
    assert_eq!((status, body["status"].as_str()), (503, Some("not_serving")));
    assert_eq!(body["database"]["reason"], "disk I/O error");

    running.fake.say(Ok(without_backends()));
    let (status, body) = get(&running, "GET /health").await;
    assert_eq!((status, body["backends"][0]["reason"].as_str()), (503, Some("read-only file system")));

    running.fake.say(Err(Fault::new("AS-TEST-0007", Category::Unavailable, "health: nobody answers")));
    let (status, body) = get(&running, "GET /health").await;
    assert_eq!((status, body["status"].as_str()), (503, Some("not_serving")));
    assert!(body["database"]["reason"].as_str().unwrap().contains("AS-TEST-0007"));
}

#[tokio::test]
async fn other_paths_and_methods_are_not_there() {
    let running = running(Fake::new().0).await;
    for (request, status) in [("GET /", 404), ("GET /health/../x", 404), ("POST /health", 405), ("DELETE /health", 405)]
    {
        assert_eq!(get(&running, request).await.0, status, "{request}");
    }
    assert_eq!(get(&running, "HEAD /health").await.0, 200);
}

async fn watched(running: &Running, service: &str) -> tonic::Streaming<HealthCheckResponse> {
    let request = HealthCheckRequest { service: service.to_owned() };
    HealthClient::new(running.channel().await).watch(request).await.unwrap().into_inner()
}

async fn becomes(statuses: &mut tonic::Streaming<HealthCheckResponse>, wanted: ServingStatus) {
    while statuses.try_next().await.unwrap().expect("a status").status() != wanted {}
}

#[tokio::test]
async fn the_standard_health_service_follows_database_and_backends() {
    let running = running(Fake::new().0).await;
    for service in ["", "artifactstore.v1.PackageService"] {
        let mut statuses = watched(&running, service).await;
        becomes(&mut statuses, ServingStatus::Serving).await;
        for unhealthy in [without_database(), without_backends()] {
            running.fake.say(Ok(unhealthy));
            becomes(&mut statuses, ServingStatus::NotServing).await;
            running.fake.say(Ok(fake::healthy()));
            becomes(&mut statuses, ServingStatus::Serving).await;
        }
    }
}

#[tokio::test]
async fn what_needs_the_database_alone_serves_without_backends() {
    let running = running(Fake::new().0).await;
    for service in ["EventService", "ContractService", "NodeService"].map(|name| format!("artifactstore.v1.{name}")) {
        let mut whole = watched(&running, "").await;
        let mut statuses = watched(&running, &service).await;
        becomes(&mut statuses, ServingStatus::Serving).await;
        running.fake.say(Ok(without_backends()));
        becomes(&mut whole, ServingStatus::NotServing).await;
        becomes(&mut watched(&running, &service).await, ServingStatus::Serving).await;
        running.fake.say(Ok(without_database()));
        becomes(&mut statuses, ServingStatus::NotServing).await;
        running.fake.say(Ok(fake::healthy()));
        becomes(&mut whole, ServingStatus::Serving).await;
    }
}

#[tokio::test]
async fn detailed_health_is_answered_while_the_store_is_not_healthy() {
    let running = running(Fake::new().0).await;
    running.fake.say(Ok(without_database()));
    assert_eq!(running.remote.health().await.unwrap(), without_database());
    becomes(&mut watched(&running, "artifactstore.v1.HealthService").await, ServingStatus::Serving).await;
}

#[tokio::test]
async fn reflection_lists_every_service_and_describes_it() {
    let running = running(Fake::new().0).await;
    let mut client = ServerReflectionClient::new(running.channel().await);
    let ask = |request| ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let symbol = "artifactstore.v1.PackageService".to_owned();
    let requests =
        [ask(MessageRequest::ListServices(String::new())), ask(MessageRequest::FileContainingSymbol(symbol))];
    let mut answers = client.server_reflection_info(stream::iter(requests)).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) = answers.next().await.unwrap().unwrap().message_response
    else {
        panic!("a list");
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in [
        "artifactstore.v1.PackageService",
        "artifactstore.v1.EventService",
        "artifactstore.v1.HealthService",
        "artifactstore.v1.NodeService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    let described = answers.next().await.unwrap().unwrap().message_response;
    assert!(matches!(described, Some(MessageResponse::FileDescriptorResponse(_))), "{described:?}");
}

#[tokio::test]
async fn the_older_reflection_is_there_for_older_tools() {
    use tonic_reflection::pb::v1alpha;
    let running = running(Fake::new().0).await;
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(running.channel().await);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut answers = client.server_reflection_info(stream::iter([request])).await.unwrap().into_inner();
    assert!(answers.try_next().await.unwrap().unwrap().message_response.is_some());
}
