//! B1: one large file, from directory to finalized package in an embedded store.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::Path,
};

use artifactstore_embedded::{Embedded, EmbeddedOptions};
use sha2::Digest as _;

use crate::{
    material,
    measure::{self, Clock, Failure, Series, Taken},
};

const CHUNK: usize = 1024 * 1024;

pub async fn run(dir: &Path, rounds: usize, mib: usize) -> Result<(), Failure> {
    fs::create_dir_all(dir)?;
    let work = tempfile::tempdir_in(dir)?;
    let source = work.path().join("source");
    fs::create_dir(&source)?;
    let file = source.join("large.bin");
    let gib = f64::from(u32::try_from(mib)?) / 1024.0;
    let mut sha256 = Series::new("SHA-256 alone, one core");
    let mut written = Series::new("write + fsync");
    let mut pushed = Series::new("push to finalized package, embedded");
    let mut peak = 0;
    // The first round warms caches and is not counted.
    for round in 0..=rounds {
        material::write_file(&file, round as u64 + 1, mib * CHUNK)?;
        measure::settle();
        let hashed = hash(&file)?;
        let copied = copy(&file, &work.path().join("copy"))?;
        fs::remove_file(work.path().join("copy"))?;
        measure::settle();
        measure::forget_peak();
        let stored = push(&source, &work.path().join("store")).await?;
        if round > 0 {
            peak = peak.max(measure::peak_mib());
            sha256.add(hashed);
            written.add(copied);
            pushed.add(stored);
        }
    }
    measure::say(&format!(
        "B1 embedded, {mib} MiB, {rounds} rounds, chunks read by SHA-256 alone 1 MiB, durable (fsync)"
    ));
    for series in [&sha256, &written, &pushed] {
        series.report(gib, "GiB");
    }
    measure::say(&format!(
        "of SHA-256 alone {:.2}, of write + fsync {:.2}",
        pushed.ratio(&sha256),
        pushed.ratio(&written)
    ));
    measure::say(&format!("peak memory of the process while pushing: {peak} MiB"));
    Ok(())
}

fn hash(path: &Path) -> Result<Taken, Failure> {
    let clock = Clock::start();
    let (mut file, mut hasher, mut chunk) = (File::open(path)?, sha2::Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => hasher.update(&chunk[..read]),
        }
    }
    std::hint::black_box(hasher.finalize());
    Ok(clock.stop())
}

fn copy(from: &Path, to: &Path) -> Result<Taken, Failure> {
    let clock = Clock::start();
    let (mut from, mut to, mut chunk) = (File::open(from)?, File::create(to)?, vec![0; CHUNK]);
    loop {
        match from.read(&mut chunk)? {
            0 => break,
            read => to.write_all(&chunk[..read])?,
        }
    }
    to.sync_all()?;
    Ok(clock.stop())
}

async fn push(source: &Path, store: &Path) -> Result<Taken, Failure> {
    let embedded = Embedded::open(EmbeddedOptions::in_directory(store)).await?;
    let clock = Clock::start();
    material::push(&embedded.connection(), source).await?;
    let taken = clock.stop();
    embedded.close().await;
    fs::remove_dir_all(store)?;
    Ok(taken)
}
