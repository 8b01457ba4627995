//! The reference implementation: everything in a map.

/// A data plane in memory.
pub struct MemoryPlane;
