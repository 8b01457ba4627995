//! The short keys that blobs and locations are looked for by. Addresses are digests, so a row lands anywhere in an index of
//! them, and what a commit costs is how many pages of that index it touches: the shorter a key, the fewer.

use artifactstore_types::{ContentAddress, Namespace, StoredLocation};

/// Half of a location's identity: whose bytes they are, or where they lie.
const HALF: usize = 8;

/// What a place is known by. The first half is the beginning of the blob's digest, so that a blob's locations lie together;
/// the second is the beginning of BLAKE3 over address, backend, offset, length and key, so that the same place recorded
/// twice is one row.
pub type LocationId = [u8; 2 * HALF];

/// What a blob is looked for by within a namespace: the beginning of BLAKE3 over both. Two blobs may share one; whoever
/// looks compares namespace and address as well.
pub fn blob_key(namespace: &Namespace, address: &ContentAddress) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(address.bytes());
    hasher.update(namespace.as_str().as_bytes());
    i64::from_be_bytes(beginning(hasher.finalize().as_bytes()))
}

/// The first and the last identity that locations of this blob may have.
pub fn location_ids_of(address: &ContentAddress) -> (LocationId, LocationId) {
    let blob = beginning(address.bytes());
    (joined(blob, [0; HALF]), joined(blob, [u8::MAX; HALF]))
}

/// The identity of this place.
pub(super) fn location_id(stored: &StoredLocation) -> LocationId {
    let at = &stored.location;
    let mut hasher = blake3::Hasher::new();
    hasher.update(stored.content_address.bytes());
    hasher.update(&(at.backend_id.as_str().len() as u64).to_be_bytes());
    hasher.update(at.backend_id.as_str().as_bytes());
    hasher.update(&at.offset.to_be_bytes());
    hasher.update(&at.length.to_be_bytes());
    hasher.update(at.key.as_bytes());
    joined(beginning(stored.content_address.bytes()), beginning(hasher.finalize().as_bytes()))
}

fn beginning(digest: &[u8; 32]) -> [u8; HALF] {
    let mut half = [0; HALF];
    half.copy_from_slice(&digest[..HALF]);
    half
}

fn joined(blob: [u8; HALF], place: [u8; HALF]) -> LocationId {
    let mut id = [0; 2 * HALF];
    id[..HALF].copy_from_slice(&blob);
    id[HALF..].copy_from_slice(&place);
    id
}
