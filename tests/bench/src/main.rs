//! Measures. Every figure is a ratio in one run: our number over a limit or a peer measured a moment before on the same
//! machine, rounds alternating, median and spread printed. Nothing is asserted.

mod bucket;
mod contract_events;
mod material;
mod measure;
mod oci;
mod small_files;
mod start;
mod stream;
mod tails;
mod target;

use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode};

// What is measured takes its memory from where every program of the project does.
use artifactstore_kit as _;
use clap::{Parser, Subcommand};

use crate::{
    measure::Failure,
    target::{Process, Target},
};

/// Measure, and print ratios in one run.
#[derive(Parser)]
#[command(name = "artifactstore-bench", version)]
struct Arguments {
    #[command(subcommand)]
    workload: Workload,
    /// Where to work; the device under it is what is measured.
    #[arg(long, global = true, default_value = "target/bench")]
    dir: PathBuf,
    /// How many alternating rounds.
    #[arg(long, global = true, default_value_t = 5)]
    rounds: usize,
    /// The site to push to, such as http://127.0.0.1:7070; without, a store in this process.
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// A process of that site on this machine, whose CPU time and memory are told; can be said again.
    #[arg(long, global = true, value_name = "NAME=PID")]
    process: Vec<Process>,
}

#[derive(Subcommand)]
enum Workload {
    /// B1: one large file pushed, beside SHA-256 alone and a plain write with fsync.
    B1 {
        /// The size of the file, in MiB.
        #[arg(long, default_value_t = 1024)]
        mib: usize,
    },
    /// B2: four files pushed at once, beside two cores that digest them dually and do nothing else.
    B2 {
        /// The size of each, in MiB.
        #[arg(long, default_value_t = 256)]
        mib: usize,
    },
    /// B3: many small files pushed and finalized, beside write + fsync + rename of the same files, 32 at a time.
    B3 {
        /// An OCI registry to push the same files to as blobs.
        #[arg(long, value_name = "URL")]
        oci_url: Option<String>,
        /// How many files.
        #[arg(long, default_value_t = 10_000)]
        files: usize,
        /// The size of each, in bytes.
        #[arg(long, default_value_t = 4096)]
        size: usize,
    },
    /// B7: how long an event takes to those who tail, and how fast one catches up.
    B7 {
        /// How long each load lasts, in seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// B10: how long a program takes until its health check says that it serves.
    B10 {
        /// Where it answers GET /health.
        #[arg(long)]
        health: SocketAddr,
        /// The program.
        program: PathBuf,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// B9: a large blob, and many small ones, into the bucket that deploy/dev/rgw-up exports, beside the same bytes sent
    /// straight there.
    B9 {
        /// The size of the large blob, in MiB.
        #[arg(long, default_value_t = 1024)]
        mib: usize,
        /// How many small ones.
        #[arg(long, default_value_t = 10_000)]
        files: usize,
        /// The size of each, in bytes.
        #[arg(long, default_value_t = 4096)]
        size: usize,
    },
    /// Contract events appended as one stream to an embedded store, and again.
    Contracts {
        /// How many events.
        #[arg(long, default_value_t = 100_000)]
        events: u64,
        /// How many dossiers they are of.
        #[arg(long, default_value_t = 100)]
        dossiers: u64,
    },
}

async fn run(Arguments { workload, dir, rounds, server, process }: Arguments) -> Result<(), Failure> {
    fs::create_dir_all(&dir)?;
    let target = Target::new(server, process);
    match workload {
        Workload::B1 { mib } => stream::run(&target, &dir, rounds, mib).await,
        Workload::B2 { mib } => stream::run_many(&target, &dir, rounds, mib).await,
        Workload::B3 { oci_url, files, size } => {
            small_files::run(&target, oci_url.as_deref(), &dir, rounds, files, size).await
        }
        Workload::B7 { seconds } => tails::run(&target, &dir, seconds).await,
        Workload::B9 { mib, files, size } => bucket::run(rounds, mib, files, size).await,
        Workload::Contracts { events, dossiers } => contract_events::run(&dir, rounds, events, dossiers).await,
        Workload::B10 { health, program, arguments } => start::run(rounds, health, &program, &arguments).await,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            measure::say(&format!("failed: {error}"));
            ExitCode::FAILURE
        }
    }
}
