//! Refusals that arise before a handler runs (a request that is not protobuf, a message that is too large, a method that
//! does not exist) are given the details that every other fault of this contract has.

use artifactstore_wire::{fault_of_request, status_of};
use axum::{extract::Request, middleware::Next, response::Response};
use tonic::{Code, Status};

/// Services whose statuses are defined elsewhere begin so.
const STANDARD: &str = "/grpc.";

/// Answers a bare status of this contract as the fault behind it.
pub async fn with_details(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(STANDARD) {
        return next.run(request).await;
    }
    let response = next.run(request).await;
    match Status::from_header_map(response.headers()) {
        Some(status) if status.code() != Code::Ok && status.details().is_empty() => {
            status_of(&fault_of_request(&status)).into_http()
        }
        _ => response,
    }
}
