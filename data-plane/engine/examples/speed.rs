//! How fast the engine takes bytes in and gives them out on a directory, each figure as a ratio to a limit measured a
//! moment before in the same run: `speed <directory> [MiB of the large file] [small blobs] [rounds]`.
//!
//! Rounds alternate between limit and engine; the median and the spread of the ratios are printed, with the CPU time
//! and the peak memory of the process. Nothing here asserts a time.
#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]
#![expect(clippy::cast_precision_loss, reason = "figures for people have fewer digits than a float")]

use std::{
    error::Error,
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use artifactstore_dataplane::{Blob, ByteStream, DataPlane, IngestHints, conformance::Content};
use artifactstore_engine::{BackendOptions, Engine, EngineOptions};
use artifactstore_types::{ByteRange, Category, Fault, Receipt, SystemClock, SystemIds};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sha2::Digest as _;

type Answer<T> = Result<T, Box<dyn Error>>;

const MIB: u64 = 1024 * 1024;
/// What a caller that reads a file would read at a time.
const CHUNK_BYTES: usize = 1024 * 1024;
const SMALL_BYTES: usize = 4096;

struct Plan {
    directory: PathBuf,
    large_bytes: u64,
    small_blobs: usize,
    rounds: usize,
}

fn main() -> Answer<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("the first argument is a directory to work in")?);
    let mut number = |usual: u64| arguments.next().map_or(Ok(usual), |text| text.parse::<u64>());
    let large_bytes = number(1024)? * MIB;
    let small_blobs = usize::try_from(number(10_000)?)?;
    let rounds = usize::try_from(number(5)?)?;
    let plan = Plan { directory, large_bytes, small_blobs, rounds };
    fs::create_dir_all(&plan.directory)?;
    tokio::runtime::Runtime::new()?.block_on(measure(&plan))
}

async fn measure(plan: &Plan) -> Answer<()> {
    println!("chunks of {CHUNK_BYTES} bytes, files and folders synced, {} rounds", plan.rounds);
    large(plan).await?;
    small(plan).await
}

/// One large file in, and out again.
async fn large(plan: &Plan) -> Answer<()> {
    if plan.large_bytes == 0 {
        return Ok(());
    }
    let source = plan.directory.join("large.source");
    write_source(&source, plan.large_bytes)?;
    let (mut over_sha256, mut over_raw, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let root = plan.directory.join(format!("large-{round}"));
        let sha256 = timed(|| sha256_alone(plan.large_bytes));
        let raw_copied = timed(|| raw_copy(&source, &plan.directory.join("large.raw")));
        raw_copied.0?;
        let raw_read = timed(|| raw_read(&source));
        raw_read.0?;
        // What the last round stored gives its memory to this one, as the raw copy's own file does to it: a virtual
        // machine may have to ask its host for memory that has been free for a while.
        if let Some(last) = round.checked_sub(1) {
            fs::remove_dir_all(plan.directory.join(format!("large-{last}")))?;
        }
        let engine = open(&root).await?;
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let receipt = engine.ingest_stream(IngestHints::default(), file_stream(&source)).await?;
        let (ingest, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let start = Instant::now();
        let served = engine.serve_object(receipt.address(), &receipt.location, ByteRange::ALL).await?;
        let total: u64 =
            served.bytes.map_ok(|chunk| chunk.len() as u64).try_fold(0, |a, b| async move { Ok(a + b) }).await?;
        let serve = start.elapsed().as_secs_f64();
        assert_eq!(total, plan.large_bytes);
        engine.close().await;
        let gib = plan.large_bytes as f64 / (1024.0 * MIB as f64);
        println!(
            "  large: sha256 alone {:.2} GiB/s, engine {:.2} GiB/s ({cpu:.2} CPU s), raw copy + fsync {:.2}, raw read {:.2}, served {:.2}{}",
            gib / sha256.1,
            gib / ingest,
            gib / raw_copied.1,
            gib / raw_read.1,
            gib / serve,
            if round == 0 { " (warm-up)" } else { "" }
        );
        if round > 0 {
            over_sha256.push(sha256.1 / ingest);
            over_raw.push(raw_copied.1 / ingest);
            reads.push(raw_read.1 / serve);
        }
    }
    fs::remove_file(source)?;
    fs::remove_file(plan.directory.join("large.raw"))?;
    fs::remove_dir_all(plan.directory.join(format!("large-{}", plan.rounds)))?;
    report("large: engine over sha256 alone", &mut over_sha256);
    report("large: engine over raw copy + fsync", &mut over_raw);
    report("large: serving over raw read", &mut reads);
    println!("peak memory so far: {} MiB", peak_memory_mib()?);
    Ok(())
}

/// Many small blobs in one batch.
async fn small(plan: &Plan) -> Answer<()> {
    let (mut ratios, mut again) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let seed = round * plan.small_blobs;
        let blobs: Vec<Bytes> =
            (seed..seed + plan.small_blobs).map(|seed| Content::new(seed as u64, SMALL_BYTES).bytes).collect();
        let root = plan.directory.join(format!("small-{round}"));
        let files = blobs.len().min(4096);
        let renamed = timed(|| one_file_each(&plan.directory.join("files"), &blobs[..files]));
        renamed.0?;
        let engine = open(&root).await?;
        let mut seconds = [0.0; 2];
        let mut cpu = [0.0; 2];
        for (seconds, cpu) in seconds.iter_mut().zip(&mut cpu) {
            let batch: Vec<_> = blobs.iter().map(|bytes| Blob { bytes: bytes.clone(), declared: None }).collect();
            let (start, before) = (Instant::now(), cpu_seconds());
            let receipts: Vec<Receipt> = engine.ingest_batch(None, stream::iter(batch).boxed()).try_collect().await?;
            *seconds = start.elapsed().as_secs_f64();
            *cpu = cpu_seconds() - before;
            assert_eq!(receipts.len(), blobs.len());
        }
        engine.close().await;
        fs::remove_dir_all(&root)?;
        let rate = |count: usize, seconds: f64| count as f64 / seconds;
        let (file_rate, pack_rate) = (rate(files, renamed.1), rate(blobs.len(), seconds[0]));
        println!(
            "  small: a file each {file_rate:.0}/s, packed {pack_rate:.0}/s ({:.1} CPU µs each), again {:.0}/s{}",
            cpu[0] / blobs.len() as f64 * 1e6,
            rate(blobs.len(), seconds[1]),
            if round == 0 { " (warm-up)" } else { "" }
        );
        if round > 0 {
            ratios.push(pack_rate / file_rate);
            again.push(rate(blobs.len(), seconds[1]) / file_rate);
        }
    }
    report("small: packed over temp + fsync + rename + fsync of the folder", &mut ratios);
    report("small: the same again, over the same", &mut again);
    println!("peak memory: {} MiB", peak_memory_mib()?);
    Ok(())
}

async fn open(root: &Path) -> Answer<Engine> {
    let backend = BackendOptions::directory("local".parse()?, root)?;
    let options = EngineOptions::new("bench".parse()?, vec![backend], Arc::new(SystemClock), Arc::new(SystemIds));
    Ok(Engine::open(options).await?)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let answer = work();
    (answer, start.elapsed().as_secs_f64())
}

fn write_source(path: &Path, bytes: u64) -> Answer<()> {
    let mut file = File::create(path)?;
    for seed in 0..bytes.div_ceil(MIB) {
        file.write_all(&Content::new(seed, CHUNK_BYTES).bytes)?;
    }
    file.set_len(bytes)?;
    Ok(file.sync_all()?)
}

fn sha256_alone(bytes: u64) -> [u8; 32] {
    let chunk = vec![7; CHUNK_BYTES];
    let mut hasher = sha2::Sha256::new();
    for _ in 0..bytes.div_ceil(MIB) {
        hasher.update(&chunk);
    }
    hasher.finalize().into()
}

fn raw_copy(from: &Path, to: &Path) -> Answer<()> {
    let (mut from, mut to) = (File::open(from)?, File::create(to)?);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut chunk)?;
        if read == 0 {
            return Ok(to.sync_all()?);
        }
        to.write_all(&chunk[..read])?;
    }
}

fn raw_read(path: &Path) -> Answer<u64> {
    let mut file = File::open(path)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut total = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(total),
            read => total += read as u64,
        }
    }
}

fn one_file_each(folder: &Path, blobs: &[Bytes]) -> Answer<()> {
    fs::create_dir_all(folder)?;
    let handle = File::open(folder)?;
    for (number, blob) in blobs.iter().enumerate() {
        let temporary = folder.join("temporary");
        let mut file = File::create(&temporary)?;
        file.write_all(blob)?;
        file.sync_all()?;
        fs::rename(&temporary, folder.join(number.to_string()))?;
        handle.sync_all()?;
    }
    Ok(fs::remove_dir_all(folder)?)
}

fn file_stream(path: &Path) -> ByteStream {
    let path = path.to_owned();
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let read = || -> std::io::Result<()> {
            let file = File::open(&path)?;
            loop {
                let mut chunk = Vec::with_capacity(CHUNK_BYTES);
                if (&file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk)? == 0 {
                    return Ok(());
                }
                if sender.blocking_send(Ok(Bytes::from(chunk))).is_err() {
                    return Ok(());
                }
            }
        };
        if let Err(error) = read() {
            // The receiver may have gone, which is no failure of reading.
            let _ = sender.blocking_send(Err(Fault::new("AS-BENCH-0001", Category::Unavailable, error.to_string())));
        }
    });
    stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|chunk| (chunk, receiver)) }).boxed()
}

fn report(what: &str, ratios: &mut [f64]) {
    ratios.sort_by(f64::total_cmp);
    if let (Some(least), Some(most)) = (ratios.first(), ratios.last()) {
        println!("{what}: median {:.2} (from {least:.2} to {most:.2})", ratios[ratios.len() / 2]);
    }
}

/// Seconds of CPU this process has used, from the kernel's count in hundredths.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn peak_memory_mib() -> Answer<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak in /proc/self/status")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024)
}
