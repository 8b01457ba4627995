//! How the index comes to cover its backend: opened, or made anew, then brought up to date from the backend's listing.
//! Runs beside everything else and starts over whenever the index was put aside.

use std::{fs, panic::catch_unwind, path::Path, sync::Arc, time::Duration};

use artifactstore_types::{Category, Fault};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Key;
use redb::Durability;
use tokio::time::Instant;

use super::{
    Death, Index,
    ask::Opened,
    tables::{Tables, TablesFailed},
};
use crate::{
    faults,
    keys::{self, Note, PackId, Stored},
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

/// How long an engine that was dropped may take to let the file go.
const LEAVING: Duration = Duration::from_secs(2);

/// Loads the index, and again whenever it was put aside. Ends without a word where the runtime does.
pub(super) async fn keep_loaded(index: &Index, packs: &Packs) {
    let mut progress = index.progress.subscribe();
    let mut pause = PAUSES.0;
    loop {
        match index.load(packs).await {
            Ok(()) => {
                pause = PAUSES.0;
                // The sender is the index's own, so this ends only when the index was put aside.
                let _ = progress.wait_for(|progress| !progress.complete).await;
            }
            Err(fault) if faults::is_stopped(&fault) => return,
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
        let opened = match self.opened() {
            Some(opened) => opened,
            None => self.open().await?,
        };
        let complete = self.asked(&opened, Tables::is_complete).await?;
        if !complete {
            self.load_notes(&opened, packs, Note::Tombstone).await?;
            self.load_notes(&opened, packs, Note::Damage).await?;
        }
        opened.learned_the_dead();
        let newest = self.asked(&opened, Tables::newest_pack).await?;
        if let Some(newest) = newest {
            packs.saw(newest);
        }
        let start = newest.filter(|_| complete).map(|newest| keys::pack(newest.earlier(OVERLAP_MILLIS)));
        let listed = self.load_packs(&opened, packs, start.as_ref()).await?;
        if let Some(others) = &self.others {
            others.listed_up_to(listed.max(newest)).await;
        }
        self.asked(&opened, Tables::set_complete).await?;
        if self.declare_complete(&opened) { Ok(()) } else { Err(faults::index_failed("reading it in")) }
    }

    async fn open(&self) -> Result<Arc<Opened>, Fault> {
        let deadline = Instant::now() + LEAVING;
        loop {
            let path = self.path.clone();
            match self.blocking(move || open_or_make(path.as_deref())).await.ok_or_else(faults::stopped)? {
                Ok(tables) => return Ok(self.ask_from_now_on(tables)),
                Err(NotOpened::Elsewhere) if Instant::now() < deadline => tokio::time::sleep(PAUSES.0).await,
                Err(_) => return Err(faults::index_failed("opening it")),
            }
        }
    }

    async fn load_notes(&self, opened: &Arc<Opened>, packs: &Packs, kind: Note) -> Result<(), Fault> {
        let mut listed = packs.store.list(&Key::from(kind.folder()), None);
        while let Some(meta) = listed.try_next().await? {
            let Some(pack) = keys::parse_note(kind, meta.location.as_ref()) else { continue };
            match packs.read_note(kind, pack, &meta).await {
                Ok(addresses) => {
                    let note = move |tables: &Tables| match kind {
                        Note::Tombstone => tables.mark_dead(pack, &addresses, Death::Settled, Durability::None),
                        Note::Damage => tables.mark_damaged(pack, &addresses, Durability::None),
                    };
                    self.asked(opened, note).await?;
                }
                Err(fault) if fault.category == Category::DataLoss => {
                    tracing::error!(%fault, "a note beside a pack cannot be read: what was deleted, or damaged, may count as here again");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Takes in the packs listed from `start` on; says which was the last.
    pub(super) async fn load_packs(
        &self,
        opened: &Arc<Opened>,
        packs: &Packs,
        start: Option<&Key>,
    ) -> Result<Option<PackId>, Fault> {
        let listed = packs.store.list(&Key::from(keys::PACKS), start);
        let read = |meta: Result<object_store::ObjectMeta, Fault>| async move {
            match keys::parse(meta?.location.as_ref()) {
                Some(Stored::Pack(id)) => Ok::<_, Fault>(Some((id, self.read_new(opened, packs, id).await?))),
                _ => Ok(None),
            }
        };
        let mut footers = Box::pin(listed.map(read).buffered(READS_AT_ONCE).try_chunks(FOOTERS_AT_ONCE));
        let mut last = None;
        while let Some(batch) = footers.next().await {
            let (ids, footers): (Vec<_>, Vec<_>) = batch.map_err(|failed| failed.1)?.into_iter().flatten().unzip();
            let footers: Vec<_> = footers.into_iter().flatten().collect();
            self.asked(opened, move |tables| tables.record(&footers, Durability::None)).await?;
            last = ids.into_iter().max().max(last);
        }
        Ok(last)
    }

    /// The footer of a pack, unless the index knows the pack.
    async fn read_new(&self, opened: &Arc<Opened>, packs: &Packs, id: PackId) -> Result<Option<Footer>, Fault> {
        packs.saw(id);
        if self.asked(opened, move |tables| tables.find_pack(id)).await?.is_some() {
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

    /// Like `ask`, of an index that is being loaded; a failure ends the loading.
    async fn asked<T: Send + 'static>(
        &self,
        opened: &Arc<Opened>,
        work: impl FnOnce(&Tables) -> Result<T, TablesFailed> + Send + 'static,
    ) -> Result<T, Fault> {
        self.ask_of(opened, work).await.ok_or_else(|| faults::index_failed("reading it in"))
    }
}

/// Why there are no tables.
enum NotOpened {
    /// Somebody else has the file open.
    Elsewhere,
    /// It cannot be made either.
    Failed,
}

/// Opens the index; one that cannot be opened is removed and made anew.
fn open_or_make(path: Option<&Path>) -> Result<Tables, NotOpened> {
    let open = || catch_unwind(|| Tables::open(path)).ok();
    match (open(), path) {
        (Some(Ok(tables)), _) => Ok(tables),
        (Some(Err(failed)), _) if failed.is_open_elsewhere() => Err(NotOpened::Elsewhere),
        (_, None) => Err(NotOpened::Failed),
        (_, Some(path)) => {
            tracing::warn!(path = %path.display(), "the index of packed blobs cannot be opened and is made anew");
            fs::remove_file(path).map_err(|_| NotOpened::Failed)?;
            open().and_then(Result::ok).ok_or(NotOpened::Failed)
        }
    }
}
