//! What a node is told when it starts: a TOML file, then environment variables, by the same names as every other process
//! of this store.

mod bucket;
mod help;

use std::{collections::HashSet, fmt, net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use artifactstore_dataplane::signing::JoinToken;
use artifactstore_kit::{LogFilter, LogFormat, Sources};
use artifactstore_types::{BackendId, Endpoint, Fault, NodeDescription};
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{faults, options::Identity};

pub use bucket::{BucketSettings, NamedIn};
pub use help::help;

/// The settings of a node. In a file, each is a key by the name of its field; in the environment, that name in capitals
/// after `ARTIFACTSTORE_`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodeSettings {
    /// The identity that receipts carry and control planes know. Must be given.
    pub node_id: String,
    /// Where clients and control planes reach this node. Default `http://` and `grpc_addr`.
    pub endpoint: Option<String>,
    /// Where it stands, compared with the zone of clients and never interpreted. Default none.
    pub zone: Option<String>,
    /// How much work it is meant for in relation to the others; 0 takes none. Default 100.
    pub weight: u32,
    /// The control planes, each `http://HOST:PORT`; in the environment separated by commas. Must be given.
    pub control_planes: List,
    /// What control planes that ask for it want to know before a node may join. Default none.
    pub join_token: Option<Secret>,
    /// The node's Ed25519 key in PKCS#8 PEM, mode 0600; made where it does not exist. Default `./var/node.pem`.
    pub key_file: PathBuf,
    /// The directory of the backend `local`, where no backends are listed. Default `./var/storage`.
    pub storage_local_root: PathBuf,
    /// The backends, the one for bytes without a wish first; in a file only. Default one, `local`.
    pub backends: Vec<BackendSettings>,
    /// What is logged. Default `info`.
    pub log_level: LogFilter,
    /// How: `text` or `json`. Default `text`.
    pub log_format: LogFormat,
    /// Where gRPC is served. Default `127.0.0.1:7080`.
    pub grpc_addr: SocketAddr,
    /// Where HTTP is served. Default `127.0.0.1:7081`.
    pub http_addr: SocketAddr,
    /// How many uploads may be under way at once. Default 64.
    pub max_uploads: NonZeroU32,
    /// How many downloads may be under way at once. Default 256.
    pub max_downloads: NonZeroU32,
    /// How long a client may send or take nothing before its stream is ended, in seconds. Default 60.
    pub idle_timeout_seconds: NonZeroU32,
    /// How long a call may take until its answer begins, in seconds. Default 30.
    pub request_timeout_seconds: NonZeroU32,
    /// How long the backends may take to say how they are, in seconds. Default 5.
    pub health_timeout_seconds: NonZeroU32,
    /// How long transfers under way may go on after the process was asked to end, in seconds. Default 25, which fits the
    /// 30 that Kubernetes waits.
    pub drain_timeout_seconds: NonZeroU32,
}

impl Default for NodeSettings {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            node_id: String::new(),
            endpoint: None,
            zone: None,
            weight: 100,
            control_planes: List::default(),
            join_token: None,
            key_file: PathBuf::from("./var/node.pem"),
            storage_local_root: PathBuf::from("./var/storage"),
            backends: Vec::new(),
            log_level: LogFilter::default(),
            log_format: LogFormat::default(),
            grpc_addr: local(7080),
            http_addr: local(7081),
            max_uploads: number::<64>(),
            max_downloads: number::<256>(),
            idle_timeout_seconds: number::<60>(),
            request_timeout_seconds: number::<30>(),
            health_timeout_seconds: number::<5>(),
            drain_timeout_seconds: number::<25>(),
        }
    }
}

const fn number<const N: u32>() -> NonZeroU32 {
    match NonZeroU32::new(N) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl NodeSettings {
    /// Reads the settings of a node from its sources.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is not known, a value that does not fit its key.
    pub fn load(sources: &Sources) -> Result<Self, Fault> {
        sources.settings().map_err(faults::settings_refused)
    }

    /// What the settings mean, told in lines. Nothing is opened or made.
    ///
    /// # Errors
    /// A setting that is missing, or no word of its kind.
    pub fn told(&self) -> Result<String, Fault> {
        let Checked { identity, control_planes, backends } = self.checked()?;
        let Identity { node_id, endpoint, zone, weight } = identity;
        let endpoint = endpoint.map_or_else(|| format!("http://{}", self.grpc_addr), |endpoint| endpoint.to_string());
        let zone = zone.map(|zone| format!(", zone {zone}")).unwrap_or_default();
        let made = if self.key_file.exists() { "" } else { " (will be made)" };
        let mut told = vec![
            format!("node {node_id}, reached at {endpoint}, weight {weight}{zone}"),
            format!("listens for gRPC on {}, for HTTP on {}", self.grpc_addr, self.http_addr),
            format!("key {}{made}", self.key_file.display()),
        ];
        told.extend(control_planes.iter().map(|control_plane| format!("control plane {control_plane}")));
        told.extend(backends.iter().map(|(id, backend)| format!("backend {id}: {}", backend.told())));
        Ok(told.join("\n") + "\n")
    }

    /// What the settings mean.
    pub(crate) fn checked(&self) -> Result<Checked, Fault> {
        if self.node_id.is_empty() {
            return Err(faults::settings_refused("node_id is missing"));
        }
        if self.control_planes.0.is_empty() {
            return Err(faults::settings_refused("control_planes is missing"));
        }
        if self.weight > NodeDescription::MAX_WEIGHT {
            return Err(refused("weight", format_args!("it is at most {}", NodeDescription::MAX_WEIGHT)));
        }
        let identity = Identity {
            node_id: self.node_id.parse().map_err(|why| refused("node_id", why))?,
            endpoint: self.endpoint.as_deref().map(str::parse).transpose().map_err(|why| refused("endpoint", why))?,
            zone: self.zone.as_deref().map(str::parse).transpose().map_err(|why| refused("zone", why))?,
            weight: self.weight,
        };
        if identity.endpoint.is_none() && self.grpc_addr.ip().is_unspecified() {
            let why = "endpoint is missing: the address that gRPC listens on is not one that others can reach";
            return Err(faults::settings_refused(why));
        }
        let control_planes =
            self.control_planes.0.iter().map(|plane| plane.parse().map_err(|why| refused("control_planes", why)));
        let mut names = HashSet::new();
        let backends = self.backends().into_iter().map(|backend| {
            let id: BackendId = backend.id().parse().map_err(|why| refused("backends", why))?;
            if !names.insert(id.clone()) {
                return Err(faults::settings_refused(format_args!("backends: two are named {id}")));
            }
            Ok((id, backend))
        });
        let backends = backends.collect::<Result<_, Fault>>()?;
        Ok(Checked { identity, control_planes: control_planes.collect::<Result<_, _>>()?, backends })
    }

    /// The backends listed, or the one there is where none is.
    pub fn backends(&self) -> Vec<BackendSettings> {
        if self.backends.is_empty() {
            vec![BackendSettings::Local { id: "local".to_owned(), root: self.storage_local_root.clone() }]
        } else {
            self.backends.clone()
        }
    }
}

/// Settings that say what can be.
pub(crate) struct Checked {
    pub identity: Identity,
    pub control_planes: Vec<Endpoint>,
    pub backends: Vec<(BackendId, BackendSettings)>,
}

fn refused(key: &str, why: impl fmt::Display) -> Fault {
    faults::settings_refused(format_args!("{key}: {why}"))
}

/// So many seconds.
pub(crate) fn seconds(number: NonZeroU32) -> Duration {
    Duration::from_secs(number.get().into())
}

/// One backend of a node, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum BackendSettings {
    /// A directory of this machine. Nobody else reaches it, so no other node may have a backend of this id.
    Local {
        /// Its name over the whole site.
        id: String,
        /// The directory.
        root: PathBuf,
    },
    /// A bucket, which several nodes may share.
    S3(Box<BucketSettings>),
    /// Memory of this process, for tests: gone when the process is.
    Memory {
        /// Its name over the whole site.
        id: String,
    },
}

impl BackendSettings {
    /// Its name, as it was given.
    fn id(&self) -> &str {
        match self {
            Self::Local { id, .. } | Self::Memory { id } => id,
            Self::S3(bucket) => &bucket.id,
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Local { root, .. } => format!("the directory {}", root.display()),
            Self::S3(bucket) => bucket.told(),
            Self::Memory { .. } => "memory, gone when the process is".to_owned(),
        }
    }
}

/// Words in a list, or in one text separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List(pub Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            List(Vec<String>),
            Text(String),
        }
        let words = match Either::deserialize(deserializer)? {
            Either::List(words) => words,
            Either::Text(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
        };
        if words.iter().any(String::is_empty) {
            return Err(D::Error::custom("an entry of the list is empty"));
        }
        Ok(Self(words))
    }
}

/// A text that is shown by nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The token with this text.
    pub(crate) fn join_token(&self) -> JoinToken {
        JoinToken::new(self.0.clone())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests;
