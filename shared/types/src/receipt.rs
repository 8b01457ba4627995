//! Where bytes lie, and what a data-plane node says after it has made them durable.

use crate::{
    address::ContentAddress,
    digest::DualDigest,
    name::{BackendId, NodeId},
    timestamp::Timestamp,
};

/// Where a blob's bytes lie: a run of bytes in one stored object of one backend. Keys are made by the data plane from
/// digests alone; nothing from a user becomes part of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// The backend.
    pub backend_id: BackendId,
    /// The key of the stored object: a blob of its own, or a pack that holds many.
    pub key: String,
    /// The first byte of the blob in the object.
    pub offset: u64,
    /// The blob's size in bytes.
    pub length: u64,
}

/// A node's statement that a blob is durable: these bytes, with these digests, lie at this place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Both digests and the size.
    pub digests: DualDigest,
    /// Where the bytes lie.
    pub location: Location,
    /// The node that stored them.
    pub node_id: NodeId,
    /// When they became durable.
    pub stored_at: Timestamp,
}

impl Receipt {
    /// The blob's name.
    pub fn address(&self) -> ContentAddress {
        ContentAddress::from_blake3(*self.digests.blake3.bytes())
    }
}

/// A location as the registry keeps it, with the blob it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLocation {
    /// The blob.
    pub content_address: ContentAddress,
    /// Where it lies.
    pub location: Location,
    /// The node that stored it.
    pub node_id: NodeId,
    /// When it became durable.
    pub stored_at: Timestamp,
}
