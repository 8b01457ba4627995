//! Which node takes an upload. Pure: from what is known of the nodes to one of them, the same in every control plane.
//!
//! Weighted rendezvous hashing: every node draws a lot for every key, a heavier one with better odds, and the best lot
//! wins. So a node that leaves gives up what was its own and moves nothing else, and one that joins takes its share of
//! everybody's. Load makes a node lighter. What the nodes are, and that their load is fresh, is left to the caller.

mod lot;
mod node;
mod place;
mod refused;

#[cfg(test)]
mod tests;

pub use lot::PlacementKey;
pub use node::Node;
pub use place::{Wanted, ZoneRule, place};
pub use refused::{CODES, PlacementRefused};
