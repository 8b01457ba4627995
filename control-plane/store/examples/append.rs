//! Measures the log: appends by many writers at once, files by the thousand, and replay. Prints ratios in one run.
//!
//! ```text
//! cargo run --release -p artifactstore-store --example append -- appends postgres://… [rounds [writers]]
//! cargo run --release -p artifactstore-store --example append -- committer postgres://… [rounds [writers]]
//! cargo run --release -p artifactstore-store --example append -- files sqlite:///tmp/x/artifactstore.db [files]
//! cargo run --release -p artifactstore-store --example append -- replay sqlite:///tmp/x/artifactstore.db [events]
//! cargo run --release -p artifactstore-store --example append -- contracts sqlite:///tmp/x/artifactstore.db [events [streams]]
//! ```
//!
//! `appends` alternates, on the same server, the committer (an event and its views for every append) with `pgbench` (one
//! transaction an append, no views). The database is emptied first: name one that nobody needs. Only `replay` of 0 events
//! takes it as it is.
#![expect(clippy::print_stdout, reason = "this program's purpose is to say what it measured")]

use std::{error::Error, path::Path, process::Command as Process, sync::Arc, time::Duration};

use artifactstore_registry::{AppendContractEvents, CommitFiles, NewContractEvent, NewFile, PackageCommand, Request};
use artifactstore_store::{Committer, CommitterOptions, RegistryStore, StoreOptions, open};
use artifactstore_testkit::{START, contracts, new_package, receipt_for, word};
use artifactstore_types::{ContentAddress, ContractOrigin, FileId, Ids as _, Namespace, PackageId, SystemIds};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{task::JoinSet, time::Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SPAN: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(what), Some(url)) = (arguments.next(), arguments.next()) else {
        return Err(
            "say what to measure (appends, files, replay or contracts) and the URL of a database to empty".into()
        );
    };
    let count = arguments.next().map(|count| count.parse::<u64>()).transpose()?;
    let writers = arguments.next().map(|writers| writers.parse::<u64>()).transpose()?;
    let store = open(&url, StoreOptions::default()).await?;
    let as_it_is = what == "replay" && count == Some(0);
    store.migrate(!as_it_is).await?;
    match what.as_str() {
        "appends" => appends(&store, &url, count.unwrap_or(5), writers).await,
        "committer" => alone(&store, count.unwrap_or(5), writers.unwrap_or(32)).await,
        "files" => files(&store, count.unwrap_or(100_000)).await,
        "replay" => replay(&store, count.unwrap_or(200_000)).await,
        "contracts" => contract_events(&store, count.unwrap_or(100_000), writers.unwrap_or(100)).await,
        other => Err(format!("{other} is not measured here").into()),
    }
}

async fn appends(store: &Arc<dyn RegistryStore>, url: &str, rounds: u64, only: Option<u64>) -> Outcome<()> {
    println!("appends a second, each an event and its views, through one committer; pgbench: one transaction each");
    for writers in only.map_or_else(|| vec![1, 8, 32], |only| vec![only]) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            store.migrate(true).await?;
            theirs.push(pgbench(url, writers)?);
            store.migrate(true).await?;
            ours.push(committer(store, writers).await?);
        }
        let (ours, theirs) = (spread(ours), spread(theirs));
        println!(
            "{writers:>2} writers: committer {:.0} ({:.0}..{:.0}), pgbench {:.0} ({:.0}..{:.0}), ratio {:.1}",
            ours.1,
            ours.0,
            ours.2,
            theirs.1,
            theirs.0,
            theirs.2,
            ours.1 / theirs.1
        );
    }
    Ok(())
}

/// The committer without `pgbench`, as a profiler wants it.
async fn alone(store: &Arc<dyn RegistryStore>, rounds: u64, writers: u64) -> Outcome<()> {
    for _ in 0..rounds {
        println!("{writers} writers: {:.0} appends a second", committer(store, writers).await?);
    }
    Ok(())
}

async fn committer(store: &Arc<dyn RegistryStore>, writers: u64) -> Outcome<f64> {
    let committer = Committer::start(Arc::clone(store), CommitterOptions::default());
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for writer in 0..writers {
        let package = create(&committer, &format!("writer {writer}")).await?;
        let committer = committer.clone();
        tasks.spawn(async move {
            let mut done = 0_u64;
            while start.elapsed() < SPAN {
                let files = vec![file(&format!("{writer}/{done}"), done)];
                committer.submit(command(package, commit(files))).await?;
                done += 1;
            }
            Ok::<_, artifactstore_types::Fault>(done)
        });
    }
    let mut done = 0;
    while let Some(task) = tasks.join_next().await {
        done += task??;
    }
    let rate = per_second(done, start.elapsed());
    committer.stop().await;
    Ok(rate)
}

fn pgbench(url: &str, clients: u64) -> Outcome<f64> {
    let binary = ["/usr/lib/postgresql/17/bin/pgbench", "/usr/lib/postgresql/15/bin/pgbench"];
    let binary = binary.into_iter().find(|path| Path::new(path).exists()).unwrap_or("pgbench");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/append.pgbench.sql");
    let clients = clients.to_string();
    let seconds = SPAN.as_secs().to_string();
    let output = Process::new(binary)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--client", &clients, "--time", &seconds])
        .args(["--file", script, url])
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.ok_or_else(|| format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)).into())
}

async fn files(store: &Arc<dyn RegistryStore>, total: u64) -> Outcome<()> {
    let committer = Committer::start(Arc::clone(store), CommitterOptions::default());
    let package = create(&committer, "many files").await?;
    let mut rates = Vec::new();
    for group in 0..total / 1_000 {
        let files =
            (0..1_000).map(|n| file(&format!("group-{}/dir-{}/file-{n}", group / 10, n % 10), group * 1_000 + n));
        let files = files.map(|new| NewFile { relative_path: word(&format!("{group}/{}", new.relative_path)), ..new });
        let request = commit(files.collect());
        let start = Instant::now();
        committer.submit(command(package, request)).await?;
        rates.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    let (least, median, most) = spread(rates);
    println!("microseconds a file, committed by the thousand: {median:.1} ({least:.1}..{most:.1})");
    Ok(())
}

async fn replay(store: &Arc<dyn RegistryStore>, total: u64) -> Outcome<()> {
    let committer = Committer::start(Arc::clone(store), CommitterOptions::default());
    for package in 0..total / 10_000 {
        let package_id = create(&committer, "many files").await?;
        let each = (0..10_000).map(|n| file(&format!("dir-{}/file-{n}", n % 100), package * 10_000 + n));
        committer.submit(command(package_id, commit(each.collect()))).await?;
    }
    upkeep(store).await
}

async fn upkeep(store: &Arc<dyn RegistryStore>) -> Outcome<()> {
    let start = Instant::now();
    let replayed = store.replay(&|_, _| ()).await?;
    println!("events replayed a second: {:.0}", per_second(replayed.events, start.elapsed()));
    let start = Instant::now();
    let checked = store.check(&|_, _| ()).await?;
    println!(
        "events checked a second: {:.0}, findings: {:?}",
        per_second(checked.events, start.elapsed()),
        checked.findings
    );
    Ok(())
}

/// Contract events in batches of a thousand, two of them on their way at once: read and validated, appended, folded. Then
/// the same again, which all are known by now, and upkeep of it.
async fn contract_events(store: &Arc<dyn RegistryStore>, total: u64, streams: u64) -> Outcome<()> {
    let committer = Committer::start(Arc::clone(store), CommitterOptions::default());
    for (what, step) in [("in order", 1), ("again", 1), ("new, shuffled within 1,000", 389)] {
        let shift = if what == "again" { 0 } else { total * (step - 1) };
        let start = Instant::now();
        let batches = stream::iter(0..total / 1_000).map(|batch| {
            let committer = committer.clone();
            async move {
                let events = (0..1_000).map(|n| {
                    let number = shift + batch * 1_000 + n * step % 1_000;
                    let (feature, path) = (number % streams, number / streams);
                    contracts::artifact_indexed(
                        number,
                        number,
                        &format!("feature-{feature}"),
                        &format!("some/where/artifact-{path}.json"),
                        "sha256",
                        "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a",
                    )
                });
                let events = events.map(|text| NewContractEvent::read(&text)).collect::<Result<_, _>>()?;
                let origin = ContractOrigin { namespace: Namespace::default(), actor: word("a producer") };
                let command = AppendContractEvents { origin, at: START, events, all_or_nothing: true };
                committer.submit(command).await?;
                Ok::<_, Box<dyn Error>>(())
            }
        });
        batches.buffered(2).try_collect::<()>().await?;
        println!("contract events a second over {streams} streams, {what}: {:.0}", per_second(total, start.elapsed()));
    }
    upkeep(store).await
}

async fn create(committer: &Committer, name: &str) -> Outcome<PackageId> {
    let package = PackageId::new(SystemIds.next());
    committer.submit(command(package, Request::CreatePackage(new_package(name)))).await?;
    Ok(package)
}

fn command(package_id: PackageId, request: Request) -> PackageCommand {
    PackageCommand { package_id, actor: word("a producer"), at: START, request }
}

fn commit(files: Vec<NewFile>) -> Request {
    Request::CommitFiles(CommitFiles { files, replace: false, all_or_nothing: false })
}

/// A file of its own bytes, in a pack.
fn file(path: &str, n: u64) -> NewFile {
    let mut receipt = receipt_for(&n.to_be_bytes());
    receipt.location.key = format!("packs/{}", ContentAddress::of(&(n / 250).to_be_bytes()).hex());
    receipt.location.offset = n % 250 * 4_096;
    NewFile {
        file_id: FileId::new(SystemIds.next()),
        relative_path: word(path),
        media_type: word("application/json"),
        executable: false,
        receipt,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
fn per_second(count: u64, span: Duration) -> f64 {
    count as f64 / span.as_secs_f64()
}

/// The least, the median and the most.
fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    (at(0), at(values.len() / 2), at(values.len().saturating_sub(1)))
}
