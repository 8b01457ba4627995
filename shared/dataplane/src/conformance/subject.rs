//! What an implementation offers to be tested.

use std::sync::Arc;

use artifactstore_types::{BackendId, Location};
use async_trait::async_trait;

use crate::spi::DataPlane;

/// Whether a subject can do what a test asks of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It was done.
    Yes,
    /// It cannot be done here; what rests on it is not looked at.
    No,
}

/// What can happen to stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// One bit of the blob is another.
    FlippedBit,
    /// The stored object ends in the middle of the blob.
    Cut,
    /// The stored object is gone.
    Gone,
}

/// A data plane under test, with what a test needs besides.
#[async_trait]
pub trait Subject: Send + Sync {
    /// The plane, as it is open now.
    fn plane(&self) -> Arc<dyn DataPlane>;

    /// A backend of it.
    fn backend_id(&self) -> BackendId;

    /// Sizes, in bytes, at which the implementation does something else: each is tried, and one less and one more.
    fn boundaries(&self) -> Vec<usize>;

    /// How many bytes an ingest may hold at once, where it runs in this process. `None`: it is not bounded, or not here.
    fn memory_bound_bytes(&self) -> Option<u64>;

    /// Ends the plane without letting it finish anything, as a crash would, and opens it again on what is durable.
    async fn crash(&mut self) -> Offered;

    /// Damages what lies at a location, behind the plane's back.
    async fn damage(&mut self, location: &Location, damage: Damage) -> Offered;

    /// Cuts the backend off, or connects it again.
    async fn set_reachable(&mut self, reachable: bool) -> Offered;
}
