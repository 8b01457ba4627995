//! What the tests of this crate share: engines on stores of every kind, a disk that forgets what was not synced, a
//! store that fails when told to, and a bucket of a real store behind a proxy that gets in the way.

pub mod bucket;
pub mod faulty_store;
pub mod forgetful_disk;
pub mod proxy;
pub mod watched_disk;

use std::sync::Arc;

use artifactstore_engine::{BackendOptions, Engine, EngineOptions};
use artifactstore_types::{BackendId, SystemClock, SystemIds};

/// The name of the one backend of these engines.
pub fn backend_id() -> BackendId {
    "test".parse().unwrap()
}

/// The usual options on one backend.
pub fn options(backend: BackendOptions) -> EngineOptions {
    EngineOptions::new("node-a".parse().unwrap(), vec![backend], Arc::new(SystemClock), Arc::new(SystemIds))
}

/// An engine on one backend.
pub async fn open(backend: BackendOptions) -> Engine {
    Engine::open(options(backend)).await.unwrap()
}

/// Waits until something holds that other tasks and threads bring about.
pub async fn eventually(mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), wait).await.expect("it never came to hold");
}
