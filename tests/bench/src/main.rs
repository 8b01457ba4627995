//! Measures. Every figure is a ratio in one run: our number over a limit or a peer measured a moment before on the same
//! machine, rounds alternating, median and spread printed. Nothing is asserted.

mod bucket;
mod material;
mod measure;
mod small_files;
mod stream;

use std::{path::PathBuf, process::ExitCode};

// What is measured takes its memory from where every program of the project does.
use artifactstore_kit as _;
use clap::{Parser, Subcommand};

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
}

#[derive(Subcommand)]
enum Workload {
    /// B1: one large file pushed into an embedded store, beside SHA-256 alone and a plain write with fsync.
    B1 {
        /// The size of the file, in MiB.
        #[arg(long, default_value_t = 1024)]
        mib: usize,
    },
    /// B3: many small files pushed and finalized, beside write + fsync + rename of the same files, 32 at a time.
    B3 {
        /// How many files.
        #[arg(long, default_value_t = 10_000)]
        files: usize,
        /// The size of each, in bytes.
        #[arg(long, default_value_t = 4096)]
        size: usize,
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
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { workload, dir, rounds } = Arguments::parse();
    let done = match workload {
        Workload::B1 { mib } => stream::run(&dir, rounds, mib).await,
        Workload::B3 { files, size } => small_files::run(&dir, rounds, files, size).await,
        Workload::B9 { mib, files, size } => bucket::run(rounds, mib, files, size).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            measure::say(&format!("failed: {error}"));
            ExitCode::FAILURE
        }
    }
}
