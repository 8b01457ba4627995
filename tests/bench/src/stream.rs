//! B1: one large file, from directory to finalized package. B2: four at once.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use artifactstore_types::DualHasher;
use futures::future::try_join_all;
use sha2::Digest as _;

use crate::{
    material,
    measure::{self, Clock, Failure, Series, Taken},
    target::Target,
};

const CHUNK: usize = 1024 * 1024;

/// How many files are pushed at once in B2, and how many cores digest them beside it.
const STREAMS: usize = 4;
const CORES: usize = 2;

/// B1.
pub async fn run(target: &Target, dir: &Path, rounds: usize, mib: usize) -> Result<(), Failure> {
    let work = tempfile::tempdir_in(dir)?;
    let source = work.path().join("source");
    fs::create_dir(&source)?;
    let file = source.join("large.bin");
    let gib = f64::from(u32::try_from(mib)?) / 1024.0;
    let mut sha256 = Series::new("SHA-256 alone, one core");
    let mut written = Series::new("write + fsync");
    let mut pushed = Series::new("push to finalized package");
    let mut watch = target.watch();
    // The first round warms caches and is not counted.
    for round in 0..=rounds {
        material::write_file(&file, material::seed(round), mib * CHUNK)?;
        measure::settle();
        let hashed = hash(&file)?;
        let copied = copy(&file, &work.path().join("copy"))?;
        fs::remove_file(work.path().join("copy"))?;
        measure::settle();
        let store = target.open(work.path()).await?;
        let watched = watch.start();
        material::push(&store.connection, &source).await?;
        let stored = watch.stop(watched, round > 0);
        store.close().await?;
        if round > 0 {
            sha256.add(hashed);
            written.add(copied);
            pushed.add(stored);
        }
    }
    measure::say(&format!(
        "B1 {}, {mib} MiB, {rounds} rounds, chunks read by SHA-256 alone 1 MiB, durable (fsync)",
        target.name()
    ));
    for series in [&sha256, &written, &pushed] {
        series.report(gib, "GiB");
    }
    watch.report(gib, "GiB");
    measure::say(&format!(
        "of SHA-256 alone {:.2}, of write + fsync {:.2}",
        pushed.ratio(&sha256),
        pushed.ratio(&written)
    ));
    Ok(())
}

/// B2.
pub async fn run_many(target: &Target, dir: &Path, rounds: usize, mib: usize) -> Result<(), Failure> {
    let work = tempfile::tempdir_in(dir)?;
    let sources: Vec<_> = (0..STREAMS).map(|stream| work.path().join(format!("source-{stream}"))).collect();
    let gib = f64::from(u32::try_from(mib * STREAMS)?) / 1024.0;
    let mut digested = Series::new("both digests, two cores");
    let mut pushed = Series::new("four pushes to finalized packages");
    let mut watch = target.watch();
    for round in 0..=rounds {
        for (stream, source) in sources.iter().enumerate() {
            fs::create_dir_all(source)?;
            let seed = material::seed(round * STREAMS + stream);
            material::write_file(&source.join("large.bin"), seed, mib * CHUNK)?;
        }
        measure::settle();
        let alone = digest_all(&sources)?;
        let store = target.open(work.path()).await?;
        let watched = watch.start();
        try_join_all(sources.iter().map(|source| material::push(&store.connection, source))).await?;
        let stored = watch.stop(watched, round > 0);
        store.close().await?;
        if round > 0 {
            digested.add(alone);
            pushed.add(stored);
        }
    }
    measure::say(&format!("B2 {}, {STREAMS} × {mib} MiB, {rounds} rounds, durable (fsync)", target.name()));
    for series in [&digested, &pushed] {
        series.report(gib, "GiB");
    }
    watch.report(gib, "GiB");
    measure::say(&format!("of two cores that digest dually: {:.2}", pushed.ratio(&digested)));
    Ok(())
}

/// Both digests of every file, by two threads and nothing else.
fn digest_all(sources: &[PathBuf]) -> Result<Taken, Failure> {
    let clock = Clock::start();
    let digest_some = |some: &[PathBuf]| {
        some.iter().try_for_each(|source| {
            let mut hasher = DualHasher::default();
            for_each_chunk(&source.join("large.bin"), |chunk| hasher.update(chunk))?;
            std::hint::black_box(hasher.finish());
            Ok::<_, Failure>(())
        })
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            sources.chunks(STREAMS / CORES).map(|some| scope.spawn(move || digest_some(some))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })?;
    Ok(clock.stop())
}

fn hash(path: &Path) -> Result<Taken, Failure> {
    let clock = Clock::start();
    let mut hasher = sha2::Sha256::new();
    for_each_chunk(path, |chunk| hasher.update(chunk))?;
    std::hint::black_box(hasher.finalize());
    Ok(clock.stop())
}

fn copy(from: &Path, to: &Path) -> Result<Taken, Failure> {
    let clock = Clock::start();
    let mut to = File::create(to)?;
    let mut written = Ok(());
    for_each_chunk(from, |chunk| {
        if written.is_ok() {
            written = to.write_all(chunk);
        }
    })?;
    written?;
    to.sync_all()?;
    Ok(clock.stop())
}

fn for_each_chunk(path: &Path, mut take: impl FnMut(&[u8])) -> Result<(), Failure> {
    let (mut file, mut chunk) = (File::open(path)?, vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            read => take(&chunk[..read]),
        }
    }
}
