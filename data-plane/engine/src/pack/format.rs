//! A pack, byte by byte. It is written once, in one piece, and never changed. Numbers are big-endian.
//!
//! ```text
//! header   16   magic "ASPACK\r\n", version u16 = 1, six zero bytes
//! body      n   the blobs, back to back
//! entries  80 each, in the order of the blobs:
//!               BLAKE3 32, SHA-256 32, offset u64 from the start of the pack, length u64
//! trailer  80   pack id 16, sealed at i64 (µs), number of entries u64, version u16 = 1, six zero bytes,
//!               BLAKE3 32 of entries and trailer up to here, magic "\r\nASPACK"
//! ```
//!
//! The digest in the trailer covers what the entries say, and each entry covers its blob, so every bit but the header's
//! is covered once; the header is fixed. One pack has one encoding: blobs follow each other without a gap, and what is
//! decoded is exactly what was encoded.

use artifactstore_types::{Algorithm, ContentAddress, Digest, DualDigest, Location, Timestamp};
use bytes::Bytes;

use crate::keys::PackId;

const HEADER_MAGIC: &[u8; 8] = b"ASPACK\r\n";
const TRAILER_MAGIC: &[u8; 8] = b"\r\nASPACK";
const VERSION: u16 = 1;
/// The first blob's offset.
pub(crate) const HEADER_BYTES: usize = 16;
/// What each blob adds beside its bytes.
pub(crate) const ENTRY_BYTES: usize = 80;
/// The size of the trailer.
pub(crate) const TRAILER_BYTES: usize = 80;
/// The part of the trailer that its digest covers.
const TRAILER_COVERED: usize = 40;

/// One blob in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub address: ContentAddress,
    pub sha256: [u8; 32],
    pub offset: u64,
    pub length: u64,
}

impl Entry {
    pub fn new(digests: &DualDigest, offset: u64) -> Self {
        let address = ContentAddress::from_blake3(*digests.blake3.bytes());
        Self { address, sha256: *digests.sha256.bytes(), offset, length: digests.size_bytes }
    }

    pub fn digests(&self) -> DualDigest {
        DualDigest {
            blake3: self.address.digest(),
            sha256: Digest::new(Algorithm::Sha256, self.sha256),
            size_bytes: self.length,
        }
    }

    /// Whether this is the entry of a blob at a location.
    pub fn is(&self, address: ContentAddress, location: &Location) -> bool {
        self.address == address && self.offset == location.offset && self.length == location.length
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.address.bytes());
        out.extend_from_slice(&self.sha256);
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.extend_from_slice(&self.length.to_be_bytes());
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let address = ContentAddress::from_blake3(take(&mut bytes)?);
        let sha256 = take(&mut bytes)?;
        let offset = u64::from_be_bytes(take(&mut bytes)?);
        let length = u64::from_be_bytes(take(&mut bytes)?);
        Some(Self { address, sha256, offset, length })
    }
}

/// What a pack says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub id: PackId,
    pub sealed_at: Timestamp,
    pub entries: Vec<Entry>,
}

/// The bytes at the end of a pack are not a footer, or not that of this pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FooterDamaged;

/// The bytes every pack begins with.
pub(crate) fn header() -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(HEADER_MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_be_bytes());
    header
}

impl Footer {
    /// Entries and trailer, as they stand at the end of a pack.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.entries.len() * ENTRY_BYTES + TRAILER_BYTES);
        for entry in &self.entries {
            entry.encode(&mut out);
        }
        out.extend_from_slice(self.id.bytes());
        out.extend_from_slice(&self.sealed_at.micros().to_be_bytes());
        out.extend_from_slice(&(self.entries.len() as u64).to_be_bytes());
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&[0; 6]);
        let digest = blake3::hash(&out);
        out.extend_from_slice(digest.as_bytes());
        out.extend_from_slice(TRAILER_MAGIC);
        out.into()
    }

    /// How many bytes at the end of a pack its footer takes, by the trailer those bytes end with.
    pub fn size(end: &[u8]) -> Result<u64, FooterDamaged> {
        let trailer = end.last_chunk::<TRAILER_BYTES>().ok_or(FooterDamaged)?;
        let mut count = &trailer[24..32];
        let count = take(&mut count).map(u64::from_be_bytes).ok_or(FooterDamaged)?;
        let entries = count.checked_mul(ENTRY_BYTES as u64).ok_or(FooterDamaged)?;
        entries.checked_add(TRAILER_BYTES as u64).ok_or(FooterDamaged)
    }

    /// Reads the footer of the pack `id` of `pack_bytes` from exactly its bytes.
    pub fn decode(id: PackId, pack_bytes: u64, footer: &[u8]) -> Result<Self, FooterDamaged> {
        let (entries, trailer) = footer.split_last_chunk::<TRAILER_BYTES>().ok_or(FooterDamaged)?;
        let covered = &footer[..entries.len() + TRAILER_COVERED];
        let mut rest = &trailer[..];
        let found_id = take(&mut rest).map(PackId::from_bytes);
        let sealed_at = take(&mut rest).map(i64::from_be_bytes).and_then(|micros| Timestamp::from_micros(micros).ok());
        let count = take(&mut rest).map(u64::from_be_bytes);
        let version = take(&mut rest).map(u16::from_be_bytes);
        let zero = take(&mut rest) == Some([0; 6]);
        let intact = take::<32>(&mut rest).is_some_and(|digest| blake3::hash(covered) == digest);
        let magic = take(&mut rest) == Some(*TRAILER_MAGIC);
        let fits = entries.len() % ENTRY_BYTES == 0 && count == Some((entries.len() / ENTRY_BYTES) as u64);
        let ours = found_id == Some(id) && version == Some(VERSION);
        let (true, true, true, true, true, Some(sealed_at)) = (zero, intact, magic, fits, ours, sealed_at) else {
            return Err(FooterDamaged);
        };
        let entries = entries.chunks_exact(ENTRY_BYTES).map(Entry::decode).collect::<Option<Vec<_>>>();
        let entries = entries.ok_or(FooterDamaged)?;
        let mut next = Some(HEADER_BYTES as u64);
        for entry in &entries {
            if next != Some(entry.offset) {
                return Err(FooterDamaged);
            }
            next = entry.offset.checked_add(entry.length);
        }
        if next.and_then(|end| end.checked_add(footer.len() as u64)) != Some(pack_bytes) {
            return Err(FooterDamaged);
        }
        Ok(Self { id, sealed_at, entries })
    }

    /// The size of the whole pack.
    pub fn pack_bytes(&self) -> u64 {
        let body: u64 = self.entries.iter().map(|entry| entry.length).sum();
        HEADER_BYTES as u64 + body + (self.entries.len() * ENTRY_BYTES + TRAILER_BYTES) as u64
    }
}

/// Takes the next `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: PackId = PackId::from_bytes([7; 16]);

    fn footer_of(blobs: &[Vec<u8>]) -> Footer {
        let mut offset = HEADER_BYTES as u64;
        let entry = |blob: &Vec<u8>| {
            let entry = Entry::new(&DualDigest::of(blob), offset);
            offset += entry.length;
            entry
        };
        let entries = blobs.iter().map(entry).collect();
        Footer { id: ID, sealed_at: Timestamp::from_micros(1_700_000_000_000_000).unwrap(), entries }
    }

    fn any_blobs() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20)
    }

    proptest! {
        #[test]
        fn reads_back_what_was_written(blobs in any_blobs()) {
            let footer = footer_of(&blobs);
            let encoded = footer.encode();
            prop_assert_eq!(Footer::size(&encoded), Ok(encoded.len() as u64));
            prop_assert_eq!(Footer::decode(ID, footer.pack_bytes(), &encoded), Ok(footer));
        }

        #[test]
        fn reports_every_flipped_bit(blobs in any_blobs(), at: prop::sample::Index, bit in 0_u8..8) {
            let footer = footer_of(&blobs);
            let mut encoded = footer.encode().to_vec();
            let at = at.index(encoded.len());
            encoded[at] ^= 1_u8 << bit;
            prop_assert_eq!(Footer::decode(ID, footer.pack_bytes(), &encoded), Err(FooterDamaged));
        }

        #[test]
        fn reports_a_pack_that_was_cut_or_grew(blobs in any_blobs(), by in 1_u64..1000) {
            let footer = footer_of(&blobs);
            let encoded = footer.encode();
            let size = footer.pack_bytes();
            prop_assert_eq!(Footer::decode(ID, size + by, &encoded), Err(FooterDamaged));
            prop_assert_eq!(Footer::decode(ID, size.saturating_sub(by), &encoded), Err(FooterDamaged));
        }

        #[test]
        fn never_panics_on_anything(bytes: Vec<u8>, size: u64) {
            let _ = Footer::size(&bytes);
            prop_assert!(Footer::decode(ID, size, &bytes).is_err());
        }
    }

    #[test]
    fn refuses_the_footer_of_another_pack() {
        let footer = footer_of(&[vec![1]]);
        let other = PackId::from_bytes([8; 16]);
        assert_eq!(Footer::decode(other, footer.pack_bytes(), &footer.encode()), Err(FooterDamaged));
    }
}
