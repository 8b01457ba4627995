//! How a backend is: whether an object can be written to it and removed, and how full its device is. Every question has
//! a deadline of its own, so that a disk that hangs is an answer too.

use std::{path::PathBuf, time::Duration};

use artifactstore_types::{BackendHealth, Fault};

use crate::{backend::Backend, keys};

/// How long a backend may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at one backend.
pub(crate) async fn look(backend: &Backend) -> BackendHealth {
    let (probed, space) = tokio::join!(
        tokio::time::timeout(PATIENCE, probe(backend)),
        tokio::time::timeout(PATIENCE, space(backend.volume.clone()))
    );
    let reason = match probed {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => Some(fault.message),
        Err(_) => Some("it does not answer".to_owned()),
    };
    let space = space.ok().flatten();
    BackendHealth {
        backend_id: backend.id.clone(),
        reachable: reason.is_none(),
        reason,
        used_bytes: space.map(|space| space.used),
        free_bytes: space.map(|space| space.free),
    }
}

async fn probe(backend: &Backend) -> Result<(), Fault> {
    let key = keys::staging(backend.ids.next());
    backend.prompt.put(&key, "probe".into()).await?;
    backend.prompt.delete(&key).await
}

#[derive(Clone, Copy)]
struct Space {
    used: u64,
    free: u64,
}

async fn space(volume: Option<PathBuf>) -> Option<Space> {
    let volume = volume?;
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&volume)).await;
    let found = asked.ok()?.ok()?;
    let used = found.f_blocks.saturating_sub(found.f_bfree).saturating_mul(found.f_frsize);
    Some(Space { used, free: found.f_bavail.saturating_mul(found.f_frsize) })
}
