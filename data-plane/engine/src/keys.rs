//! Every key under which something is stored, made in this one place, and the only reader of keys that come back from
//! a caller. A key is made of digests and of ids this process drew; nothing from a user becomes part of one.
//!
//! ```text
//! blake3/<hex[0:2]>/<hex[2:4]>/<hex>      a blob of its own
//! packs/<id[0:6]>/<id>                    a pack; ids grow with time, so a listing of packs is in order of age
//! tombstones/<id[0:6]>/<pack id>-<id>     addresses deleted from that pack
//! damaged/packs/<id[0:6]>/<pack id>-<id>  addresses found damaged in that pack
//! damaged/blake3/<hex[0:2]>/<hex>-<id>    a blob of its own that was found damaged, moved out of the way
//! staging/<id>                            bytes whose address is not known yet
//! ```

use std::fmt;

use artifactstore_types::{Algorithm, ContentAddress, Digest};
use object_store::path::Path;
use uuid::Uuid;

/// The folder of packs.
pub(crate) const PACKS: &str = "packs";
/// The folder of bytes on their way.
pub(crate) const STAGING: &str = "staging";

/// The id of a pack: a UUIDv7, so that newer packs sort behind older ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PackId([u8; 16]);

impl PackId {
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id after this one.
    pub const fn successor(self) -> Self {
        Self(u128::from_be_bytes(self.0).saturating_add(1).to_be_bytes())
    }

    /// An id `millis` of its clock earlier, to start a listing from.
    pub const fn earlier(self, millis: u64) -> Self {
        Self(u128::from_be_bytes(self.0).saturating_sub((millis as u128) << 80).to_be_bytes())
    }

    fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 16];
        let canonical = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (canonical && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }
}

impl From<Uuid> for PackId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.into_bytes())
    }
}

impl fmt::Display for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a key in a location can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// A blob of its own.
    Blob(ContentAddress),
    /// A pack.
    Pack(PackId),
}

/// The key of a blob of its own.
pub(crate) fn blob(address: ContentAddress) -> Path {
    let hex = address.hex();
    Path::from(format!("{}/{}/{}/{hex}", address.algorithm(), &hex[..2], &hex[2..4]))
}

/// The folder of all blobs of their own.
pub(crate) fn blobs() -> Path {
    Path::from(Algorithm::PRIMARY.name())
}

/// The key of a pack.
pub(crate) fn pack(id: PackId) -> Path {
    let hex = id.to_string();
    Path::from(format!("{PACKS}/{}/{hex}", &hex[..6]))
}

/// What is written down about blobs of a pack, beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// They are deleted.
    Tombstone,
    /// They were found damaged.
    Damage,
}

impl Note {
    /// The folder of all notes of this kind.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Tombstone => "tombstones",
            Self::Damage => "damaged/packs",
        }
    }
}

/// The folder a pack's notes lie in, beside those of packs of the same age.
pub(crate) fn note_folder(kind: Note, pack: PackId) -> Path {
    Path::from(format!("{}/{}", kind.folder(), &pack.to_string()[..6]))
}

/// A key that sorts before every note of a pack and behind those of older packs.
pub(crate) fn before_notes(kind: Note, pack: PackId) -> Path {
    let hex = pack.to_string();
    Path::from(format!("{}/{}/{hex}", kind.folder(), &hex[..6]))
}

/// The key of one note.
pub(crate) fn note(kind: Note, pack: PackId, id: Uuid) -> Path {
    let hex = pack.to_string();
    Path::from(format!("{}/{}/{hex}-{}", kind.folder(), &hex[..6], id.simple()))
}

/// The folder of a blob's copies that were found damaged.
pub(crate) fn aside_folder(address: ContentAddress) -> Path {
    Path::from(format!("damaged/{}/{}", address.algorithm(), &address.hex()[..2]))
}

/// A key that sorts before every damaged copy of a blob.
pub(crate) fn before_aside(address: ContentAddress) -> Path {
    Path::from(format!("{}/{}", aside_folder(address), address.hex()))
}

/// The key of one damaged copy of a blob.
pub(crate) fn aside(address: ContentAddress, id: Uuid) -> Path {
    Path::from(format!("{}-{}", before_aside(address), id.simple()))
}

/// A key for bytes whose address is not known yet.
pub(crate) fn staging(id: Uuid) -> Path {
    Path::from(format!("{STAGING}/{}", id.simple()))
}

/// Whether large blobs are sent to this key: to their address, or to staging.
pub(crate) fn takes_uploads(key: &Path) -> bool {
    let staged = || key.as_ref().strip_prefix(STAGING).is_some_and(|rest| rest.starts_with('/'));
    matches!(parse(key.as_ref()), Some(Stored::Blob(_))) || staged()
}

/// What `key` names, if it is a key this module makes for stored bytes.
pub(crate) fn parse(key: &str) -> Option<Stored> {
    let name = key.rsplit('/').next()?;
    let stored = match key.split('/').next()? {
        PACKS => Stored::Pack(PackId::from_hex(name)?),
        algorithm => {
            let digest = Digest::from_hex(Algorithm::find(algorithm)?, name).ok()?;
            Stored::Blob(ContentAddress::try_from(digest).ok()?)
        }
    };
    let made = match stored {
        Stored::Blob(address) => blob(address),
        Stored::Pack(id) => pack(id),
    };
    // One thing has one key: whatever is written otherwise was not made here.
    (made.as_ref() == key).then_some(stored)
}

/// The pack a note's key belongs to.
pub(crate) fn parse_note(kind: Note, key: &str) -> Option<PackId> {
    let (pack, id) = key.rsplit('/').next()?.split_once('-')?;
    let (pack, id) = (PackId::from_hex(pack)?, Uuid::try_parse(id).ok()?);
    (note(kind, pack, id).as_ref() == key).then_some(pack)
}

/// Whether `key` is that of a damaged copy of a blob.
pub(crate) fn is_aside(address: ContentAddress, key: &str) -> bool {
    let id = key.rsplit('-').next().and_then(|id| Uuid::try_parse(id).ok());
    id.is_some_and(|id| aside(address, id).as_ref() == key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_back_every_key_it_makes(bytes: [u8; 32], id: [u8; 16]) {
            let address = ContentAddress::from_blake3(bytes);
            prop_assert_eq!(parse(blob(address).as_ref()), Some(Stored::Blob(address)));
            let id = PackId::from_bytes(id);
            prop_assert_eq!(parse(pack(id).as_ref()), Some(Stored::Pack(id)));
            let drawn = Uuid::from_u128(7);
            for (kind, other) in [(Note::Tombstone, Note::Damage), (Note::Damage, Note::Tombstone)] {
                let note = note(kind, id, drawn);
                prop_assert_eq!(parse_note(kind, note.as_ref()), Some(id));
                prop_assert_eq!(parse_note(other, note.as_ref()), None);
                prop_assert_eq!(parse(note.as_ref()), None);
            }
            let aside = aside(address, drawn);
            prop_assert!(is_aside(address, aside.as_ref()) && before_aside(address) < aside);
            prop_assert!(!is_aside(ContentAddress::of(b"another"), aside.as_ref()));
            prop_assert_eq!(parse(aside.as_ref()), None);
        }

        #[test]
        fn reads_nothing_else(text in "\\PC*") {
            prop_assert_eq!(parse(&text), None);
            prop_assert_eq!(parse_note(Note::Tombstone, &text), None);
            prop_assert!(!is_aside(ContentAddress::of(b"bytes"), &text));
        }

        #[test]
        fn packs_sort_by_their_ids(a: [u8; 16], b: [u8; 16]) {
            let (a, b) = (PackId::from_bytes(a), PackId::from_bytes(b));
            prop_assert_eq!(a.cmp(&b), pack(a).cmp(&pack(b)));
            if a < b {
                let of_a = note(Note::Tombstone, a, Uuid::from_u128(u128::MAX));
                prop_assert!(before_notes(Note::Tombstone, a) < of_a && of_a < before_notes(Note::Tombstone, b));
            }
        }
    }

    #[test]
    fn refuses_keys_that_lead_elsewhere() {
        let address = ContentAddress::of(b"bytes");
        let hex = address.hex();
        let good = blob(address).to_string();
        for bad in [
            format!("blake3/../../{hex}"),
            format!("/{good}"),
            format!("{good}/"),
            good.to_uppercase(),
            format!("blake3/{}/00/{hex}", &hex[..2]),
            format!("sha256/{}/{}/{hex}", &hex[..2], &hex[2..4]),
            format!("staging/{hex}"),
            String::new(),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }
}
