//! What a process is told when it starts: defaults, then a TOML file, then environment variables, the later winning.
//! A key that is not known is an error in either, so that a misspelt one is not silently a default.

use std::{env, fmt, net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::telemetry::{LogFilter, LogFormat};

/// What every environment variable read here begins with.
const PREFIX: &str = "ARTIFACTSTORE_";
/// The variable that names the file, in place of a key.
const FILE: &str = "ARTIFACTSTORE_CONFIG";

/// The settings of a process. In a file, each is a key by the name of its field; in the environment, that name in
/// capitals after `ARTIFACTSTORE_`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The database: `sqlite://PATH` or `postgres://USER@HOST/DATABASE`. Default `sqlite://./var/artifactstore.db`.
    pub database_url: DatabaseUrl,
    /// The directory that holds the bytes. Default `./var/storage`.
    pub storage_local_root: PathBuf,
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
    /// How long the database and the backends may take to say how they are, in seconds. Default 5.
    pub health_timeout_seconds: NonZeroU32,
    /// How long calls under way may go on after the process was asked to end, in seconds. Default 25, which fits the 30
    /// that Kubernetes waits.
    pub drain_timeout_seconds: NonZeroU32,
    /// How many uploads are under way at once at most; further ones wait. Default 64.
    pub max_ingests: NonZeroU32,
    /// Where commands find a server. A server itself passes this one and the three below over.
    pub server: Option<String>,
    /// The directory commands work on without a server.
    pub embedded: Option<PathBuf>,
    /// What commands work in where they are not told.
    pub namespace: Option<String>,
    /// On whose behalf commands change something where they are not told.
    pub actor: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            database_url: DatabaseUrl::default(),
            storage_local_root: PathBuf::from("./var/storage"),
            log_level: LogFilter::default(),
            log_format: LogFormat::default(),
            grpc_addr: local(7070),
            http_addr: local(7071),
            request_timeout_seconds: number::<30>(),
            health_timeout_seconds: number::<5>(),
            drain_timeout_seconds: number::<25>(),
            max_ingests: number::<64>(),
            server: None,
            embedded: None,
            namespace: None,
            actor: None,
        }
    }
}

const fn number<const N: u32>() -> NonZeroU32 {
    match NonZeroU32::new(N) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Settings {
    /// Reads the settings of a process from its sources.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is not known, a value that does not fit its key.
    pub fn load(sources: &Sources) -> Result<Self, SettingsRefused> {
        sources.settings()
    }

    /// How long a call that is not a stream may take at most.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.get().into())
    }

    /// How long the database and the backends may take to say how they are.
    pub fn health_timeout(&self) -> Duration {
        Duration::from_secs(self.health_timeout_seconds.get().into())
    }

    /// How long calls under way may go on after the process was asked to end.
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_secs(self.drain_timeout_seconds.get().into())
    }

    /// How many uploads are under way at once at most.
    pub fn max_ingests(&self) -> usize {
        usize::try_from(self.max_ingests.get()).unwrap_or(usize::MAX)
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsRefused {
    /// An environment variable is not UTF-8.
    #[error("environment variable {0} is not UTF-8")]
    NotText(String),
    /// A source cannot be read, a key is not known or a value does not fit; the text names key and source.
    #[error(transparent)]
    Value(Box<figment::Error>),
}

/// Where a database is. Shown without its password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self("sqlite://./var/artifactstore.db".to_owned())
    }
}

impl DatabaseUrl {
    /// The URL, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A password may stand between the first `:` after the scheme and the last `@`, or among the parameters.
        let (url, parameters) = self.0.split_once('?').map_or((self.0.as_str(), ""), |(url, _)| (url, "?…"));
        let user = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
        match user {
            Some((scheme, (user, host))) => {
                let hidden = if user.contains(':') { ":…" } else { "" };
                let name = user.split(':').next().unwrap_or_default();
                write!(f, "{scheme}://{name}{hidden}@{host}{parameters}")
            }
            None => write!(f, "{url}{parameters}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where settings come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The TOML file, if there is one.
    pub file: Option<PathBuf>,
    /// Environment variables by their whole names. Those that do not begin with `ARTIFACTSTORE_`, and those without a
    /// value, say nothing.
    pub variables: Vec<(String, String)>,
}

impl Sources {
    /// The environment of this process, without the variables that something else in it reads (by their whole names).
    ///
    /// # Errors
    /// A variable that is not UTF-8.
    pub fn of_process(read_elsewhere: &[&str]) -> Result<Self, SettingsRefused> {
        let mut sources = Self::default();
        for (name, value) in env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            let value = value.into_string().map_err(|_| SettingsRefused::NotText(name.to_owned()))?;
            if name == FILE {
                sources.file = Some(value).filter(|file| !file.is_empty()).map(PathBuf::from);
            } else if !read_elsewhere.contains(&name) {
                sources.variables.push((name.to_owned(), value));
            }
        }
        Ok(sources)
    }

    /// The settings that these sources say, of a process of any kind.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is not known, a value that does not fit its key.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, SettingsRefused> {
        let mut figment = Figment::new();
        if let Some(file) = &self.file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment.merge(Variables(&self.variables)).extract().map_err(|error| SettingsRefused::Value(Box::new(error)))
    }
}

/// What the last word of a key says that its value is a number.
const NUMBERS: [&str; 2] = ["seconds", "weight"];

/// Environment variables as keys.
struct Variables<'a>(&'a [(String, String)]);

impl Provider for Variables<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variable")
            .interpolater(|_, keys| format!("{PREFIX}{}", keys.join("_").to_uppercase()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let given = self.0.iter().filter(|(name, value)| !value.is_empty() && !is_service_link(name));
        let keys = given.filter_map(|(name, value)| {
            let key = name.strip_prefix(PREFIX)?.to_lowercase();
            // Text stays text, even where it looks like a number or a list.
            let last = key.rsplit('_').next();
            let is_number = key.starts_with("max_") || last.is_some_and(|last| NUMBERS.contains(&last));
            let number = is_number.then(|| value.parse::<u64>().ok()).flatten();
            Some((key, number.map_or_else(|| Value::from(value.as_str()), Value::from)))
        });
        Ok(Map::from([(Profile::Default, keys.collect())]))
    }
}

/// Whether Kubernetes set this variable: for a Service called `artifactstore…` it tells every container of the
/// namespace `ARTIFACTSTORE…_SERVICE_HOST`, `…_SERVICE_PORT…`, `…_PORT` and `…_PORT_7070_TCP…`.
fn is_service_link(name: &str) -> bool {
    let port =
        name.split_once("_PORT_").is_some_and(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()));
    port || name.ends_with("_PORT") || name.contains("_SERVICE_PORT") || name.ends_with("_SERVICE_HOST")
}

#[cfg(test)]
mod tests;
