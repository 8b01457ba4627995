//! Both digests of a stream of bytes, side by side: SHA-256, which is the slower by far and cannot be split, runs on a
//! thread of its own behind a bounded channel; BLAKE3 runs where the bytes arrive. No byte is copied.
//!
//! The thread ends when this value is finished or dropped.

use artifactstore_types::{Algorithm, Digest, DualDigest, Fault};
use bytes::Bytes;
use sha2::Digest as _;
use tokio::sync::{mpsc, oneshot};

use crate::faults;

/// How many bytes are handed over at once: a hand-over costs as much as digesting some tens of KiB, and most of it falls
/// on the thread that is the slowest anyway.
const HAND_OVER_BYTES: usize = 1024 * 1024;
/// How many hand-overs the thread may be behind.
const BEHIND: usize = 4;

/// The digests of the bytes so far.
pub(crate) struct Digesting {
    blake3: blake3::Hasher,
    size_bytes: u64,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
    sha256: mpsc::Sender<Vec<Bytes>>,
    sha256_digest: oneshot::Receiver<[u8; 32]>,
}

impl Digesting {
    pub fn start() -> Result<Self, Fault> {
        let (sha256, mut incoming) = mpsc::channel::<Vec<Bytes>>(BEHIND);
        let (digest, sha256_digest) = oneshot::channel();
        let work = move || {
            let mut hasher = sha2::Sha256::new();
            while let Some(chunks) = incoming.blocking_recv() {
                for chunk in chunks {
                    hasher.update(&chunk);
                }
            }
            // Nobody waits for the digest of a stream that was given up.
            let _ = digest.send(hasher.finalize().into());
        };
        std::thread::Builder::new().name("sha256".to_owned()).spawn(work).map_err(|error| faults::no_thread(&error))?;
        let blake3 = blake3::Hasher::new();
        Ok(Self { blake3, size_bytes: 0, waiting: Vec::new(), waiting_bytes: 0, sha256, sha256_digest })
    }

    /// Adds the next bytes.
    pub async fn update(&mut self, chunk: Bytes) -> Result<(), Fault> {
        self.size_bytes += chunk.len() as u64;
        self.waiting_bytes += chunk.len();
        self.waiting.push(chunk.clone());
        if self.waiting_bytes >= HAND_OVER_BYTES {
            self.hand_over().await?;
        }
        self.blake3.update(&chunk);
        Ok(())
    }

    /// The digests of everything added.
    pub async fn finish(mut self) -> Result<DualDigest, Fault> {
        self.hand_over().await?;
        drop(self.sha256);
        let sha256 = self.sha256_digest.await.map_err(|_| faults::stopped())?;
        Ok(DualDigest {
            blake3: Digest::new(Algorithm::Blake3, *self.blake3.finalize().as_bytes()),
            sha256: Digest::new(Algorithm::Sha256, sha256),
            size_bytes: self.size_bytes,
        })
    }

    async fn hand_over(&mut self) -> Result<(), Fault> {
        self.waiting_bytes = 0;
        let chunks = std::mem::take(&mut self.waiting);
        self.sha256.send(chunks).await.map_err(|_| faults::stopped())
    }
}
