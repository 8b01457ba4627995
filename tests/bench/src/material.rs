//! What is pushed: bytes nothing can compress or deduplicate.

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    io::Write as _,
    path::Path,
    sync::{Arc, LazyLock},
};

use artifactstore_client::{Connection, Progress, PushRequest, PushTarget, Pushed, Step};
use artifactstore_types::{Metadata, Namespace, NewPackage, PackageRecord, Provenance};

use crate::measure::Failure;

/// A seed for one round of this run; a site that is there for longer than a run must not have the bytes already.
pub fn seed(round: usize) -> u64 {
    static RUN: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
    RUN.wrapping_add(round as u64)
}

/// Bytes that differ for every seed.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn fill(&mut self, buffer: &mut [u8]) {
        for word in buffer.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes()[..word.len()]);
        }
    }
}

/// Writes a file of `bytes` noise.
pub fn write_file(path: &Path, seed: u64, bytes: usize) -> Result<(), Failure> {
    let (mut noise, mut file) = (Noise::new(seed), fs::File::create(path)?);
    let mut chunk = vec![0; 1024 * 1024];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(chunk.len());
        noise.fill(&mut chunk[..now]);
        file.write_all(&chunk[..now])?;
        left -= now;
    }
    Ok(file.sync_all()?)
}

/// Nobody looks on.
struct Unwatched;

impl Progress for Unwatched {
    fn on(&self, _step: Step) {}
}

/// Pushes a directory as a package of its own and finalizes it.
pub async fn push(connection: &Arc<dyn Connection>, directory: &Path) -> Result<Pushed, Failure> {
    let request = PushRequest {
        directory: directory.to_owned(),
        target: PushTarget::New(Box::new(package()?)),
        actor: "bench".parse()?,
        replace: false,
        finalize: true,
        skip_special: false,
        idempotency_key: None,
    };
    Ok(artifactstore_client::push(connection, request, Arc::new(Unwatched), std::future::pending()).await?)
}

/// Creates a package and leaves it empty.
pub async fn create(connection: &Arc<dyn Connection>) -> Result<PackageRecord, Failure> {
    Ok(connection.create_package(&"bench".parse()?, package()?, None).await?)
}

fn package() -> Result<NewPackage, Failure> {
    Ok(NewPackage {
        namespace: Namespace::default(),
        name: "bench".parse()?,
        producer: "bench".parse()?,
        subject: "bench".parse()?,
        kind: None,
        class: "transient".parse()?,
        metadata: Metadata::new(),
        provenance: Provenance::default(),
    })
}
