//! Contract events, appended as one stream to an embedded store: read, validated in both layers, in the log, their states
//! kept. Then the same again, all of which are known by then.

use std::{fs, path::Path, sync::Arc};

use artifactstore_client::Connection;
use artifactstore_embedded::{Embedded, EmbeddedOptions};
use artifactstore_testkit::contracts::artifact_indexed;
use artifactstore_types::{ContractOrigin, Namespace};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::measure::{self, Clock, Failure, Series, Taken};

const SHA256: &str = "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a";

pub async fn run(dir: &Path, rounds: usize, events: u64, dossiers: u64) -> Result<(), Failure> {
    fs::create_dir_all(dir)?;
    let work = tempfile::tempdir_in(dir)?;
    let texts: Vec<_> = (0..events).map(|number| event(number, dossiers)).collect();
    let mut first = Series::new("appended as a stream, embedded");
    let mut again = Series::new("the same stream again");
    // The first round warms caches and is not counted.
    for round in 0..=rounds {
        measure::settle();
        let store = work.path().join("store");
        let embedded = Embedded::open(EmbeddedOptions::in_directory(&store)).await?;
        let new = append(&embedded.connection(), &texts).await?;
        let known = append(&embedded.connection(), &texts).await?;
        embedded.close().await;
        fs::remove_dir_all(&store)?;
        if round > 0 {
            first.add(new);
            again.add(known);
        }
    }
    let bytes = texts.first().map_or(0, Bytes::len);
    measure::say(&format!(
        "contract events: {events} of {bytes} bytes, {dossiers} dossiers, {rounds} rounds, durable (fsync)"
    ));
    for series in [&first, &again] {
        series.report(f64::from(u32::try_from(events)?), "event");
    }
    Ok(())
}

/// The dossiers take turns, and each grows in the order of its clock.
fn event(number: u64, dossiers: u64) -> Bytes {
    let (dossier, artifact) = (number % dossiers.max(1), number / dossiers.max(1));
    let path = format!("some/where/artifact-{artifact}.json");
    artifact_indexed(number, number, &format!("feature-{dossier}"), &path, "sha256", SHA256)
}

async fn append(connection: &Arc<dyn Connection>, texts: &[Bytes]) -> Result<Taken, Failure> {
    let origin = ContractOrigin { namespace: Namespace::default(), actor: "bench".parse()? };
    let sent = stream::iter(texts.to_vec()).boxed();
    let clock = Clock::start();
    let answers = connection.append_contract_stream(&origin, sent);
    let answered = answers.try_fold(0, |answered, _| async move { Ok(answered + 1) }).await?;
    let taken = clock.stop();
    if answered == texts.len() { Ok(taken) } else { Err(format!("{answered} of {} were answered", texts.len()).into()) }
}
