//! Where packed blobs lie, by address. The index is a cache: everything in it can be read again from the backend, and
//! it is, in the background, where the file is missing or damaged. So its failure never fails an ingest or a read; at
//! worst bytes that are here are stored once more.
//!
//! It keeps neither memory nor start-up growing with the number of blobs: rows lie in a file, and at open only packs
//! newer than the newest one known are looked at.
//!
//! Commits of new packs are not synced one by one. A crash takes the index back to an earlier state, from which the packs
//! since are found again. Deaths are the exception: they are synced before their tombstone is written, because a
//! tombstone the index does not know of would let a dead blob pass for one that is here.

mod load;
mod tables;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use artifactstore_types::{ContentAddress, Fault, Timestamp};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use redb::Durability;
use tokio::{sync::watch, time::Instant};

pub(crate) use self::tables::Death;
use self::tables::{Tables, TablesFailed};
use crate::{
    faults, keys,
    keys::PackId,
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

/// How much of the backend the index covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coverage {
    /// Nothing is known, or what is known cannot be read.
    Nothing,
    /// Every tombstone is known, but not every pack.
    Tombstones,
    /// Everything is known.
    Everything,
}

/// How far reading in has come.
#[derive(Clone, Copy, Debug)]
struct Progress {
    coverage: Coverage,
    /// Until when lookups wait for it; `None` where it has failed and they need not.
    patience_ends: Option<Instant>,
}

impl Progress {
    fn begun() -> Self {
        Self { coverage: Coverage::Nothing, patience_ends: Some(Instant::now() + PATIENCE) }
    }
}

/// The index of one backend.
pub(crate) struct Index {
    path: Option<PathBuf>,
    /// `None` while there is no readable file. Taken out, never changed, so a reader's clone stays whole.
    tables: Mutex<Option<Arc<Tables>>>,
    progress: watch::Sender<Progress>,
    stop: Stop,
    records: AtomicU64,
}

impl Index {
    /// An index that knows nothing, and the task that reads it in and keeps it read in, which ends when `stop` says so
    /// or is gone.
    pub fn new(
        path: Option<PathBuf>,
        packs: Arc<Packs>,
        mut stop: Stop,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send + 'static) {
        let index = Arc::new(Self {
            path,
            tables: Mutex::new(None),
            progress: watch::Sender::new(Progress::begun()),
            stop: stop.clone(),
            records: AtomicU64::new(0),
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

    /// Where these blobs lie, for those whose pack is there and has the size it had. Packs that are not are forgotten.
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
        if self.coverage() != Coverage::Everything {
            return Err(not_ready());
        }
        let rows = self.ask(move |tables| tables.page(after, limit)).await.ok_or_else(not_ready)?;
        let last = rows.last().filter(|_| rows.len() == limit).map(|(address, _)| *address);
        Ok((self.only_present(packs, rows).await?, last))
    }

    async fn only_present(
        &self,
        packs: &Packs,
        found: Vec<(ContentAddress, PackedAt)>,
    ) -> Result<Vec<(ContentAddress, PackedAt)>, Fault> {
        let distinct: BTreeMap<PackId, u64> = found.iter().map(|(_, at)| (at.pack, at.pack_bytes)).collect();
        let look = |(id, bytes)| async move {
            let meta = packs.store.find(&keys::pack(id)).await?;
            Ok::<_, Fault>((id, meta.map(|meta| meta.size) == Some(bytes)))
        };
        let there: BTreeMap<PackId, bool> =
            stream::iter(distinct).map(look).buffer_unordered(LOOKS_AT_ONCE).try_collect().await?;
        for (id, _) in there.iter().filter(|(_, there)| !**there) {
            let pack = *id;
            tracing::error!(%pack, "a pack is gone or was cut: its blobs are taken in again when they come");
            let lost = found.iter().filter(|(_, at)| at.pack == pack).map(|(address, _)| *address).collect();
            self.forget_pack(pack, lost).await;
        }
        Ok(found.into_iter().filter(|(_, at)| there.get(&at.pack) == Some(&true)).collect())
    }

    /// Takes in a new pack.
    pub async fn record(&self, footer: &Footer) -> Result<(), Fault> {
        let footer = footer.clone();
        let checkpoint = self.records.fetch_add(1, Ordering::Relaxed) % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1;
        let durability = if checkpoint { Durability::Immediate } else { Durability::None };
        self.ask(move |tables| tables.record(&[footer], durability)).await;
        Ok(())
    }

    /// Whether a blob of a pack was deleted.
    pub async fn is_dead(&self, packs: &Packs, pack: PackId, address: ContentAddress) -> Result<bool, Fault> {
        // One row of a small tree: cheaper here than the way to another thread.
        if self.ask_here(|tables| tables.find_death(pack, address)).flatten().is_some() {
            return Ok(true);
        }
        if self.coverage() != Coverage::Nothing {
            return Ok(false);
        }
        Ok(packs.buried(pack).await?.contains(&address))
    }

    /// The dead of a pack.
    pub async fn dead_of(&self, packs: &Packs, pack: PackId) -> Result<BTreeMap<ContentAddress, Death>, Fault> {
        let mut dead = self.ask(move |tables| tables.dead_of(pack)).await.unwrap_or_default();
        if self.coverage() == Coverage::Nothing {
            dead.extend(packs.buried(pack).await?.into_iter().map(|address| (address, Death::Settled)));
        }
        Ok(dead)
    }

    /// Notes, durably, that blobs are about to get a tombstone. They are dead from here on.
    pub async fn begin_death(&self, pack: PackId, addresses: Vec<ContentAddress>) {
        let durability = Durability::Immediate;
        self.ask(move |tables| tables.mark_dead(pack, &addresses, Death::Pending, durability)).await;
    }

    /// Notes that blobs have their tombstone.
    pub async fn settle_death(&self, pack: PackId, addresses: Vec<ContentAddress>) {
        self.ask(move |tables| tables.mark_dead(pack, &addresses, Death::Settled, Durability::None)).await;
    }

    /// Forgets a pack that is gone and these blobs that lay in it.
    pub async fn forget_pack(&self, pack: PackId, addresses: Vec<ContentAddress>) {
        self.ask(move |tables| tables.forget_pack(pack, &addresses)).await;
    }

    fn coverage(&self) -> Coverage {
        self.progress.borrow().coverage
    }

    fn covers(&self, coverage: Coverage) {
        self.progress.send_modify(|progress| progress.coverage = coverage);
    }

    /// Waits until everything is known, but not for long. Whatever follows answers from what is known.
    async fn wait_a_little(&self) {
        let mut progress = self.progress.subscribe();
        let settled = |progress: &Progress| {
            progress.coverage == Coverage::Everything
                || progress.patience_ends.is_none_or(|patience_ends| patience_ends <= Instant::now())
        };
        let Some(patience_ends) = self.progress.borrow().patience_ends else { return };
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = progress.wait_for(settled) => {}
            () = tokio::time::sleep_until(patience_ends) => {}
            () = stop.said() => {}
        }
    }

    /// Runs a transaction where it may block. `None` where there is no index or it failed.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tables) -> Result<T, TablesFailed> + Send + 'static,
    ) -> Option<T> {
        let tables = self.tables()?;
        let asked = Arc::clone(&tables);
        let answer = tokio::task::spawn_blocking(move || guarded(&asked, work)).await.ok()?;
        self.checked(&tables, answer)
    }

    fn ask_here<T>(&self, work: impl FnOnce(&Tables) -> Result<T, TablesFailed>) -> Option<T> {
        let tables = self.tables()?;
        let answer = guarded(&tables, work);
        self.checked(&tables, answer)
    }

    fn tables(&self) -> Option<Arc<Tables>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a failed index aside: it is made anew from the backend.
    fn checked<T>(&self, asked: &Arc<Tables>, answer: Result<T, Failure>) -> Option<T> {
        let failure = match answer {
            Ok(answer) => return Some(answer),
            Err(failure) => failure,
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.as_ref().is_some_and(|current| Arc::ptr_eq(current, asked)) {
            tracing::error!(%failure, "the index of packed blobs is damaged and is made anew");
            *tables = None;
            self.progress.send_replace(Progress::begun());
        }
        None
    }

    /// Writes everything so far to the file.
    pub fn checkpoint(&self) {
        self.ask_here(Tables::checkpoint);
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.checkpoint();
    }
}

/// Why the index could not answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Tables(#[from] TablesFailed),
    /// A file whose pages contradict each other can make the library give up in this way.
    #[error("a page of it makes no sense")]
    Panicked,
}

fn guarded<T>(tables: &Tables, work: impl FnOnce(&Tables) -> Result<T, TablesFailed>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(|| work(tables))).map_err(|_| Failure::Panicked)?.map_err(Failure::Tables)
}

/// Blobs of a footer that are not dead.
pub(crate) fn living<'a>(footer: &'a Footer, dead: &BTreeMap<ContentAddress, Death>) -> BTreeSet<&'a ContentAddress> {
    footer.entries.iter().map(|entry| &entry.address).filter(|address| !dead.contains_key(address)).collect()
}
