//! The packs of one backend as objects: writing one, and reading what one says it holds. What is where, by address, is
//! the index's.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use artifactstore_types::{Clock, ContentAddress, Fault, Ids};
use futures::{StreamExt as _, TryStreamExt as _, future::ready, stream::BoxStream};
use object_store::ObjectMeta;

use super::{
    builder::Filled,
    format::{Footer, FooterDamaged, TRAILER_BYTES},
    note,
};
use crate::{
    faults,
    keys::{self, Note, PackId},
    store::{Created, Piece, Store},
};

/// How much of a pack's end is read in the hope that it is the whole footer: some two hundred entries.
const FOOTER_GUESS_BYTES: u64 = 16 * 1024;
/// How often another id is tried where one is taken. Ids that repeat must not cost a pack or a tombstone.
const ID_ATTEMPTS: usize = 8;

/// How many notes are read at once.
const NOTES_AT_ONCE: usize = 16;

/// The packs of one backend.
pub(crate) struct Packs {
    pub store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    /// Whether engines of other processes write packs here too.
    shared: bool,
    newest: Mutex<Newest>,
}

/// The greatest ids so far. Ids only grow, also where the clock does not: the index finds packs that are new to it by
/// their ids.
#[derive(Clone, Copy, Default)]
struct Newest {
    seen: Option<PackId>,
    drawn: Option<PackId>,
}

/// What the end of a pack says.
#[derive(Debug)]
pub(crate) enum FooterFound {
    Missing,
    Damaged,
    Intact(Footer),
}

impl Packs {
    pub fn new(store: Store, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>, shared: bool) -> Self {
        Self { store, clock, ids, shared, newest: Mutex::default() }
    }

    /// Takes note of a pack that is there.
    pub fn saw(&self, id: PackId) {
        let mut newest = self.newest();
        newest.seen = newest.seen.max(Some(id));
    }

    fn next_id(&self) -> PackId {
        let drawn = PackId::from(self.ids.next());
        let mut newest = self.newest();
        // Behind what others drew by clocks that run ahead, all would follow one number and take it from each other.
        let last = if self.shared { newest.drawn } else { newest.drawn.max(newest.seen) };
        let id = last.map_or(drawn, |last| drawn.max(last.successor()));
        newest.drawn = Some(id);
        id
    }

    fn newest(&self) -> std::sync::MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a pack durable. Never writes over another, even where ids repeat.
    pub async fn write(&self, filled: &Filled) -> Result<Footer, Fault> {
        for _ in 0..ID_ATTEMPTS {
            let (payload, footer) = filled.seal(self.next_id(), self.clock.now());
            let key = keys::pack(footer.id);
            match self.store.create(&key, payload).await {
                Ok(created) => {
                    self.saw(footer.id);
                    if created == Created::Yes {
                        return Ok(footer);
                    }
                }
                Err(fault) => {
                    // Another engine may have found it, and said of its blobs that they are here.
                    if !self.shared {
                        self.take_back(&footer).await;
                    }
                    return Err(fault);
                }
            }
        }
        Err(faults::ids_repeat(&self.store.backend_id))
    }

    /// Removes a pack whose writing failed. It may be there all the same; nobody will be told of it, so it should not be.
    /// One that had its id before stays.
    async fn take_back(&self, footer: &Footer) {
        if let Ok(FooterFound::Intact(found)) = self.footer(footer.id).await
            && found == *footer
        {
            // What cannot be removed now is a pack that nobody refers to.
            let _ = self.store.delete(&keys::pack(footer.id)).await;
        }
    }

    /// What pack `id` says it holds.
    pub async fn footer(&self, id: PackId) -> Result<FooterFound, Fault> {
        let key = keys::pack(id);
        let Some((mut end, pack_bytes)) = self.store.read_end(&key, FOOTER_GUESS_BYTES).await? else {
            return Ok(FooterFound::Missing);
        };
        let Ok(size) = Footer::size(&end) else { return Ok(FooterFound::Damaged) };
        if size > pack_bytes {
            return Ok(FooterFound::Damaged);
        }
        if size > end.len() as u64 {
            end = match self.store.read(&key, pack_bytes - size..pack_bytes).await? {
                Piece::Bytes(bytes) => bytes,
                Piece::Missing => return Ok(FooterFound::Missing),
                Piece::Short => return Ok(FooterFound::Damaged),
            };
        }
        let footer = end.len() - usize::try_from(size).unwrap_or(end.len());
        Ok(match Footer::decode(id, pack_bytes, &end[footer..]) {
            Ok(footer) => FooterFound::Intact(footer),
            Err(FooterDamaged) => FooterFound::Damaged,
        })
    }

    /// The addresses that notes of one kind in the backend name for pack `id`.
    pub async fn noted(&self, kind: Note, id: PackId) -> Result<BTreeSet<ContentAddress>, Fault> {
        let read = |meta: ObjectMeta| async move { self.read_note(kind, id, &meta).await };
        let noted: Vec<_> = self.notes(kind, id).map_ok(read).try_buffer_unordered(NOTES_AT_ONCE).try_collect().await?;
        Ok(noted.into_iter().flatten().collect())
    }

    /// The notes of one kind about pack `id`.
    fn notes(&self, kind: Note, id: PackId) -> BoxStream<'static, Result<ObjectMeta, Fault>> {
        let listed = self.store.list(&keys::note_folder(kind, id), Some(&keys::before_notes(kind, id)));
        // Listings are in the order of keys, so those of a pack stand together.
        let of_this_pack = move |meta: &ObjectMeta| keys::parse_note(kind, meta.location.as_ref()) == Some(id);
        listed.try_take_while(move |meta| ready(Ok(of_this_pack(meta)))).boxed()
    }

    /// The addresses one note names.
    pub async fn read_note(&self, kind: Note, id: PackId, meta: &ObjectMeta) -> Result<Vec<ContentAddress>, Fault> {
        let damaged = || faults::damaged_note(&meta.location);
        match self.store.read(&meta.location, 0..meta.size).await? {
            Piece::Bytes(bytes) => note::decode(kind, id, &bytes).ok_or_else(damaged),
            // It was removed since it was listed, after its pack.
            Piece::Missing => Ok(Vec::new()),
            Piece::Short => Err(damaged()),
        }
    }

    /// Writes down something, durably, about these blobs of pack `id`.
    pub async fn note(&self, kind: Note, id: PackId, addresses: &[ContentAddress]) -> Result<(), Fault> {
        for _ in 0..ID_ATTEMPTS {
            let key = keys::note(kind, id, self.ids.next());
            let created = self.store.create(&key, note::encode(kind, id, addresses).into()).await?;
            if created == Created::Yes {
                return Ok(());
            }
        }
        Err(faults::ids_repeat(&self.store.backend_id))
    }

    /// Removes pack `id`, then what was noted about it.
    pub async fn remove(&self, id: PackId) -> Result<(), Fault> {
        self.store.delete(&keys::pack(id)).await?;
        for kind in [Note::Tombstone, Note::Damage] {
            let mut listed = self.notes(kind, id);
            while let Some(meta) = listed.try_next().await? {
                self.store.delete(&meta.location).await?;
            }
        }
        Ok(())
    }
}

const _: () = assert!(FOOTER_GUESS_BYTES > TRAILER_BYTES as u64, "the trailer is always in what is read first");
