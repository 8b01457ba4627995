//! How the index comes to cover its backend: opened, or made anew, then brought up to date from the backend's listing.
//! Runs beside everything else and starts over whenever the index was put aside.

use std::{
    path::Path,
    sync::{Arc, PoisonError},
    time::Duration,
};

use artifactstore_types::Fault;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Key;
use redb::Durability;

use super::{
    Coverage, Death, Index, guarded,
    tables::{Tables, TablesFailed},
};
use crate::{
    keys::{self, PackId, Stored},
    pack::{
        format::Footer,
        packs::{FooterFound, Packs},
    },
};

/// How long before the newest pack known a listing starts. Packs are written at the same time and may become visible in
/// another order than that of their ids, at most this much later.
const OVERLAP_MILLIS: u64 = 15 * 60 * 1000;
/// How many footers are read at once.
const READS_AT_ONCE: usize = 16;
/// How many footers are taken in at once.
const FOOTERS_AT_ONCE: usize = 64;
/// The pauses after failures: doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// Loads the index, and again whenever it was put aside.
pub(super) async fn keep_loaded(index: &Index, packs: &Packs) {
    let mut progress = index.progress.subscribe();
    let mut pause = PAUSES.0;
    loop {
        match index.load(packs).await {
            Ok(()) => {
                pause = PAUSES.0;
                // The sender is the index's own, so this ends only when the index was put aside.
                let _ = progress.wait_for(|progress| progress.coverage == Coverage::Nothing).await;
            }
            Err(fault) => {
                tracing::warn!(%fault, "the index of packed blobs could not be read in; trying again");
                index.progress.send_modify(|progress| progress.patience_ends = None);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

impl Index {
    async fn load(&self, packs: &Packs) -> Result<(), Fault> {
        let tables = match self.tables() {
            Some(tables) => tables,
            None => self.open_tables().await?,
        };
        let complete = self.asked(&tables, Tables::is_complete).await?;
        if complete {
            self.covers(Coverage::Tombstones);
        } else {
            self.load_tombstones(&tables, packs).await?;
            self.covers(Coverage::Tombstones);
        }
        let newest = self.asked(&tables, Tables::newest_pack).await?;
        if let Some(newest) = newest {
            packs.saw(newest);
        }
        let start = newest.filter(|_| complete).map(|newest| keys::pack(newest.earlier(OVERLAP_MILLIS)));
        self.load_packs(&tables, packs, start.as_ref()).await?;
        self.asked(&tables, Tables::set_complete).await?;
        self.covers(Coverage::Everything);
        Ok(())
    }

    async fn open_tables(&self) -> Result<Arc<Tables>, Fault> {
        let path = self.path.clone();
        let opened = tokio::task::spawn_blocking(move || open_or_make(path.as_deref())).await;
        let tables = Arc::new(opened.ok().flatten().ok_or_else(|| crate::faults::index_failed("opening it"))?);
        *self.tables.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&tables));
        Ok(tables)
    }

    async fn load_tombstones(&self, tables: &Arc<Tables>, packs: &Packs) -> Result<(), Fault> {
        let mut listed = packs.store.list(&Key::from(keys::TOMBSTONES), None);
        while let Some(meta) = listed.try_next().await? {
            let Some(pack) = keys::parse_tombstone(meta.location.as_ref()) else { continue };
            match packs.tombstone(pack, &meta.location, meta.size).await {
                Ok(addresses) => {
                    let note =
                        move |tables: &Tables| tables.mark_dead(pack, &addresses, Death::Settled, Durability::None);
                    self.asked(tables, note).await?;
                }
                Err(fault) if fault.category == artifactstore_types::Category::DataLoss => {
                    tracing::error!(%fault, "a record of deletions cannot be read: what it deleted may be here again");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    async fn load_packs(&self, tables: &Arc<Tables>, packs: &Packs, start: Option<&Key>) -> Result<(), Fault> {
        let listed = packs.store.list(&Key::from(keys::PACKS), start);
        let read = |meta: Result<object_store::ObjectMeta, Fault>| async move {
            match keys::parse(meta?.location.as_ref()) {
                Some(Stored::Pack(id)) => self.read_new(tables, packs, id).await,
                _ => Ok(None),
            }
        };
        let mut footers = Box::pin(listed.map(read).buffered(READS_AT_ONCE).try_chunks(FOOTERS_AT_ONCE));
        while let Some(batch) = footers.next().await {
            let batch: Vec<_> = batch.map_err(|failed| failed.1)?.into_iter().flatten().collect();
            self.asked(tables, move |tables| tables.record(&batch, Durability::None)).await?;
        }
        Ok(())
    }

    /// The footer of a pack, unless the index knows the pack.
    async fn read_new(&self, tables: &Arc<Tables>, packs: &Packs, id: PackId) -> Result<Option<Footer>, Fault> {
        packs.saw(id);
        if self.asked(tables, move |tables| tables.find_pack(id)).await?.is_some() {
            return Ok(None);
        }
        match packs.footer(id).await? {
            FooterFound::Intact(footer) => Ok(Some(footer)),
            FooterFound::Missing => Ok(None),
            FooterFound::Damaged => {
                tracing::error!(pack = %id, "the footer of a pack is damaged: its blobs can be read where they are known to lie, and are not listed");
                Ok(None)
            }
        }
    }

    /// Like `ask`, of tables that are being loaded; a failure ends the loading.
    async fn asked<T: Send + 'static>(
        &self,
        tables: &Arc<Tables>,
        work: impl FnOnce(&Tables) -> Result<T, TablesFailed> + Send + 'static,
    ) -> Result<T, Fault> {
        let asked = Arc::clone(tables);
        let answer = tokio::task::spawn_blocking(move || guarded(&asked, work)).await;
        let answer = answer.ok().and_then(|answer| self.checked(tables, answer));
        answer.ok_or_else(|| crate::faults::index_failed("reading it in"))
    }
}

/// Opens the index; one that cannot be opened is removed and made anew.
fn open_or_make(path: Option<&Path>) -> Option<Tables> {
    let open = || std::panic::catch_unwind(|| Tables::open(path)).ok().and_then(Result::ok);
    open().or_else(|| {
        let path = path?;
        tracing::warn!(path = %path.display(), "the index of packed blobs cannot be opened and is made anew");
        std::fs::remove_file(path).ok()?;
        open()
    })
}
