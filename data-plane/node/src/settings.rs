//! What a node is told when it starts: a TOML file, then environment variables, by the same names as every other process
//! of this store.

use std::{fmt, net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use artifactstore_dataplane::signing::JoinToken;
use artifactstore_kit::{LogFilter, LogFormat, Sources};
use artifactstore_types::Fault;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::faults;

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
    pub upload_limit: NonZeroU32,
    /// How many downloads may be under way at once. Default 256.
    pub download_limit: NonZeroU32,
    /// How long a client may send or take nothing before its stream is ended, in seconds. Default 60.
    pub idle_timeout_seconds: NonZeroU32,
    /// How long a call that is not a stream may take at most, in seconds. Default 30.
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
            upload_limit: number::<64>(),
            download_limit: number::<256>(),
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

    /// The backends listed, or the one there is where none is.
    pub fn backends(&self) -> Vec<BackendSettings> {
        if self.backends.is_empty() {
            vec![BackendSettings::Local { id: "local".to_owned(), root: self.storage_local_root.clone() }]
        } else {
            self.backends.clone()
        }
    }
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
    /// Memory of this process, for tests: gone when the process is.
    Memory {
        /// Its name over the whole site.
        id: String,
    },
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
