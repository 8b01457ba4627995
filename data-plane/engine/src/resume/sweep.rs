//! Uploads that nobody went on with within their life, and answers that nobody asked for again.

use std::{sync::Arc, time::Duration};

use artifactstore_types::{Clock, Fault};
use object_store::path::Path;
use tokio::time;

use super::{
    LIFE_SECONDS, Uploads, parts,
    record::{Open, State},
};
use crate::{stop::Stop, store::Store};

/// How long the sweeper rests.
const REST: Duration = Duration::from_hours(1);

/// Removes what was left, again and again.
pub(crate) async fn sweep(uploads: Arc<Uploads>, store: Store, clock: Arc<dyn Clock>, mut stop: Stop) {
    loop {
        let swept = tokio::select! {
            swept = remove_left(&uploads, &store, &*clock) => swept,
            () = stop.said() => return,
        };
        if let Err(fault) = swept {
            tracing::warn!(%fault, "uploads that were left are removed another time");
        }
        tokio::select! {
            () = time::sleep(REST) => {}
            () = stop.said() => return,
        }
    }
}

async fn remove_left(uploads: &Uploads, store: &Store, clock: &dyn Clock) -> Result<(), Fault> {
    for (key, record) in uploads.records.list().await? {
        if record.begun_at.plus_seconds(LIFE_SECONDS) >= clock.now() {
            continue;
        }
        // Whoever still writes it has had a day.
        let _turn = uploads.turns.take(key).await?;
        if let State::Open(Open { target, multipart_id, .. }) = record.state {
            parts::abort(store, &*uploads.parts, &Path::from(target), &multipart_id).await;
        }
        uploads.records.remove(key).await?;
    }
    Ok(())
}
