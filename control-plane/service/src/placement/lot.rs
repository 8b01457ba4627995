//! The lot that a node draws for a key. Invariant: it depends on these two and the node's odds alone, so that every control
//! plane draws the same.

use std::cmp::Ordering;

use artifactstore_types::{Algorithm, ContentAddress, Digest, NodeId, PackageId, RelativePath};

use super::node::Node;

/// What is placed: the same key goes to the same node while the nodes stay the same, so that an upload that is taken up
/// again finds its node, and one blob pushed twice at once meets itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacementKey(Digest);

impl PlacementKey {
    /// The key of a blob that is known by its address.
    pub const fn of_blob(address: &ContentAddress) -> Self {
        Self(address.digest())
    }

    /// The key of a file whose bytes are not known yet.
    pub fn of_file(package_id: PackageId, path: &RelativePath) -> Self {
        let named = [package_id.uuid().as_bytes(), path.as_str().as_bytes()].concat();
        Self(Algorithm::Blake3.digest(&named))
    }
}

impl PlacementKey {
    /// A digest of key and node: the order in which nodes come for a key where their weight does not matter.
    pub fn with(&self, node_id: &NodeId) -> [u8; 32] {
        // The key has a fixed length, so no two pairs are written alike.
        let pair = [self.0.bytes(), node_id.as_str().as_bytes()].concat();
        *Algorithm::Blake3.digest(&pair).bytes()
    }
}

/// A lot; the greatest wins, and no two nodes draw equal ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot<'a> {
    /// The logarithm of a number below one, divided by the odds: never positive, and with twice the odds half as far from 0.
    value: f64,
    node: &'a Node,
}

impl<'a> Lot<'a> {
    pub fn draw(key: &PlacementKey, node: &'a Node) -> Self {
        let digest = key.with(&node.node_id);
        // 53 bits are what a float holds exactly; the half keeps the number off both 0 and 1.
        let bits = u64::from_be_bytes(std::array::from_fn(|at| digest[at])) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "the number has 53 bits, and odds are below 2^39")]
        let value = ((bits as f64 + 0.5) / (1u64 << 53) as f64).ln() / node.odds() as f64;
        Self { value, node }
    }

    pub const fn node(&self) -> &'a Node {
        self.node
    }

    /// Ordered by value, then by the node's name.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.value.total_cmp(&other.value).then_with(|| self.node.node_id.cmp(&other.node.node_id))
    }
}
