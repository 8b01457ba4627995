//! What crashes leave under `staging`: objects that were complete and had not got their address yet. Nobody was told of
//! them; after a day nobody is still working on them.

use std::{sync::Arc, time::Duration};

use artifactstore_types::{Clock, Fault};
use futures::TryStreamExt as _;
use object_store::path::Path;

use crate::{
    faults, keys,
    stop::Stop,
    store::{Store, written_at},
};

/// Longer than any upload takes from its last part to its address.
const LEFT_SECONDS: u64 = 24 * 60 * 60;

/// How long after one look the next one is taken.
const PAUSE: Duration = Duration::from_hours(6);

/// Removes what was left, now and then, until `stop` says so or is gone.
pub(crate) async fn sweep(store: Store, clock: Arc<dyn Clock>, mut stop: Stop) {
    let sweep_on = async {
        loop {
            match remove_left(&store, &*clock).await {
                Err(fault) if faults::is_stopped(&fault) => return,
                Err(fault) => tracing::warn!(%fault, "what was left under staging is removed another time"),
                Ok(()) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        () = sweep_on => {}
        () = stop.said() => {}
    }
}

async fn remove_left(store: &Store, clock: &dyn Clock) -> Result<(), Fault> {
    let mut listed = store.list(&Path::from(keys::STAGING), None);
    while let Some(meta) = listed.try_next().await? {
        if written_at(&meta).plus_seconds(LEFT_SECONDS) < clock.now() {
            store.delete(&meta.location).await?;
        }
    }
    Ok(())
}
