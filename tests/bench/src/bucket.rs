//! B9: one large blob into a bucket, and many small ones, through the engine, beside the same bytes sent straight there.
//! The bucket is the one `deploy/dev/rgw-up` exports.

use std::{env, sync::Arc};

use artifactstore_dataplane::{Blob, DataPlane, IngestHints};
use artifactstore_engine::{BackendOptions, Engine, EngineOptions, S3Credentials, S3Options};
use artifactstore_types::{ContentAddress, Ids as _, SystemClock, SystemIds};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    ObjectStore, ObjectStoreExt as _, PutPayload,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};

use crate::{
    material::Noise,
    measure::{self, Clock, Failure, Series, Taken},
};

const MIB: usize = 1024 * 1024;
/// The pieces bytes arrive in.
const PIECE_BYTES: usize = MIB;
/// What the engine does, for whoever sends the same straight.
const PART_BYTES: usize = 8 * MIB;
const PARTS_AT_ONCE: usize = 2;
const PUTS_AT_ONCE: usize = 32;

pub async fn run(rounds: usize, mib: usize, files: usize, size: usize) -> Result<(), Failure> {
    large(rounds, mib).await?;
    small(rounds, files, size).await
}

async fn large(rounds: usize, mib: usize) -> Result<(), Failure> {
    let mut straight = Series::new("the same parts straight to the bucket");
    let mut declared = Series::new("engine, address declared");
    let mut unknown = Series::new("engine, address unknown: staged, copied");
    let mut held = 0;
    // The first round warms caches and is not counted.
    for round in 0..=rounds {
        let here = Here::open().await?;
        let bytes = noise(3 * round as u64 + 1, mib * MIB);
        let sent = here.send_straight(&bytes).await?;
        measure::settle();
        let mut taken = Vec::new();
        for seed in [2, 3] {
            let bytes = noise(3 * round as u64 + seed, mib * MIB);
            let hints =
                IngestHints { declared: (seed == 2).then(|| ContentAddress::of(&bytes)), ..IngestHints::default() };
            let pieces: Vec<_> = pieces(&bytes).map(Ok).collect();
            measure::forget_peak("self");
            let before = measure::peak_mib("self");
            let clock = Clock::start();
            here.engine.ingest_stream(hints, stream::iter(pieces).boxed()).await?;
            taken.push(clock.stop());
            if round > 0 {
                held = held.max(measure::peak_mib("self").saturating_sub(before));
            }
            measure::settle();
        }
        here.remove().await?;
        if round > 0 {
            straight.add(sent);
            declared.add(taken[0]);
            unknown.add(taken[1]);
        }
    }
    let gib = f64::from(u32::try_from(mib)?) / 1024.0;
    measure::say(&format!(
        "B9, {mib} MiB, {rounds} rounds, parts of {} MiB, {PARTS_AT_ONCE} at once, payload not signed",
        PART_BYTES / MIB
    ));
    for series in [&straight, &declared, &unknown] {
        series.report(gib, "GiB");
    }
    measure::say(&format!(
        "of the same straight: declared {:.2}, unknown {:.2}; memory beside the bytes sent: {held} MiB",
        declared.ratio(&straight),
        unknown.ratio(&straight)
    ));
    Ok(())
}

async fn small(rounds: usize, files: usize, size: usize) -> Result<(), Failure> {
    let mut puts = Series::new("one PUT a file, 32 at a time");
    let mut packed = Series::new("engine, packed");
    for round in 0..=rounds {
        let here = Here::open().await?;
        let bytes = noise(1_000 + round as u64, files * size);
        let blobs: Vec<_> = (0..files).map(|nth| bytes.slice(nth * size..(nth + 1) * size)).collect();
        let sent = here.put_each(&blobs).await?;
        measure::settle();
        let clock = Clock::start();
        let blobs = blobs.into_iter().map(|bytes| Blob { bytes, declared: None });
        let answers = here.engine.ingest_batch(None, stream::iter(blobs).boxed());
        answers.try_for_each(async |_| Ok(())).await?;
        let taken = clock.stop();
        here.remove().await?;
        if round > 0 {
            puts.add(sent);
            packed.add(taken);
        }
    }
    measure::say(&format!("B3 on a bucket, engine only, {files} blobs of {size} bytes, {rounds} rounds"));
    for series in [&puts, &packed] {
        series.report(f64::from(u32::try_from(files)?), "file");
    }
    measure::say(&format!("times faster than one PUT a file: {:.2}", packed.ratio(&puts)));
    Ok(())
}

/// Bytes that differ for every seed.
fn noise(seed: u64, bytes: usize) -> Bytes {
    let mut buffer = vec![0; bytes];
    Noise::new(seed).fill(&mut buffer);
    buffer.into()
}

fn pieces(bytes: &Bytes) -> impl Iterator<Item = Bytes> {
    (0..bytes.len()).step_by(PIECE_BYTES).map(|start| bytes.slice(start..bytes.len().min(start + PIECE_BYTES)))
}

/// A part of the bucket that nobody else uses, an engine on it and a client beside it.
struct Here {
    engine: Engine,
    client: AmazonS3,
    prefix: String,
}

impl Here {
    async fn open() -> Result<Self, Failure> {
        let variable = |name: &str| env::var(name).map_err(|_| format!("{name} is not set; see deploy/dev/rgw-up"));
        let (bucket, endpoint) = (variable("ARTIFACTSTORE_TEST_S3_BUCKET")?, variable("AWS_ENDPOINT_URL")?);
        let prefix = format!("bench-{}", SystemIds.next().simple());
        let options = S3Options {
            endpoint: Some(endpoint.clone()),
            prefix: Some(prefix.clone()),
            allow_http: true,
            part_bytes: PART_BYTES,
            ..S3Options::new(&bucket, S3Credentials::find(|name| env::var(name).ok())?)
        };
        let backend = BackendOptions::s3("rgw".parse()?, &options)?;
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
        let engine = Engine::open(EngineOptions::new("bench".parse()?, vec![backend], clock, ids)).await?;
        let client = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_endpoint(endpoint)
            .with_allow_http(true)
            .with_unsigned_payload(true)
            .build()?;
        Ok(Self { engine, client, prefix })
    }

    fn key(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix))
    }

    async fn send_straight(&self, bytes: &Bytes) -> Result<Taken, Failure> {
        let clock = Clock::start();
        let mut upload = self.client.put_multipart(&self.key("straight")).await?;
        let pieces: Vec<_> = pieces(bytes).collect();
        let parts = pieces.chunks(PART_BYTES / PIECE_BYTES).map(|part| part.iter().cloned().collect::<PutPayload>());
        let sent: Vec<_> = parts.map(|part| upload.put_part(part)).collect();
        stream::iter(sent).buffer_unordered(PARTS_AT_ONCE).try_for_each(async |()| Ok(())).await?;
        upload.complete().await?;
        Ok(clock.stop())
    }

    async fn put_each(&self, blobs: &[Bytes]) -> Result<Taken, Failure> {
        let clock = Clock::start();
        let put = |(nth, blob): (usize, &Bytes)| {
            let (key, blob) = (self.key(&format!("small/{nth:06}")), blob.clone());
            async move { self.client.put(&key, blob.into()).await }
        };
        let puts = stream::iter(blobs.iter().enumerate()).map(put).buffer_unordered(PUTS_AT_ONCE);
        puts.try_for_each(async |_| Ok(())).await?;
        Ok(clock.stop())
    }

    /// Leaves nothing behind.
    async fn remove(self) -> Result<(), Failure> {
        self.engine.close().await;
        let prefix = Path::from(self.prefix.as_str());
        let listed = self.client.list(Some(&prefix)).map_ok(|meta| meta.location).boxed();
        self.client.delete_stream(listed).try_for_each(async |_| Ok(())).await?;
        measure::settle();
        Ok(())
    }
}
