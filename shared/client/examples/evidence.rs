//! What a producer does, and who relies on it: push a directory, pull it again, verify it, and read what happened.
//!
//! ```text
//! cargo run --package artifactstore-client --example evidence -- http://127.0.0.1:7070 DIRECTORY COPY
//! ```
#![expect(clippy::print_stdout, reason = "it shows what it does")]

use std::{error::Error, future::pending, path::PathBuf, sync::Arc};

use artifactstore_client::{
    Connection, PullRequest, PushRequest, PushTarget, Remote, RemoteOptions, TailRequest, VerifyRequest, pull, push,
    tail, verify,
};
use artifactstore_types::{Actor, Metadata, Namespace, NewPackage, Provenance};
use futures::StreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(endpoints), Some(directory), Some(copy)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("say the address of a store, a directory to push, and where a copy of it may go".into());
    };
    let store: Arc<dyn Connection> = Arc::new(Remote::reach(&endpoints, RemoteOptions::default()).await?);
    let actor: Actor = "example".parse()?;
    let since = store.health().await?.head.unwrap_or_default();

    let package = NewPackage {
        namespace: Namespace::default(),
        name: "evidence".parse()?,
        producer: "example".parse()?,
        subject: "this-directory".parse()?,
        kind: None,
        class: "transient".parse()?,
        metadata: Metadata::new(),
        provenance: Provenance::default(),
    };
    let request = PushRequest {
        directory: PathBuf::from(directory),
        target: PushTarget::New(Box::new(package)),
        actor,
        replace: false,
        finalize: true,
        skip_special: true,
        idempotency_key: None,
    };
    // Nobody looks on, and nothing interrupts.
    let pushed = push(&store, request, Arc::new(()), pending()).await?;
    let (id, digest) = (pushed.package.package_id, pushed.package.manifest_digest);
    println!("pushed {} files of {} bytes as {id}", pushed.file_count, pushed.bytes);

    let request = PullRequest { package: id, directory: PathBuf::from(&copy), overwrite: false, expected: digest };
    let pulled = pull(&store, request, Arc::new(()), pending()).await?;
    println!("pulled {} files of {} bytes", pulled.file_count, pulled.bytes);

    let request =
        VerifyRequest { package: id, directory: Some(PathBuf::from(copy)), skip_special: false, expected: digest };
    let verified = verify(&store, request, Arc::new(())).await?;
    println!("verified {} files, {} findings", verified.file_count, verified.findings.len());

    let mut events = tail(&store, TailRequest { since, ..TailRequest::default() });
    while let Some(event) = events.next().await {
        let event = event?;
        println!("{} {} {}", event.sequence, event.event_type, event.subject_id);
    }
    if verified.findings.is_empty() { Ok(()) } else { Err("what is stored is not what was pushed".into()) }
}
