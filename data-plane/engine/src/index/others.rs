//! A store that engines of other processes have open too. Each has an index of its own; what the others did is learnt from
//! the store, where notes beside packs are the truth about deaths and damage, and a listing about packs:
//!
//! * before a place is given out as "already here", and before anything is deleted or compacted, the notes beside its pack
//!   are listed; for reading, an answer of a moment ago will do;
//! * whoever asks for a blob that the index does not know has the packs listed that are new.
//!
//! So a node may store again what another has just stored, and serve for a moment longer what another has just deleted;
//! it never calls here what is not.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use artifactstore_types::{ContentAddress, Fault};
use futures::future::try_join;
use redb::Durability;
use tokio::time::Instant;

use super::{Index, PackedAt};
use crate::{
    keys::{self, Note, PackId},
    pack::packs::Packs,
};

/// For how long reading relies on tombstones that were listed.
const MOMENT: Duration = Duration::from_secs(1);
/// The tombstones of at most so many packs are remembered.
const MOST_REMEMBERED: usize = 1024;
/// How long before the last pack listed the next listing starts: longer than a pack takes to become visible once it has
/// its id, and than clocks differ. What is missed for all that is found when the index is next opened.
const OVERLAP_MILLIS: u64 = 2 * 60 * 1000;

/// What is remembered of the others' doings.
#[derive(Default)]
pub(super) struct Others {
    graves: Mutex<HashMap<PackId, Graves>>,
    /// Held while packs are listed.
    listed: tokio::sync::Mutex<Listed>,
}

/// How far packs have been listed.
#[derive(Default)]
struct Listed {
    /// When the last listing began.
    began: Option<Instant>,
    /// The last pack listed. Those this engine wrote since do not count: others may have written before them.
    up_to: Option<PackId>,
}

/// The tombstones of a pack, as they were.
#[derive(Clone)]
struct Graves {
    listed: Instant,
    buried: Arc<BTreeSet<ContentAddress>>,
}

/// What is noted beside a pack, by whomever.
#[derive(Default)]
pub(super) struct Noted {
    dead: BTreeSet<ContentAddress>,
    damaged: BTreeSet<ContentAddress>,
}

/// How a pack was found that the index knows.
pub(super) enum Seen {
    /// It has the size it had; and what others have noted beside it.
    Whole(Noted),
    /// It is gone or was cut, and may come back.
    Changed,
    /// It was removed by another.
    Removed,
}

impl Noted {
    /// Whether the blob does not lie in the pack for whoever asks where it lies.
    pub fn names(&self, address: ContentAddress) -> bool {
        self.dead.contains(&address) || self.damaged.contains(&address)
    }
}

impl Others {
    /// Takes note of how far packs have been listed.
    pub async fn listed_up_to(&self, last: Option<PackId>) {
        let mut listed = self.listed.lock().await;
        listed.up_to = listed.up_to.max(last);
    }

    /// Whether tombstones name a blob of a pack, as of a moment ago.
    pub async fn buried_lately(&self, packs: &Packs, pack: PackId, address: ContentAddress) -> Result<bool, Fault> {
        let remembered = self.graves().get(&pack).filter(|graves| graves.listed.elapsed() < MOMENT).cloned();
        if let Some(graves) = remembered {
            return Ok(graves.buried.contains(&address));
        }
        let listed = Instant::now();
        let graves = Graves { listed, buried: Arc::new(packs.noted(Note::Tombstone, pack).await?) };
        self.remember(pack, graves.clone());
        Ok(graves.buried.contains(&address))
    }

    fn remember(&self, pack: PackId, graves: Graves) {
        let mut remembered = self.graves();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, graves| graves.listed.elapsed() < MOMENT);
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(pack, graves);
        }
    }

    fn graves(&self) -> std::sync::MutexGuard<'_, HashMap<PackId, Graves>> {
        // Every entry stands for itself.
        self.graves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    /// Looks at a pack that should have so many bytes.
    pub(super) async fn look(&self, packs: &Packs, pack: PackId, bytes: u64) -> Result<Seen, Fault> {
        let found = packs.store.find(&keys::pack(pack)).await?;
        match (found, &self.others) {
            (Some(meta), None) if meta.size == bytes => Ok(Seen::Whole(Noted::default())),
            (Some(meta), Some(_)) if meta.size == bytes => {
                let noted = (packs.noted(Note::Tombstone, pack), packs.noted(Note::Damage, pack));
                let (dead, damaged) = try_join(noted.0, noted.1).await?;
                Ok(Seen::Whole(Noted { dead, damaged }))
            }
            (None, Some(_)) => Ok(Seen::Removed),
            _ => Ok(Seen::Changed),
        }
    }

    /// Takes in what became of those blobs that the index has in a pack.
    pub(super) async fn learn(&self, pack: PackId, found: &[(ContentAddress, PackedAt)], seen: &Seen) {
        let here = || found.iter().filter(|(_, at)| at.pack == pack).map(|(address, _)| *address);
        let noted = match seen {
            Seen::Whole(noted) => noted,
            Seen::Changed => return,
            Seen::Removed => return self.forget_pack(pack, here().collect()).await,
        };
        let dead: Vec<_> = here().filter(|address| noted.dead.contains(address)).collect();
        if !dead.is_empty() {
            self.settle_death(pack, dead).await;
        }
        let damaged: Vec<_> = here().filter(|address| noted.damaged.contains(address)).collect();
        if !damaged.is_empty() {
            self.ask(move |tables| tables.mark_damaged(pack, &damaged, Durability::None)).await;
        }
    }

    /// Where these blobs lie, also where another has only just stored them.
    pub async fn find_anywhere(
        &self,
        packs: &Packs,
        addresses: &[ContentAddress],
    ) -> Result<HashMap<ContentAddress, PackedAt>, Fault> {
        let mut found: HashMap<_, _> = self.find_present(packs, addresses.to_vec()).await?.into_iter().collect();
        if self.others.is_some() && found.len() < addresses.len() {
            self.catch_up(packs).await?;
            let missing = addresses.iter().filter(|address| !found.contains_key(address)).copied();
            found.extend(self.find_present(packs, missing.collect()).await?);
        }
        Ok(found)
    }

    /// Takes in the packs that others have written. Whoever asks while that is being done for another waits for the next
    /// time, which is then done once for all of them.
    pub async fn catch_up(&self, packs: &Packs) -> Result<(), Fault> {
        let Some(others) = &self.others else { return Ok(()) };
        self.wait_a_little().await;
        let asked = Instant::now();
        let mut listed = others.listed.lock().await;
        if listed.began.is_some_and(|began| began > asked) {
            return Ok(());
        }
        let Some(opened) = self.opened() else { return Ok(()) };
        listed.began = Some(Instant::now());
        let start = listed.up_to.map(|last| keys::pack(last.earlier(OVERLAP_MILLIS)));
        let last = self.load_packs(&opened, packs, start.as_ref()).await?;
        listed.up_to = listed.up_to.max(last);
        Ok(())
    }
}
