//! Both digests of a stream, as they can be put down and taken up again.
//!
//! SHA-256 is put down as its state. BLAKE3 is a tree, and is put down as the chaining values of its subtrees over groups
//! of one size (a power of two of chunks), of which there are never more than one for each binary digit of their number.
//! Invariant: a group is closed only when it is full, and subtrees are merged only when more is known to follow, since the
//! last merge of all is another one.

use artifactstore_types::{Algorithm, Digest, DualDigest, Fault};
use blake3::hazmat::{ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};
use bytes::Bytes;
use sha2::{
    Digest as _, Sha256,
    digest::common::hazmat::{SerializableState as _, SerializedState},
};
use tokio::sync::{mpsc, oneshot};

use crate::faults;

/// How many bytes a group has. Large enough that BLAKE3 works on many chunks at once.
const GROUP_BYTES: u64 = 1024 * 1024;
/// How many bytes are handed to the other thread at once.
const HAND_OVER_BYTES: usize = 1024 * 1024;
/// How many hand-overs that thread may be behind.
const BEHIND: usize = 4;

/// Both digests as they stood after so many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// A multiple of the group size, and at least two groups.
    pub offset: u64,
    /// The chaining values of BLAKE3's subtrees.
    pub subtrees: Vec<[u8; 32]>,
    /// The state of SHA-256.
    pub sha256: Bytes,
}

/// The bytes are not a snapshot of this form.
#[derive(Debug, thiserror::Error)]
#[error("the digests are not those of an upload")]
pub(super) struct SnapshotRefused;

/// The digests of the bytes so far. SHA-256 runs on a thread of its own, BLAKE3 where the bytes arrive.
pub(super) struct Digests {
    blake3: Subtrees,
    size_bytes: u64,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
    sha256: mpsc::Sender<Work>,
    sha256_digest: oneshot::Receiver<[u8; 32]>,
}

enum Work {
    Bytes(Vec<Bytes>),
    Tell(oneshot::Sender<Bytes>),
}

impl Digests {
    /// Of nothing, or of what was put down.
    pub fn start(from: Option<&Snapshot>) -> Result<Self, Fault> {
        let refused = |_| faults::no_upload();
        let (blake3, mut hasher, size_bytes) = match from {
            None => (Subtrees::default(), Sha256::new(), 0),
            Some(snapshot) => (
                Subtrees::from(snapshot).map_err(refused)?,
                sha256_from(&snapshot.sha256).map_err(refused)?,
                snapshot.offset,
            ),
        };
        let (sha256, mut incoming) = mpsc::channel(BEHIND);
        let (digest, sha256_digest) = oneshot::channel();
        let work = move || {
            while let Some(work) = incoming.blocking_recv() {
                match work {
                    Work::Bytes(chunks) => chunks.iter().for_each(|chunk| hasher.update(chunk)),
                    // Nobody waits for the state of a stream that was given up.
                    Work::Tell(told) => drop(told.send(Bytes::copy_from_slice(&hasher.serialize()))),
                }
            }
            let _ = digest.send(hasher.finalize().into());
        };
        std::thread::Builder::new().name("sha256".to_owned()).spawn(work).map_err(|error| faults::no_thread(&error))?;
        Ok(Self { blake3, size_bytes, waiting: Vec::new(), waiting_bytes: 0, sha256, sha256_digest })
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

    /// Both digests as they stand, where that is at the end of a group; answered when the other thread has come so far.
    pub async fn snapshot(&mut self) -> Result<impl Future<Output = Result<Snapshot, Fault>> + Send + use<>, Fault> {
        self.hand_over().await?;
        let (tell, told) = oneshot::channel();
        self.sha256.send(Work::Tell(tell)).await.map_err(|_| faults::stopped())?;
        let (offset, subtrees) = (self.size_bytes, self.blake3.put_down());
        Ok(async move { Ok(Snapshot { offset, subtrees, sha256: told.await.map_err(|_| faults::stopped())? }) })
    }

    /// The digests of everything added. Nothing is added after it.
    pub async fn finish(&mut self) -> Result<DualDigest, Fault> {
        self.hand_over().await?;
        self.sha256 = mpsc::channel(1).0;
        let sha256 = (&mut self.sha256_digest).await.map_err(|_| faults::stopped())?;
        Ok(DualDigest {
            blake3: Digest::new(Algorithm::Blake3, std::mem::take(&mut self.blake3).finish()),
            sha256: Digest::new(Algorithm::Sha256, sha256),
            size_bytes: self.size_bytes,
        })
    }

    async fn hand_over(&mut self) -> Result<(), Fault> {
        self.waiting_bytes = 0;
        let chunks = std::mem::take(&mut self.waiting);
        self.sha256.send(Work::Bytes(chunks)).await.map_err(|_| faults::stopped())
    }
}

fn sha256_from(state: &[u8]) -> Result<Sha256, SnapshotRefused> {
    let state = SerializedState::<Sha256>::try_from(state).map_err(|_| SnapshotRefused)?;
    Sha256::deserialize(&state).map_err(|_| SnapshotRefused)
}

/// BLAKE3 over groups.
#[derive(Default)]
struct Subtrees {
    /// From left to right, larger ones first.
    closed: Vec<ChainingValue>,
    /// How many groups they cover.
    groups: u64,
    /// The group that is not closed.
    open: blake3::Hasher,
    open_bytes: u64,
}

impl Subtrees {
    fn from(snapshot: &Snapshot) -> Result<Self, SnapshotRefused> {
        let groups = snapshot.offset / GROUP_BYTES;
        // Before the merge that the next group brings, there is one more than there are ones.
        let is_whole = snapshot.offset.is_multiple_of(GROUP_BYTES) && groups >= 2;
        let few = snapshot.subtrees.len() as u64 <= u64::from((groups.saturating_sub(1)).count_ones()) + 1;
        let enough = snapshot.subtrees.len() >= usize::try_from(groups.count_ones()).unwrap_or(usize::MAX);
        if !(is_whole && few && enough && snapshot.subtrees.len() >= 2) {
            return Err(SnapshotRefused);
        }
        let mut open = blake3::Hasher::new();
        open.set_input_offset(snapshot.offset);
        Ok(Self { closed: snapshot.subtrees.clone(), groups, open, open_bytes: 0 })
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.open_bytes == GROUP_BYTES {
                self.close_group();
            }
            let room = usize::try_from(GROUP_BYTES - self.open_bytes).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.open.update(now);
            self.open_bytes += now.len() as u64;
            bytes = later;
        }
    }

    /// The subtrees, with the last group closed: at the end of a group it makes no difference to what follows.
    fn put_down(&mut self) -> Vec<[u8; 32]> {
        if self.open_bytes == GROUP_BYTES {
            self.close_group();
        }
        self.closed.clone()
    }

    fn close_group(&mut self) {
        let group = self.open.finalize_non_root();
        self.merge();
        self.closed.push(group);
        self.groups += 1;
        self.open = blake3::Hasher::new();
        self.open.set_input_offset(self.groups * GROUP_BYTES);
        self.open_bytes = 0;
    }

    /// Merges what is complete now that more follows.
    fn merge(&mut self) {
        while self.closed.len() > usize::try_from(self.groups.count_ones()).unwrap_or(usize::MAX) {
            let (Some(right), Some(left)) = (self.closed.pop(), self.closed.pop()) else { return };
            self.closed.push(merge_subtrees_non_root(&left, &right, Mode::Hash));
        }
    }

    fn finish(mut self) -> [u8; 32] {
        let last = if self.open_bytes > 0 {
            self.merge();
            self.open.finalize_non_root()
        } else {
            match self.closed.pop() {
                Some(last) => last,
                None => return *self.open.finalize().as_bytes(),
            }
        };
        let Some(first) = (!self.closed.is_empty()).then(|| self.closed.remove(0)) else {
            // One group is the whole tree.
            return *self.open.finalize().as_bytes();
        };
        let right =
            self.closed.iter().rev().fold(last, |right, left| merge_subtrees_non_root(left, &right, Mode::Hash));
        *merge_subtrees_root(&first, &right, Mode::Hash).as_bytes()
    }
}

#[cfg(test)]
mod tests;
