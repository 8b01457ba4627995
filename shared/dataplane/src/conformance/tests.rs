//! The suite on the reference implementation; that the suite can fail is shown in `sins`.

mod sins;

use std::sync::Arc;

use artifactstore_types::{BackendId, Clock, Location, Timestamp};
use async_trait::async_trait;

use super::{Damage, Offered, Subject};
use crate::{memory::MemoryPlane, spi::DataPlane};

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000).unwrap()
    }
}

pub(crate) struct InMemory(MemoryPlane);

pub(crate) fn in_memory() -> InMemory {
    let backend: BackendId = "memory".parse().unwrap();
    InMemory(MemoryPlane::new("node-a".parse().unwrap(), [backend], Arc::new(StandingClock)))
}

#[async_trait]
impl Subject for InMemory {
    fn plane(&self) -> Arc<dyn DataPlane> {
        Arc::new(self.0.clone())
    }

    fn backend_id(&self) -> BackendId {
        "memory".parse().unwrap()
    }

    fn boundaries(&self) -> Vec<usize> {
        vec![65_536, 300_000]
    }

    fn memory_bound_bytes(&self) -> Option<u64> {
        None
    }

    async fn crash(&mut self) -> Offered {
        Offered::No
    }

    async fn damage(&mut self, location: &Location, damage: Damage) -> Offered {
        let there = self.0.tamper(location, |mut bytes| match damage {
            Damage::FlippedBit => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                Some(bytes)
            }
            Damage::Cut => {
                bytes.truncate(bytes.len() / 2);
                Some(bytes)
            }
            Damage::Gone => None,
        });
        assert!(there);
        Offered::Yes
    }

    async fn set_reachable(&mut self, reachable: bool) -> Offered {
        self.0.set_reachable(&self.backend_id(), reachable);
        Offered::Yes
    }
}

mod memory_plane {
    crate::data_plane_conformance!(super::in_memory());
}
