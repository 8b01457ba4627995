//! Calls end in time, whoever set it.

use std::time::Duration;

use artifactstore_types::{Category, Outcome};
use artifactstore_wire::{
    fault_of_status,
    v1::{self, package_service_client::PackageServiceClient},
};
use tonic::Request;

use super::*;

fn stuck() -> Request<v1::GetPackageRequest> {
    Request::new(v1::GetPackageRequest { package_id: fake::stuck().to_string() })
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_given_up_by_the_server() {
    let running = running_with(Fake::new().0, |options| options.request_timeout = Duration::from_millis(30)).await;
    let fault = fault_of_status(&running.raw().await.get_package(stuck()).await.unwrap_err());
    assert_eq!(
        (fault.code.as_ref(), fault.category, fault.outcome),
        ("AS-SERVER-0001", Category::DeadlineExceeded, Outcome::Unknown)
    );
}

#[tokio::test]
async fn the_clients_deadline_is_kept_where_it_is_shorter() {
    let running = running(Fake::new().0).await;
    // As a header only, so that nothing on this side keeps it.
    let mut request = stuck();
    request.metadata_mut().insert("grpc-timeout", "200m".parse().unwrap());
    let channel = running.channel().await;
    let status = PackageServiceClient::new(channel).get_package(request).await.unwrap_err();
    assert_eq!(fault_of_status(&status).category, Category::DeadlineExceeded);
}
