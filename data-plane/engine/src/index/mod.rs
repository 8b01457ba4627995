//! Where packed blobs lie, by address. The index is a cache: everything in it can be read again from the backend, and
//! it is, in the background, where the file is missing or damaged. So its failure never fails an ingest or a read; at
//! worst bytes that are here are stored once more. Only a deletion waits for an index that can take note of it.
//!
//! It keeps neither memory nor start-up growing with the number of blobs: rows lie in a file, and at open only packs
//! newer than the newest one known are looked at.
//!
//! Commits of new packs are not synced one by one. A crash takes the index back to an earlier state, from which the packs
//! since are found again. Deaths are the exception: they are synced before their tombstone is written, because a
//! tombstone the index does not know of would let a dead blob pass for one that is here.

mod ask;
mod load;
mod others;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use artifactstore_types::{ContentAddress, Fault, Location, Timestamp};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use redb::Durability;
use tokio::{
    sync::{RwLock, watch},
    time::Instant,
};

pub(crate) use self::tables::Death;
use self::{
    ask::Opened,
    others::{Others, Seen},
};
use crate::{
    faults,
    keys::{Note, PackId},
    pack::{format::Footer, packs::Packs},
    stop::Stop,
};

/// How long lookups wait for the index to be read in, counted from when that began. After it they answer from what is
/// known so far.
const PATIENCE: Duration = Duration::from_secs(5);
/// Every so many new packs, everything is synced.
const CHECKPOINT_EVERY: u64 = 64;
/// How many packs are looked for at once.
const LOOKS_AT_ONCE: usize = 16;

/// Where a packed blob lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedAt {
    pub pack: PackId,
    pub offset: u64,
    pub length: u64,
    /// The size of the whole pack, by which one that was cut is told.
    pub pack_bytes: u64,
    pub sealed_at: Timestamp,
}

/// How far reading in has come.
#[derive(Clone, Copy, Debug)]
struct Progress {
    /// Whether the index covers the whole backend.
    complete: bool,
    /// Until when lookups wait for it; `None` where it has failed and they need not.
    patience_ends: Option<Instant>,
}

impl Progress {
    fn begun() -> Self {
        Self { complete: false, patience_ends: Some(Instant::now() + PATIENCE) }
    }
}

/// The index of one backend.
pub(crate) struct Index {
    path: Option<PathBuf>,
    /// `None` while there is no readable file. Taken out, never changed, so a reader's clone stays whole. `progress` is
    /// changed under this lock, so that it is always about the index that is current.
    current: Mutex<Option<Arc<Opened>>>,
    progress: watch::Sender<Progress>,
    /// Shared by the questions being answered, which closing waits for.
    busy: Arc<RwLock<()>>,
    /// Where engines of other processes have the store open too.
    others: Option<Others>,
    stop: Stop,
    records: AtomicU64,
    /// Packs that were reported to be gone or cut.
    changed: Mutex<BTreeSet<PackId>>,
}

impl Index {
    /// An index that knows nothing, and the task that reads it in and keeps it read in, which ends when `stop` says so
    /// or is gone.
    pub fn new(
        path: Option<PathBuf>,
        shared: bool,
        packs: Arc<Packs>,
        mut stop: Stop,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let index = Arc::new(Self {
            path,
            current: Mutex::new(None),
            busy: Arc::default(),
            progress: watch::Sender::new(Progress::begun()),
            others: shared.then(Others::default),
            stop: stop.clone(),
            records: AtomicU64::new(0),
            changed: Mutex::default(),
        });
        let loaded = Arc::clone(&index);
        let task = async move {
            tokio::select! {
                () = load::keep_loaded(&loaded, &packs) => {}
                () = stop.said() => {}
            }
        };
        (index, task)
    }

    /// Where these blobs lie, for those whose pack is there and has the size it had. One that is not may come back, so
    /// what is known of it is kept.
    pub async fn find_present(
        &self,
        packs: &Packs,
        addresses: Vec<ContentAddress>,
    ) -> Result<Vec<(ContentAddress, PackedAt)>, Fault> {
        if addresses.is_empty() {
            return Ok(Vec::new());
        }
        self.wait_a_little().await;
        let found = self.ask(move |tables| tables.find(&addresses)).await.unwrap_or_default();
        self.only_present(packs, found).await
    }

    /// A page of packed blobs whose packs are there, and the last address looked at, where there may be more.
    pub async fn page(
        &self,
        packs: &Packs,
        after: Option<ContentAddress>,
        limit: usize,
    ) -> Result<(Vec<(ContentAddress, PackedAt)>, Option<ContentAddress>), Fault> {
        self.wait_a_little().await;
        let not_ready = || faults::index_not_ready(&packs.store.backend_id);
        let opened = self.opened().filter(|_| self.progress.borrow().complete).ok_or_else(not_ready)?;
        let rows = self.ask_of(&opened, move |tables| tables.page(after, limit)).await.ok_or_else(not_ready)?;
        let last = rows.last().filter(|_| rows.len() == limit).map(|(address, _)| *address);
        Ok((self.only_present(packs, rows).await?, last))
    }

    async fn only_present(
        &self,
        packs: &Packs,
        found: Vec<(ContentAddress, PackedAt)>,
    ) -> Result<Vec<(ContentAddress, PackedAt)>, Fault> {
        let distinct: BTreeMap<PackId, u64> = found.iter().map(|(_, at)| (at.pack, at.pack_bytes)).collect();
        let look = |(id, bytes)| async move { Ok::<_, Fault>((id, self.look(packs, id, bytes).await?)) };
        let there: BTreeMap<PackId, Seen> =
            stream::iter(distinct).map(look).buffer_unordered(LOOKS_AT_ONCE).try_collect().await?;
        self.report_changed(&there);
        for (pack, seen) in &there {
            self.learn(*pack, &found, seen).await;
        }
        let is_here = |(address, at): &(ContentAddress, PackedAt)| match there.get(&at.pack) {
            Some(Seen::Whole(noted)) => !noted.names(*address),
            _ => false,
        };
        Ok(found.into_iter().filter(is_here).collect())
    }

    /// Takes in a new pack.
    pub async fn record(&self, footer: &Footer) {
        let footer = footer.clone();
        let checkpoint = self.records.fetch_add(1, Ordering::Relaxed) % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1;
        let durability = if checkpoint { Durability::Immediate } else { Durability::None };
        self.ask(move |tables| tables.record(&[footer], durability)).await;
    }

    /// Whether a blob of a pack was deleted.
    pub async fn is_dead(&self, packs: &Packs, pack: PackId, address: ContentAddress) -> Result<bool, Fault> {
        if let Some(opened) = self.opened() {
            // One row of a small tree: cheaper here than the way to another thread.
            match self.ask_here(&opened, |tables| tables.find_death(pack, address)) {
                Some(Some(_)) => return Ok(true),
                Some(None) if self.others.is_none() && opened.knows_the_dead() => return Ok(false),
                _ => {}
            }
        }
        if let Some(others) = &self.others {
            return others.buried_lately(packs, pack, address).await;
        }
        Ok(packs.noted(Note::Tombstone, pack).await?.contains(&address))
    }

    /// The dead of a pack.
    pub async fn dead_of(&self, packs: &Packs, pack: PackId) -> Result<BTreeMap<ContentAddress, Death>, Fault> {
        let mut dead = BTreeMap::new();
        if let Some(opened) = self.opened()
            && let Some(known) = self.ask_of(&opened, move |tables| tables.dead_of(pack)).await
        {
            dead = known;
            if self.others.is_none() && opened.knows_the_dead() {
                return Ok(dead);
            }
        }
        let buried = packs.noted(Note::Tombstone, pack).await?;
        dead.extend(buried.into_iter().map(|address| (address, Death::Settled)));
        Ok(dead)
    }

    /// Notes, durably, that blobs are about to get a tombstone. They are dead from here on. Fails where there is no index
    /// to take note: one that is opened later would not learn of the tombstone.
    pub async fn begin_death(&self, packs: &Packs, pack: PackId, addresses: Vec<ContentAddress>) -> Result<(), Fault> {
        if self.opened().is_none() {
            self.wait_a_little().await;
        }
        let noted = self.ask(move |tables| tables.mark_dead(pack, &addresses, Death::Pending, Durability::Immediate));
        noted.await.ok_or_else(|| faults::index_not_ready(&packs.store.backend_id))
    }

    /// Notes that blobs have their tombstone.
    pub async fn settle_death(&self, pack: PackId, addresses: Vec<ContentAddress>) {
        self.ask(move |tables| tables.mark_dead(pack, &addresses, Death::Settled, Durability::None)).await;
    }

    /// Whether it is known that a blob is damaged in a pack.
    pub async fn is_damaged(&self, pack: PackId, address: ContentAddress) -> bool {
        // An index that is just being opened would not learn what is marked before it is.
        self.wait_a_little().await;
        self.ask(move |tables| tables.is_damaged(pack, address)).await.unwrap_or(false)
    }

    /// Notes, durably, that a blob is damaged in a pack: it does not lie there for whoever asks where it lies.
    pub async fn mark_damaged(&self, pack: PackId, address: ContentAddress) {
        self.ask(move |tables| tables.mark_damaged(pack, &[address], Durability::Immediate)).await;
    }

    /// Whether a blob is said to lie at just this place.
    pub async fn places(&self, address: ContentAddress, pack: PackId, location: &Location) -> bool {
        self.wait_a_little().await;
        let found = self.ask(move |tables| tables.find(&[address])).await.unwrap_or_default();
        let (offset, length) = (location.offset, location.length);
        found.iter().any(|(_, at)| at.pack == pack && at.offset == offset && at.length == length)
    }

    /// Forgets a pack that was removed and these blobs that lay in it.
    pub async fn forget_pack(&self, pack: PackId, addresses: Vec<ContentAddress>) {
        self.ask(move |tables| tables.forget_pack(pack, &addresses)).await;
    }

    /// Reports each pack that is not what it was, once.
    fn report_changed(&self, there: &BTreeMap<PackId, Seen>) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        for (pack, seen) in there {
            if !matches!(seen, Seen::Changed) {
                changed.remove(pack);
            } else if changed.insert(*pack) {
                tracing::error!(%pack, "a pack is gone or was cut: its blobs are taken in again when they come");
            }
        }
    }

    /// Fails while the index does not cover the whole backend.
    pub async fn require_complete(&self, packs: &Packs) -> Result<(), Fault> {
        self.wait_a_little().await;
        let complete = self.progress.borrow().complete;
        if complete { Ok(()) } else { Err(faults::index_not_ready(&packs.store.backend_id)) }
    }

    /// Waits until everything is known, but not for long. Whatever follows answers from what is known.
    async fn wait_a_little(&self) {
        let mut progress = self.progress.subscribe();
        let settled = |progress: &Progress| {
            progress.complete || progress.patience_ends.is_none_or(|patience_ends| patience_ends <= Instant::now())
        };
        let Some(patience_ends) = self.progress.borrow().patience_ends else { return };
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = progress.wait_for(settled) => {}
            () = tokio::time::sleep_until(patience_ends) => {}
            () = stop.said() => {}
        }
    }
}

/// Blobs of a footer that are not dead.
pub(crate) fn living<'a>(footer: &'a Footer, dead: &BTreeMap<ContentAddress, Death>) -> BTreeSet<&'a ContentAddress> {
    footer.entries.iter().map(|entry| &entry.address).filter(|address| !dead.contains_key(address)).collect()
}
