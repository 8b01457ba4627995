//! The backends of a node, each opened by its kind: the one place that knows which kinds there are.

use artifactstore_engine::BackendOptions;
use artifactstore_types::{BackendId, BackendKind, Fault, NodeBackend};

use crate::{faults, settings::BackendSettings};

/// A backend to be opened, and what is said of it to control planes.
pub struct Prepared {
    pub options: BackendOptions,
    pub announced: NodeBackend,
}

/// Prepares a backend. A directory is locked from here on.
pub fn prepare(id: BackendId, settings: &BackendSettings) -> Result<Prepared, Fault> {
    let (options, kind, shared) = match settings {
        BackendSettings::Local { root, .. } => (BackendOptions::directory(id, root)?, "local", false),
        BackendSettings::S3(bucket) => {
            let options = bucket.options(|name| std::env::var(name).ok())?;
            (BackendOptions::s3(id, &options)?, "s3", bucket.is_shared())
        }
        BackendSettings::Memory { .. } => (BackendOptions::memory(id), "memory", false),
    };
    let kind: BackendKind = kind.parse().map_err(faults::settings_refused)?;
    let announced = NodeBackend { backend_id: options.id.clone(), kind, shared };
    Ok(Prepared { options, announced })
}
