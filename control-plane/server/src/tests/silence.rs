//! Whoever connects and says nothing, or begins and does not go on, is not waited for.

use std::time::Duration;

use artifactstore_types::Category;
use artifactstore_wire::{fault_of_status, v1};
use futures::stream;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::*;

/// Says nothing and waits for the other side to hang up.
async fn hung_up(address: SocketAddr) {
    let mut silent = TcpStream::connect(address).await.unwrap();
    // What a server says of its own accord comes before.
    while silent.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
}

#[tokio::test]
async fn a_connection_over_which_nothing_comes_is_cut_and_its_place_is_free_again() {
    let running = running_with(Fake::new().0, |options| {
        options.max_connections = 1;
        options.max_silence = Duration::from_millis(20);
    })
    .await;
    hung_up(running.grpc).await;
    hung_up(running.http).await;
    running.remote.health().await.unwrap();
    assert_eq!(probes::get(&running, "GET /health").await.0, 200);
}

#[tokio::test]
async fn an_upload_that_does_not_begin_is_given_up() {
    let running = running_with(Fake::new().0, |options| options.request_timeout = Duration::from_millis(20)).await;
    let mut client = running.raw().await;
    let files = client.ingest_files(stream::pending::<v1::IngestFilesRequest>()).await.unwrap_err();
    let file = client.ingest_file(stream::pending::<v1::IngestFileRequest>()).await.unwrap_err();
    for (status, code) in [(files, "AS-SERVER-0001"), (file, "AS-SERVER-0006")] {
        let fault = fault_of_status(&status);
        assert_eq!((fault.code.as_ref(), fault.category), (code, Category::DeadlineExceeded));
    }
}
