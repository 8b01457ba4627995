//! The whole store in memory: the reference the databases are held to, and what tests of other crates run on. It forgets
//! everything when it is dropped.

mod contracts;
mod log;
mod tables;
mod upkeep;
mod views;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use artifactstore_registry::DEFAULT_CLASSES;
use artifactstore_types::{ClassName, EventRecord, Ids, RetentionClass, Sequence};
use tokio::sync::watch;

use tables::Tables;

/// A store in memory.
pub struct MemoryStore {
    state: Mutex<State>,
    ids: Arc<dyn Ids>,
    head: watch::Sender<Sequence>,
}

#[derive(Default)]
struct State {
    log: Vec<EventRecord>,
    tables: Tables,
    classes: Vec<RetentionClass>,
}

impl MemoryStore {
    /// An empty store with the five classes, whose events take their ids from `ids`.
    pub fn new(ids: Arc<dyn Ids>) -> Self {
        let state = State { classes: default_classes(), ..State::default() };
        Self { state: Mutex::new(state), ids, head: watch::Sender::new(0) }
    }

    /// Nothing that holds the lock can leave the state half changed: a batch is decided before it is applied.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn head(&self) -> Sequence {
        self.log.last().map_or(0, |event| event.sequence)
    }
}

fn default_classes() -> Vec<RetentionClass> {
    let class = |default: &artifactstore_registry::DefaultClass| {
        Some(RetentionClass {
            name: ClassName::new(default.name).ok()?,
            description: default.description.to_owned(),
            duration_seconds: default.duration_seconds,
        })
    };
    let mut classes: Vec<_> = DEFAULT_CLASSES.iter().filter_map(class).collect();
    classes.sort_by(|left, right| left.name.cmp(&right.name));
    classes
}
