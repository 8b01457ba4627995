//! What becomes of bytes that are not what they were. They are kept, for whoever looks into it, but count as here no
//! more: so the next ingest of the same bytes stores them anew.
//!
//! * A blob of its own is moved out of the way, under `damaged/blake3/`. Whoever asks for it learns that it is damaged
//!   until it is stored again or deleted.
//! * A packed blob stays in its pack, which is never changed. A note under `damaged/packs/` says that it is damaged, and
//!   the index believes that place no more, also when it is made anew.
//!
//! Nothing is set aside on the word of a caller: a location may be wrong. A blob of its own is read again and digested;
//! of a packed one its pack, or the index, must say that it lay at just that place.

use artifactstore_types::{ContentAddress, Fault, Location};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectMeta, path::Path};

use crate::{
    backend::Backend,
    index::Index,
    keys::{self, Note, PackId},
    pack::packs::{FooterFound, Packs},
};

/// What reading a blob of its own again found.
#[derive(Debug)]
pub(crate) enum Examined {
    /// It is what it was.
    Sound(ObjectMeta),
    /// It is not, and was moved aside; or there is none.
    Lost,
}

/// Reads a blob of its own again; one that is not what it was is moved aside.
pub(crate) async fn examine(backend: &Backend, address: ContentAddress) -> Result<Examined, Fault> {
    let Some((meta, mut bytes)) = backend.store.stream(&keys::blob(address), None).await? else {
        return Ok(Examined::Lost);
    };
    let mut hasher = blake3::Hasher::new();
    while let Some(chunk) = bytes.try_next().await? {
        hasher.update(&chunk);
    }
    if hasher.finalize() == *address.bytes() {
        return Ok(Examined::Sound(meta));
    }
    set_aside(backend, address, &meta).await?;
    Ok(Examined::Lost)
}

async fn set_aside(backend: &Backend, address: ContentAddress, damaged: &ObjectMeta) -> Result<(), Fault> {
    let _nobody_places = backend.placing.write().await;
    let key = keys::blob(address);
    let same = |there: &ObjectMeta| {
        (&there.e_tag, there.size, there.last_modified) == (&damaged.e_tag, damaged.size, damaged.last_modified)
    };
    // The same bytes may have been stored anew since it was read.
    if backend.store.find(&key).await?.as_ref().is_some_and(same) {
        let aside = keys::aside(address, backend.ids.next());
        backend.store.rename(&key, &aside, damaged.size).await?;
        tracing::error!(%address, %aside, "a stored blob is damaged: it was moved aside and counts as absent");
    }
    Ok(())
}

/// The key of a copy of a blob that was moved aside, if there is one.
pub(crate) async fn find_aside(backend: &Backend, address: ContentAddress) -> Result<Option<Path>, Fault> {
    let mut listed = backend.store.list(&keys::aside_folder(address), Some(&keys::before_aside(address)));
    let first = listed.next().await.transpose()?.map(|meta| meta.location);
    Ok(first.filter(|key| keys::is_aside(address, key.as_ref())))
}

/// Looks into a blob of its own that did not read as it should. What comes of it changes nothing for whoever read it.
pub(crate) async fn doubt_own(backend: &Backend, address: ContentAddress) {
    if let Err(fault) = examine(backend, address).await {
        tracing::warn!(%address, %fault, "a stored blob that seems damaged could not be moved aside");
    }
}

/// Looks into bytes of a pack that are not those of the address; says whether the blob lay there, and so is damaged.
pub(crate) async fn doubt_packed(
    backend: &Backend,
    pack: PackId,
    address: ContentAddress,
    location: &Location,
) -> Result<bool, Fault> {
    match backend.packs.footer(pack).await? {
        FooterFound::Missing => Ok(false),
        FooterFound::Intact(footer) => {
            let lay_there = footer.entries.iter().any(|entry| entry.is(address, location));
            if lay_there {
                note_damage(&backend.packs, &backend.index, pack, address).await;
            }
            Ok(lay_there)
        }
        // Nothing tells whether it lay there; but if the index says so, it is not to be believed any more.
        FooterFound::Damaged => {
            if backend.index.places(address, pack, location).await {
                note_damage(&backend.packs, &backend.index, pack, address).await;
            }
            Ok(true)
        }
    }
}

/// Takes note, durably, that a blob is damaged in a pack.
pub(crate) async fn note_damage(packs: &Packs, index: &Index, pack: PackId, address: ContentAddress) {
    if index.is_damaged(pack, address).await {
        return;
    }
    tracing::error!(%address, %pack, "a packed blob is damaged: it counts as absent and is kept as it is");
    if let Err(fault) = packs.note(Note::Damage, pack, &[address]).await {
        tracing::warn!(%address, %pack, %fault, "that a packed blob is damaged could not be noted beside its pack");
    }
    index.mark_damaged(pack, address).await;
}
