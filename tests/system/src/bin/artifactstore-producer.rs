//! A producer to be killed: pushes known files into an embedded store and says on standard output, a line each, what the
//! store has acknowledged, as soon as it has.
//!
//! `artifactstore-producer DIRECTORY ROUND`

use std::{io::Write as _, path::PathBuf, process::ExitCode, sync::Arc};

use artifactstore_client::Connection;
use artifactstore_embedded::{Embedded, EmbeddedOptions};
use artifactstore_system::{FILES, bytes_of, header_of};
use artifactstore_types::{Actor, Fault, NewPackage, SmallFile, Upload};
use futures::StreamExt as _;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(directory), Some(round)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    match push(directory.into(), round.parse().unwrap_or_default()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&format!("fault {fault:?}"));
            ExitCode::from(fault.category.exit_code())
        }
    }
}

async fn push(directory: PathBuf, round: u64) -> Result<(), Fault> {
    let mut options = EmbeddedOptions::in_directory(directory);
    if let Ok(url) = std::env::var("ARTIFACTSTORE_DATABASE_URL") {
        options.database_url = url;
    }
    let embedded = Embedded::open(options).await?;
    let store: Arc<dyn Connection> = embedded.connection();
    say("opened");
    let actor = name::<Actor>("producer")?;
    let package = store
        .create_package(
            &actor,
            NewPackage {
                namespace: artifactstore_types::Namespace::default(),
                name: name(&format!("round-{round}"))?,
                producer: name("kill-test")?,
                subject: name("durability")?,
                kind: None,
                class: name("transient")?,
                metadata: artifactstore_types::Metadata::new(),
                provenance: artifactstore_types::Provenance::default(),
            },
            None,
        )
        .await?;
    let id = package.package_id;
    say(&format!("created {id} {round}"));
    let upload = Upload { package_id: id, actor: actor.clone(), replace: false, idempotency_key: None };
    let limit = store.small_file_limit();
    let (small, large): (Vec<_>, Vec<_>) = (0..FILES).partition(|index| bytes_of(round, *index).len() <= limit);
    let files = futures::stream::iter(small)
        .map(move |index| SmallFile { header: header_of(index), bytes: bytes_of(round, index) });
    let mut answers = store.ingest_files(&upload, files.boxed());
    while let Some(answer) = answers.next().await {
        let file = answer?;
        say(&format!("file {id} {} {}", file.relative_path, file.content_address));
    }
    for index in large {
        let bytes = bytes_of(round, index);
        let chunks: Vec<_> = bytes.chunks(64 * 1024).map(|chunk| Ok(bytes::Bytes::copy_from_slice(chunk))).collect();
        let file = store.ingest_file(&upload, header_of(index), futures::stream::iter(chunks).boxed()).await?;
        say(&format!("file {id} {} {}", file.relative_path, file.content_address));
    }
    let package = store.finalize_package(&actor, id).await?;
    let digest = package.manifest_digest.map(|digest| digest.to_string()).unwrap_or_default();
    say(&format!("finalized {id} {digest}"));
    embedded.close().await;
    Ok(())
}

fn name<T: std::str::FromStr<Err = artifactstore_types::NameRefused>>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|refused: artifactstore_types::NameRefused| {
        Fault::new("AS-TEST-0001", artifactstore_types::Category::Invalid, refused.to_string())
    })
}

/// Says a line and makes sure that it is out: a line that was read was acknowledged before.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that is gone has what it wanted.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
