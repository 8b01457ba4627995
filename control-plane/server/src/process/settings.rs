//! What a control plane is told when it starts: a TOML file, then environment variables, by the same names as every other
//! process of this store.

use std::{fmt, net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use artifactstore_dataplane::signing::JoinToken;
use artifactstore_kit::{LogFilter, LogFormat, Sources, settings::DatabaseUrl};
use artifactstore_service::{direct::DirectOptions, fleet::FleetOptions};
use artifactstore_serving::DoorOptions;
use artifactstore_types::{BackendId, Fault, NodeId, Zone};
use serde::Deserialize;

use super::faults;

/// The settings of a control plane. In a file, each is a key by the name of its field; in the environment, that name in
/// capitals after `ARTIFACTSTORE_`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControlPlaneSettings {
    /// Who this control plane is, in events it causes itself. Default `control-plane`.
    pub control_plane_id: NodeId,
    /// The database: `postgres://USER@HOST/DATABASE`, or `sqlite://PATH` where there is one control plane only. Default
    /// `sqlite://./var/artifactstore.db`.
    pub database_url: DatabaseUrl,
    /// Whether migrations are applied when the process starts; without, a schema that is not up to date is refused.
    /// Default `auto`: applied to a database in a file, checked on a server.
    pub migrations: Migrations,
    /// The Ed25519 key that tickets are signed with, in PKCS#8 PEM, mode 0600; made where it does not exist. Default
    /// `./var/control-plane.pem`.
    pub key_file: PathBuf,
    /// What nodes must have been given to join. Default none: every node that reaches this process joins.
    pub join_token: Option<Secret>,
    /// The backend new blobs go to. Default the first of whichever node takes them.
    pub backend_id: Option<BackendId>,
    /// Where nodes are preferred to stand. Default anywhere.
    pub zone: Option<Zone>,
    /// How long a ticket lives, in seconds; at most 3,600. Default 900.
    pub ticket_seconds: NonZeroU32,
    /// How often nodes send a heartbeat, in seconds. Default 2.
    pub heartbeat_seconds: NonZeroU32,
    /// How long a node may be silent before nothing new is sent to it, in seconds. Default 8.
    pub silence_seconds: NonZeroU32,
    /// What is logged. Default `info`.
    pub log_level: LogFilter,
    /// How: `text` or `json`. Default `text`.
    pub log_format: LogFormat,
    /// Where gRPC is served. Default `127.0.0.1:7070`.
    pub grpc_addr: SocketAddr,
    /// Where HTTP is served. Default `127.0.0.1:7071`.
    pub http_addr: SocketAddr,
    /// How many uploads may pass through this process at once; further ones wait. Default 64.
    pub max_ingests: NonZeroU32,
    /// How long a call may take until its answer begins, in seconds. Default 30.
    pub request_timeout_seconds: NonZeroU32,
    /// How long the database may take to say how it is, in seconds. Default 5.
    pub health_timeout_seconds: NonZeroU32,
    /// How long calls under way may go on after the process was asked to end, in seconds. Default 25, which fits the 30
    /// that Kubernetes waits.
    pub drain_timeout_seconds: NonZeroU32,
}

/// What happens to the schema when the process starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Migrations {
    /// It is brought up to date where the database is a file of this process, and checked where it is a server's.
    #[default]
    Auto,
    /// It is brought up to date.
    Apply,
    /// It is refused where it is not up to date.
    Check,
}

impl Default for ControlPlaneSettings {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            control_plane_id: NodeId::of_control_plane(),
            database_url: DatabaseUrl::default(),
            migrations: Migrations::default(),
            key_file: PathBuf::from("./var/control-plane.pem"),
            join_token: None,
            backend_id: None,
            zone: None,
            ticket_seconds: number::<900>(),
            heartbeat_seconds: number::<2>(),
            silence_seconds: number::<8>(),
            log_level: LogFilter::default(),
            log_format: LogFormat::default(),
            grpc_addr: local(7070),
            http_addr: local(7071),
            max_ingests: number::<64>(),
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

fn seconds(number: NonZeroU32) -> Duration {
    Duration::from_secs(number.get().into())
}

/// A setting, as help tells of it.
struct Setting {
    /// Its key in a file.
    name: &'static str,
    /// What is taken where nothing is said; nothing where that is nothing.
    default: &'static str,
    /// What it is for.
    meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

/// Every setting, in the order of interest.
const SETTINGS: &[Setting] = &[
    setting(
        "database_url",
        "sqlite://./var/artifactstore.db",
        "the registry: postgres://USER@HOST/DATABASE, or sqlite://PATH where there is one control plane only",
    ),
    setting("migrations", "auto", "apply: bring the schema up to date; check: refuse another; auto: apply to SQLite"),
    setting(
        "key_file",
        "./var/control-plane.pem",
        "the Ed25519 key that tickets are signed with; made where it is not",
    ),
    setting("join_token", "", "what nodes must have been given to join; without, every node that reaches this joins"),
    setting("control_plane_id", "control-plane", "who this is, in events it causes itself"),
    setting("grpc_addr", "127.0.0.1:7070", "where gRPC is served"),
    setting("http_addr", "127.0.0.1:7071", "where /health is served"),
    setting("backend_id", "", "the backend new blobs go to; without, the first of the node that takes them"),
    setting("zone", "", "where nodes are preferred to stand"),
    setting("ticket_seconds", "900", "how long a ticket lives; at most 3600"),
    setting("heartbeat_seconds", "2", "how often a node says that it lives"),
    setting("silence_seconds", "8", "how long a node may be silent before nothing new goes there"),
    setting("max_ingests", "64", "how many uploads may pass through this process at once"),
    setting("request_timeout_seconds", "30", "how long a call may take until its answer begins"),
    setting("health_timeout_seconds", "5", "how long the database may take to say how it is"),
    setting("drain_timeout_seconds", "25", "how long calls may go on once the process was asked to end"),
    setting("log_level", "info", "error, warn, info, debug, trace, also per module"),
    setting("log_format", "text", "text or json; logs go to standard error"),
];

/// What `--help` says.
pub fn help() -> String {
    let mut help = String::from(
        "A control plane of artifactstore: owns the registry, and sends clients and bytes to data-plane nodes.\n\n\
        Usage: artifactstore-control-plane [--help | --version]\n\n\
        It is told what it needs by the TOML file that ARTIFACTSTORE_CONFIG names (the names below in lower case, without\n\
        the prefix), then by the environment; the later wins, and a name that is not known is an error.\n\n",
    );
    let lines = |Setting { name, default, meaning }: &Setting| {
        let default = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        format!("  ARTIFACTSTORE_{}{default}\n      {meaning}\n", name.to_uppercase())
    };
    help += &SETTINGS.iter().map(lines).collect::<Vec<_>>().concat();
    help += "\nSeveral control planes on one PostgreSQL are one site: each serves everything, nodes are given the addresses of\n\
        all, and what only one may do at a time moves to another within seconds when its holder ends. It starts though\n\
        the database does not answer yet, and says so in /health and grpc.health.v1. SIGTERM and SIGINT end it in order.\n\n\
        Examples:\n  \
        artifactstore-control-plane\n  \
        ARTIFACTSTORE_DATABASE_URL=postgres://store@db/artifacts ARTIFACTSTORE_JOIN_TOKEN=... \\\n    \
        ARTIFACTSTORE_GRPC_ADDR=0.0.0.0:7070 artifactstore-control-plane\n";
    help
}

impl ControlPlaneSettings {
    /// Reads the settings of a control plane from its sources.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is not known, a value that does not fit its key.
    pub fn load(sources: &Sources) -> Result<Self, Fault> {
        let settings: Self = sources.settings().map_err(faults::settings_refused)?;
        if settings.silence_seconds <= settings.heartbeat_seconds {
            return Err(faults::settings_refused("silence_seconds must be more than heartbeat_seconds"));
        }
        if u64::from(settings.ticket_seconds.get()) > artifactstore_dataplane::ticket::MAX_LIFETIME_SECONDS {
            return Err(faults::settings_refused("ticket_seconds is at most 3600"));
        }
        Ok(settings)
    }

    /// Whether migrations are applied.
    pub(super) fn migrates(&self) -> bool {
        match self.migrations {
            Migrations::Apply => true,
            Migrations::Check => false,
            Migrations::Auto => self.database_url.expose().starts_with("sqlite:"),
        }
    }

    pub(super) fn doors(&self) -> DoorOptions {
        DoorOptions {
            request_timeout: seconds(self.request_timeout_seconds),
            health_timeout: seconds(self.health_timeout_seconds),
            drain_timeout: seconds(self.drain_timeout_seconds),
            ..DoorOptions::at(self.grpc_addr, self.http_addr)
        }
    }

    pub(super) fn health_timeout(&self) -> Duration {
        seconds(self.health_timeout_seconds)
    }

    pub(super) fn max_ingests(&self) -> usize {
        usize::try_from(self.max_ingests.get()).unwrap_or(usize::MAX)
    }

    pub(super) fn fleet(&self) -> Result<FleetOptions, Fault> {
        let actor = self.control_plane_id.as_str().parse().map_err(faults::settings_refused)?;
        let options = FleetOptions::new(self.control_plane_id.clone(), actor);
        Ok(FleetOptions {
            backend_id: self.backend_id.clone(),
            zone: self.zone.clone(),
            join_token: self.join_token.as_ref().map(Secret::join_token),
            heartbeat_interval: seconds(self.heartbeat_seconds),
            silence: seconds(self.silence_seconds),
            // A key outlives the last ticket that was signed with it.
            key_seconds: options.key_seconds.max(2 * u64::from(self.ticket_seconds.get())),
            ..options
        })
    }

    pub(super) fn direct(&self) -> DirectOptions {
        DirectOptions { ticket_seconds: self.ticket_seconds.get().into(), ..DirectOptions::default() }
    }
}

/// A text that is shown by nothing.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    fn join_token(&self) -> JoinToken {
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
