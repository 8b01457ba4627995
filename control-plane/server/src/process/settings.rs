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
    /// How long a call that is not a stream may take at most, in seconds. Default 30.
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
mod tests {
    use super::*;

    fn said(variables: &[(&str, &str)]) -> Result<ControlPlaneSettings, Fault> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ControlPlaneSettings::load(&Sources { file: None, variables })
    }

    #[test]
    fn every_setting_can_be_said_and_a_secret_is_not_shown() {
        let settings = said(&[
            ("ARTIFACTSTORE_CONTROL_PLANE_ID", "control-b"),
            ("ARTIFACTSTORE_JOIN_TOKEN", "open sesame"),
            ("ARTIFACTSTORE_ZONE", "rack-1"),
            ("ARTIFACTSTORE_BACKEND_ID", "rgw"),
            ("ARTIFACTSTORE_MIGRATIONS", "check"),
            ("ARTIFACTSTORE_TICKET_SECONDS", "60"),
        ])
        .unwrap();
        assert!(!format!("{settings:?}").contains("sesame"));
        let fleet = settings.fleet().unwrap();
        assert_eq!((fleet.name.as_str(), fleet.actor.as_str()), ("control-b", "control-b"));
        assert!(fleet.join_token.is_some());
        assert_eq!(settings.direct().ticket_seconds, 60);
        assert!(!settings.migrates());
    }

    #[test]
    fn a_database_in_a_file_is_brought_up_to_date_and_one_on_a_server_checked() {
        assert!(said(&[]).unwrap().migrates());
        assert!(!said(&[("ARTIFACTSTORE_DATABASE_URL", "postgres://localhost/a")]).unwrap().migrates());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (name, value) in [
            ("ARTIFACTSTORE_TICKET_SECONDS", "3601"),
            ("ARTIFACTSTORE_SILENCE_SECONDS", "2"),
            ("ARTIFACTSTORE_HEARTBEAT_SECONDS", "0"),
            ("ARTIFACTSTORE_ZONE", "Rack 1"),
            ("ARTIFACTSTORE_STORAGE_LOCAL_ROOT", "./var/storage"),
        ] {
            assert_eq!(&*said(&[(name, value)]).unwrap_err().code, "AS-CONTROL-0001", "{name}");
        }
    }
}
