//! What ends early leaves behind: objects under `staging` that were complete and had not got their address yet, and uploads
//! that were neither completed nor aborted. Nobody was told of them; after a day nobody is still working on them.

use std::{sync::Arc, time::Duration};

use artifactstore_types::{Clock, Fault, Timestamp};
use futures::TryStreamExt as _;
use object_store::{ObjectMeta, path::Path};

use crate::{
    faults, keys,
    s3::{Begun, UnfinishedUploads},
    stop::Stop,
    store::{Store, written_at},
};

/// Longer than any upload takes from its first part to its address.
const LEFT_SECONDS: u64 = 24 * 60 * 60;
/// How much is removed at once.
const AT_ONCE: usize = 8;
/// How long after one look the next one is taken.
const PAUSE: Duration = Duration::from_hours(6);

/// Removes what was left, now and then, until `stop` says so or is gone.
pub(crate) async fn sweep(store: Store, unfinished: Option<UnfinishedUploads>, clock: Arc<dyn Clock>, mut stop: Stop) {
    let sweep_on = async {
        loop {
            match sweep_once(&store, unfinished.as_ref(), &*clock).await {
                Err(fault) if faults::is_stopped(&fault) => return,
                Err(fault) => tracing::warn!(%fault, "what ended early is removed another time"),
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

async fn sweep_once(store: &Store, unfinished: Option<&UnfinishedUploads>, clock: &dyn Clock) -> Result<(), Fault> {
    remove_left(store, clock).await?;
    match unfinished {
        Some(unfinished) => abort_left(store, unfinished, clock).await,
        None => Ok(()),
    }
}

fn is_left(since: Timestamp, clock: &dyn Clock) -> bool {
    since.plus_seconds(LEFT_SECONDS) < clock.now()
}

async fn remove_left(store: &Store, clock: &dyn Clock) -> Result<(), Fault> {
    let listed = store.list(&Path::from(keys::STAGING), None);
    let remove = async |meta: ObjectMeta| {
        if is_left(written_at(&meta), clock) { store.delete(&meta.location).await } else { Ok(()) }
    };
    listed.try_for_each_concurrent(AT_ONCE, remove).await
}

async fn abort_left(store: &Store, unfinished: &UnfinishedUploads, clock: &dyn Clock) -> Result<(), Fault> {
    let listed = store.paced("listing unfinished uploads", unfinished.list());
    let abort = async |begun: Begun| {
        if keys::takes_uploads(&begun.key) && is_left(begun.at, clock) {
            store.bounded("aborting an upload", 0, unfinished.abort(&begun)).await
        } else {
            Ok(())
        }
    };
    listed.try_for_each_concurrent(AT_ONCE, abort).await
}
