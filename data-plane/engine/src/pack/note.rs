//! A note beside a pack: addresses of it that are deleted, or that were found damaged. It is durable in the backend
//! itself, so that an index made anew from the backend honours every deletion and believes no damaged place.
//!
//! ```text
//! magic "ASTOMB\r\n" or "ASDAMG\r\n", pack id 16, BLAKE3 32 of each address, BLAKE3 32 of everything before
//! ```

use artifactstore_types::ContentAddress;
use bytes::Bytes;

use crate::keys::{Note, PackId};

const HEAD_BYTES: usize = 24;
const DIGEST_BYTES: usize = 32;

const fn magic(kind: Note) -> &'static [u8; 8] {
    match kind {
        Note::Tombstone => b"ASTOMB\r\n",
        Note::Damage => b"ASDAMG\r\n",
    }
}

/// The bytes of a note.
pub(crate) fn encode(kind: Note, pack: PackId, addresses: &[ContentAddress]) -> Bytes {
    let mut out = Vec::with_capacity(HEAD_BYTES + (addresses.len() + 1) * DIGEST_BYTES);
    out.extend_from_slice(magic(kind));
    out.extend_from_slice(pack.bytes());
    for address in addresses {
        out.extend_from_slice(address.bytes());
    }
    let digest = blake3::hash(&out);
    out.extend_from_slice(digest.as_bytes());
    out.into()
}

/// The addresses in a note about `pack`; `None` where the bytes are not one.
pub(crate) fn decode(kind: Note, pack: PackId, bytes: &[u8]) -> Option<Vec<ContentAddress>> {
    let (covered, digest) = bytes.split_last_chunk::<DIGEST_BYTES>()?;
    let (head, addresses) = covered.split_first_chunk::<HEAD_BYTES>()?;
    let ours = head[..8] == magic(kind)[..] && head[8..] == pack.bytes()[..];
    let (addresses, rest) = addresses.as_chunks::<DIGEST_BYTES>();
    let intact = rest.is_empty() && blake3::hash(covered) == *digest;
    (ours && intact).then(|| addresses.iter().map(|bytes| ContentAddress::from_blake3(*bytes)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_back_what_was_written_and_nothing_else(
            id: [u8; 16],
            digests: Vec<[u8; 32]>,
            at: prop::sample::Index,
            bit in 0_u8..8,
        ) {
            let pack = PackId::from_bytes(id);
            let addresses: Vec<_> = digests.into_iter().map(ContentAddress::from_blake3).collect();
            for (kind, other) in [(Note::Tombstone, Note::Damage), (Note::Damage, Note::Tombstone)] {
                let mut encoded = encode(kind, pack, &addresses).to_vec();
                prop_assert_eq!(decode(kind, pack, &encoded), Some(addresses.clone()));
                prop_assert_eq!(decode(other, pack, &encoded), None);
                prop_assert_eq!(decode(kind, pack.successor(), &encoded), None);
                let at = at.index(encoded.len());
                encoded[at] ^= 1_u8 << bit;
                prop_assert_eq!(decode(kind, pack, &encoded), None);
            }
        }
    }
}
