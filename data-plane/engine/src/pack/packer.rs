//! How the small blobs of many callers come to share packs. One task per backend takes groups of digested blobs, finds
//! what is already here and still what it was, and fills a pack with the rest; full packs are written beside it, a few at
//! a time.
//!
//! A pack is sealed when it is full; when nothing is being written and no caller has more to send; or when nothing came
//! for the seal delay. So a lone blob waits for nobody, and under load whatever arrives during one write shares the
//! next. Memory is bounded by the packs being written and one queue.
//!
//! Invariant: an address is in `claims` from when it is put into a pack until the index knows that pack or writing it
//! has failed. So the same bytes at the same time get the same place.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use artifactstore_types::{ContentAddress, DualDigest, Fault, Timestamp};
use bytes::Bytes;
use futures::{FutureExt as _, future::Shared};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};

use super::{
    builder::{Builder, Caller, Filled},
    format::{Entry, Footer},
    packs::Packs,
    reread::{Reread, reread},
};
use crate::{
    faults,
    index::{Index, PackedAt},
    keys::PackId,
    quarantine,
    stop::Stop,
};

/// How many packs are written at once.
const WRITES_AT_ONCE: usize = 3;
/// How often the seal delay may begin anew.
const MOST_DELAYS: u32 = 10;
/// How many groups wait for the packer.
const QUEUE: usize = 8;

/// A small blob, digested.
pub(crate) struct Prepared {
    pub bytes: Bytes,
    pub digests: DualDigest,
}

/// Where a blob lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub pack: PackId,
    pub offset: u64,
    pub length: u64,
    pub sealed_at: Timestamp,
}

/// Where a blob lies, or will lie.
pub(crate) enum Placement {
    Here(Place),
    Coming(Coming),
}

/// A blob in a pack that is not durable yet.
#[derive(Clone)]
pub(crate) struct Coming {
    outcome: Shared<oneshot::Receiver<Outcome>>,
    number: usize,
}

type Outcome = Result<Arc<Written>, Fault>;

/// A pack that is durable and known to the index.
struct Written {
    footer: Footer,
    positions: Vec<Option<usize>>,
}

impl Placement {
    /// Waits until the blob is durable.
    pub async fn place(self) -> Result<Place, Fault> {
        let coming = match self {
            Self::Here(place) => return Ok(place),
            Self::Coming(coming) => coming,
        };
        let written = coming.outcome.await.map_err(|_| faults::stopped())??;
        let entry = written.positions.get(coming.number).copied().flatten();
        let entry = entry.and_then(|position| written.footer.entries.get(position));
        let Entry { offset, length, .. } = *entry.ok_or_else(faults::stopped)?;
        Ok(Place { pack: written.footer.id, offset, length, sealed_at: written.footer.sealed_at })
    }
}

/// Hands blobs to the packer of a backend.
#[derive(Clone)]
pub(crate) struct Packer {
    queue: mpsc::Sender<Group>,
    open_batches: Arc<AtomicUsize>,
}

struct Group {
    blobs: Vec<Prepared>,
    caller: Caller,
    answer: oneshot::Sender<Result<Vec<Placement>, Fault>>,
    /// Given with the last group of a batch, so that the packer sees both at once.
    ended: Option<OpenBatch>,
}

/// Says that a caller will send more. While one exists, packs wait for it for the seal delay.
pub(crate) struct OpenBatch(Arc<AtomicUsize>);

impl Drop for OpenBatch {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// When packs are sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealing {
    pub target_bytes: usize,
    pub delay: Duration,
}

impl Packer {
    /// Makes the packer and the task it hands blobs to. The task ends, with everything it took written, when `stop`
    /// says so or is gone.
    pub fn new(
        packs: Arc<Packs>,
        index: Arc<Index>,
        sealing: Sealing,
        stop: Stop,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (queue, groups) = mpsc::channel(QUEUE);
        let open_batches = Arc::new(AtomicUsize::new(0));
        let filling = Filling {
            packs,
            index,
            sealing,
            open_batches: Arc::clone(&open_batches),
            open: None,
            claims: HashMap::new(),
            writes: JoinSet::new(),
            writing: HashMap::new(),
        };
        (Self { queue, open_batches }, filling.run(groups, stop))
    }

    /// Announces a caller that sends several groups.
    pub fn open_batch(&self) -> OpenBatch {
        self.open_batches.fetch_add(1, Ordering::AcqRel);
        OpenBatch(Arc::clone(&self.open_batches))
    }

    /// Hands over a group; its blobs are wanted as long as the caller lives. The last group of a batch ends it.
    pub async fn pack(
        &self,
        blobs: Vec<Prepared>,
        caller: Caller,
        ended: Option<OpenBatch>,
    ) -> Result<oneshot::Receiver<Result<Vec<Placement>, Fault>>, Fault> {
        let (answer, placements) = oneshot::channel();
        self.queue.send(Group { blobs, caller, answer, ended }).await.map_err(|_| faults::stopped())?;
        Ok(placements)
    }
}

/// The task's own state.
struct Filling {
    packs: Arc<Packs>,
    index: Arc<Index>,
    sealing: Sealing,
    open_batches: Arc<AtomicUsize>,
    open: Option<OpenPack>,
    claims: HashMap<ContentAddress, Claim>,
    writes: JoinSet<()>,
    /// What each write will make known.
    writing: HashMap<tokio::task::Id, Vec<ContentAddress>>,
}

struct OpenPack {
    builder: Builder,
    outcome: oneshot::Sender<Outcome>,
    shared: Shared<oneshot::Receiver<Outcome>>,
    opened: Instant,
    last_added: Instant,
}

struct Claim {
    coming: Coming,
    /// Whether the pack is still open, so that who waits can still be noted.
    open: bool,
}

impl Filling {
    async fn run(mut self, mut groups: mpsc::Receiver<Group>, mut stop: Stop) {
        loop {
            let seal_at = self.open.as_ref().map(|open| open.due(self.sealing.delay));
            tokio::select! {
                biased;
                () = self.settle_next(), if !self.writes.is_empty() => self.seal_if_idle(&groups).await,
                group = groups.recv() => {
                    let Some(group) = group else { break };
                    self.take(group).await;
                    if self.open.as_ref().is_some_and(|open| open.due(self.sealing.delay) <= Instant::now()) {
                        self.seal().await;
                    }
                    self.seal_if_idle(&groups).await;
                }
                () = sleep_until(seal_at) => self.seal().await,
                () = stop.said() => break,
            }
        }
        drop(groups);
        self.seal().await;
        while !self.writes.is_empty() {
            self.settle_next().await;
        }
    }

    /// Nobody has more to send and the disk is free: waiting would gain nothing.
    async fn seal_if_idle(&mut self, groups: &mpsc::Receiver<Group>) {
        if self.writes.is_empty() && groups.is_empty() && self.open_batches.load(Ordering::Acquire) == 0 {
            self.seal().await;
        }
    }

    async fn take(&mut self, group: Group) {
        // Whoever comes after a write has failed is not told of that failure, though it may not be settled yet.
        while !self.writes.is_empty() && group.blobs.iter().any(|blob| self.has_failed(address_of(blob))) {
            self.settle_next().await;
        }
        let placements = self.place_all(&group.blobs, &group.caller).await;
        drop(group.ended);
        // A caller that has gone wants no answer, and its blobs are left out when the pack is sealed.
        let _ = group.answer.send(placements);
    }

    fn has_failed(&self, address: ContentAddress) -> bool {
        let outcome = self.claims.get(&address).and_then(|claim| claim.coming.outcome.peek());
        matches!(outcome, Some(Ok(Err(_)) | Err(_)))
    }

    async fn place_all(&mut self, blobs: &[Prepared], caller: &Caller) -> Result<Vec<Placement>, Fault> {
        // What is coming now may be here, and its claim gone, before the last of these blobs is placed.
        let mut coming = HashMap::new();
        for blob in blobs {
            if let Some(claim) = self.join(address_of(blob), caller) {
                coming.insert(address_of(blob), claim);
            }
        }
        let unclaimed = blobs.iter().map(address_of).filter(|address| !coming.contains_key(address)).collect();
        let here = self.find_here(unclaimed).await?;
        let mut placements = Vec::with_capacity(blobs.len());
        for blob in blobs {
            let address = address_of(blob);
            placements.push(match (here.get(&address), coming.get(&address)) {
                (Some(place), _) => Placement::Here(*place),
                (None, Some(claimed)) => Placement::Coming(claimed.clone()),
                (None, None) => {
                    let claimed = self.add(blob, caller).await;
                    coming.insert(address, claimed.clone());
                    Placement::Coming(claimed)
                }
            });
        }
        Ok(placements)
    }

    /// What the index knows of these blobs, where it was read just now and is what it was.
    async fn find_here(&self, addresses: Vec<ContentAddress>) -> Result<HashMap<ContentAddress, Place>, Fault> {
        let found = self.index.find_present(&self.packs, addresses).await?;
        let Reread { sound, altered } = reread(&self.packs, found).await?;
        for (address, at) in altered {
            quarantine::note_damage(&self.packs, &self.index, at.pack, address).await;
        }
        let place = |(address, at): (ContentAddress, PackedAt)| {
            let PackedAt { pack, offset, length, sealed_at, .. } = at;
            (address, Place { pack, offset, length, sealed_at })
        };
        Ok(sound.into_iter().map(place).collect())
    }

    /// The pack that a blob is coming with already, where the caller waits for it too from now on.
    fn join(&mut self, address: ContentAddress, caller: &Caller) -> Option<Coming> {
        let claim = self.claims.get(&address)?;
        if let (true, Some(open)) = (claim.open, &mut self.open) {
            open.builder.also_for(claim.coming.number, caller.clone());
        }
        Some(claim.coming.clone())
    }

    /// Puts a blob into the open pack, and seals that when it is full.
    async fn add(&mut self, blob: &Prepared, caller: &Caller) -> Coming {
        let open = self.open.get_or_insert_with(OpenPack::new);
        let number = open.builder.add(&blob.digests, &blob.bytes, caller.clone());
        open.last_added = Instant::now();
        let coming = Coming { outcome: open.shared.clone(), number };
        let full = open.builder.is_full(self.sealing.target_bytes);
        self.claims.insert(address_of(blob), Claim { coming: coming.clone(), open: true });
        if full {
            self.seal().await;
        }
        coming
    }

    /// Begins to write the open pack. Waits while enough packs are being written.
    async fn seal(&mut self) {
        let Some(open) = self.open.take() else { return };
        while self.writes.len() >= WRITES_AT_ONCE {
            self.settle_next().await;
        }
        let mut addresses: Vec<_> = open.builder.addresses().collect();
        let filled = open.builder.fill();
        let mut positions = filled.positions().iter();
        // What was left out is not coming: whoever brings it next brings it anew.
        addresses.retain(|address| {
            let kept = positions.next().is_some_and(Option::is_some);
            match self.claims.get_mut(address) {
                Some(claim) if kept => claim.open = false,
                _ => drop(self.claims.remove(address)),
            }
            kept
        });
        if addresses.is_empty() {
            return;
        }
        let (packs, index) = (Arc::clone(&self.packs), Arc::clone(&self.index));
        let write = async move {
            let outcome = write(&packs, &index, filled).await;
            // Where nobody waits any more, nobody is told.
            let _ = open.outcome.send(outcome);
        };
        let task = self.writes.spawn(write).id();
        self.writing.insert(task, addresses);
    }

    async fn settle_next(&mut self) {
        let task = match self.writes.join_next_with_id().await {
            None => return,
            Some(Ok((task, ()))) => task,
            Some(Err(failed)) => failed.id(),
        };
        for address in self.writing.remove(&task).unwrap_or_default() {
            self.claims.remove(&address);
        }
    }
}

impl OpenPack {
    fn new() -> Self {
        let (outcome, receiver) = oneshot::channel();
        let now = Instant::now();
        Self { builder: Builder::new(), outcome, shared: receiver.shared(), opened: now, last_added: now }
    }

    /// When it is sealed though it is not full: when nothing more came, or where blobs keep trickling in, some time later.
    fn due(&self, delay: Duration) -> Instant {
        (self.last_added + delay).min(self.opened + delay * MOST_DELAYS)
    }
}

/// Makes a pack durable, then known to the index.
async fn write(packs: &Packs, index: &Index, filled: Filled) -> Outcome {
    let footer = packs.write(&filled).await?;
    index.record(&footer).await;
    Ok(Arc::new(Written { footer, positions: filled.positions().to_vec() }))
}

fn address_of(blob: &Prepared) -> ContentAddress {
    ContentAddress::from_blake3(*blob.digests.blake3.bytes())
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
