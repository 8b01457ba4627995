//! What a node is opened with.

use std::{fmt, fs::File, path::Path, sync::Arc, time::Duration};

use artifactstore_dataplane::signing::{JoinToken, KeyFileRefused, SigningKey};
use artifactstore_engine::BackendOptions;
use artifactstore_serving::DoorOptions;
use artifactstore_types::{Clock, Endpoint, Fault, Ids, NodeBackend, NodeId, SystemClock, SystemIds, Zone};

use crate::{
    backends, faults,
    load::Limits,
    settings::{Checked, NodeSettings, Secret, seconds},
};

/// Who a node is, to its control planes.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its name, for ever.
    pub node_id: NodeId,
    /// Where it is reached; `None` means where it listens.
    pub endpoint: Option<Endpoint>,
    /// Where it stands, where that is known.
    pub zone: Option<Zone>,
    /// How much work it is meant for in relation to the others.
    pub weight: u32,
}

/// What a node is opened with. Nothing here is read from the environment; clock and ids are handed in.
pub struct NodeOptions {
    /// Who it is.
    pub identity: Identity,
    /// What it signs with.
    pub key: SigningKey,
    /// Its backends, each with what is announced of it; the first is the one for bytes without a wish.
    pub backends: Vec<(BackendOptions, NodeBackend)>,
    /// The control planes it announces itself to.
    pub control_planes: Vec<Endpoint>,
    /// What it shows those that ask for it.
    pub join_token: Option<JoinToken>,
    /// Where and how calls are served.
    pub doors: DoorOptions,
    /// How many transfers may be under way.
    pub limits: Limits,
    /// How long a client may send or take nothing.
    pub idle_timeout: Duration,
    /// Where times come from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
}

impl NodeOptions {
    /// The options that the settings of a process mean. Backends that are directories are locked, and a key is made where
    /// there is none.
    ///
    /// # Errors
    /// A setting that is missing or no word of its kind; a file or directory that cannot be used.
    pub fn from_settings(settings: &NodeSettings) -> Result<Self, Fault> {
        let Checked { identity, control_planes, backends } = settings.checked()?;
        let backends = backends.into_iter().map(|(id, backend)| {
            let prepared = backends::prepare(id, &backend)?;
            Ok((prepared.options, prepared.announced))
        });
        Ok(Self {
            identity,
            key: load_or_make_key(&settings.key_file)?,
            backends: backends.collect::<Result<_, Fault>>()?,
            control_planes,
            join_token: settings.join_token.as_ref().map(Secret::join_token),
            doors: DoorOptions {
                request_timeout: seconds(settings.request_timeout_seconds),
                health_timeout: seconds(settings.health_timeout_seconds),
                drain_timeout: seconds(settings.drain_timeout_seconds),
                ..DoorOptions::at(settings.grpc_addr, settings.http_addr)
            },
            limits: Limits { uploads: settings.max_uploads.get(), downloads: settings.max_downloads.get() },
            idle_timeout: seconds(settings.idle_timeout_seconds),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        })
    }
}

impl fmt::Debug for NodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeOptions")
            .field("identity", &self.identity)
            .field("backends", &self.backends)
            .field("control_planes", &self.control_planes)
            .field("doors", &self.doors)
            .finish_non_exhaustive()
    }
}

/// The key of the file, or a new one where there is no file. A key is pinned by the control plane, so it must outlive the
/// process.
fn load_or_make_key(path: &Path) -> Result<SigningKey, Fault> {
    match SigningKey::load(path) {
        Err(KeyFileRefused::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
        loaded => return Ok(loaded?),
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| faults::unusable(folder, &error))?;
    }
    let entropy = Path::new("/dev/urandom");
    let unusable = |error| faults::unusable(entropy, &error);
    let key = SigningKey::generate(&mut File::open(entropy).map_err(unusable)?).map_err(unusable)?;
    key.store(path)?;
    tracing::info!(path = %path.display(), key = %key.key_id(), "made a key for this node");
    Ok(key)
}
