//! Which store a command works on, and reaching it.

use std::{env, path::PathBuf, sync::Arc};

use artifactstore_client::{Connection, Remote, RemoteOptions};
use artifactstore_embedded::{Embedded, EmbeddedOptions};
use artifactstore_types::Fault;

use crate::{args::Global, faults};

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a directory of this machine.
    Directory(PathBuf),
    /// Behind a server.
    Server(String),
}

/// A store that can be worked on.
pub struct Store {
    /// What it answers.
    pub connection: Arc<dyn Connection>,
    embedded: Option<Embedded>,
}

/// Whether a store is made where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is.
    Make,
    /// It is not, so that a misspelt directory is not taken for an empty store.
    Refuse,
}

/// Variables read here; the settings of a server pass them over.
pub const VARIABLES: &[&str] =
    &["ARTIFACTSTORE_EMBEDDED", "ARTIFACTSTORE_SERVER", "ARTIFACTSTORE_NAMESPACE", "ARTIFACTSTORE_ACTOR"];

/// What is worked on where nothing is said.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:7070";

impl Place {
    /// What was said, on the command line before the environment.
    pub fn said(global: &Global) -> Self {
        Self::choose(global, |name| env::var(name).ok())
    }

    fn choose(global: &Global, variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let directory = global.embedded.clone().map(Self::Directory);
        directory
            .or_else(|| global.server.clone().map(Self::Server))
            .or_else(|| variable("ARTIFACTSTORE_EMBEDDED").map(|directory| Self::Directory(directory.into())))
            .or_else(|| variable("ARTIFACTSTORE_SERVER").map(Self::Server))
            .unwrap_or_else(|| Self::Server(DEFAULT_SERVER.to_owned()))
    }

    /// The directory, where it is one.
    pub fn directory(&self) -> Option<&PathBuf> {
        match self {
            Self::Directory(directory) => Some(directory),
            Self::Server(_) => None,
        }
    }
}

impl Store {
    /// Reaches the store at a place.
    pub async fn open(place: &Place, missing: Missing) -> Result<Self, Fault> {
        match place {
            Place::Directory(directory) if missing == Missing::Refuse && !directory.is_dir() => {
                Err(faults::no_store(directory))
            }
            Place::Directory(directory) => {
                let embedded = Embedded::open(EmbeddedOptions::in_directory(directory)).await?;
                Ok(Self { connection: embedded.connection(), embedded: Some(embedded) })
            }
            Place::Server(endpoint) => {
                let remote = Remote::connect(endpoint, RemoteOptions::default())?;
                Ok(Self { connection: Arc::new(remote), embedded: None })
            }
        }
    }

    /// Lets the store go; what is under way in it finishes first.
    pub async fn close(self) {
        drop(self.connection);
        if let Some(embedded) = self.embedded {
            embedded.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Cli;

    fn chosen(arguments: &[&str], variables: &[(&str, &str)]) -> Place {
        let cli = Cli::try_parse_from(["artifactstore", "health"].iter().chain(arguments)).unwrap();
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Place::choose(&cli.global, find)
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_a_directory_over_a_server() {
        let both = [("ARTIFACTSTORE_EMBEDDED", "here"), ("ARTIFACTSTORE_SERVER", "http://there")];
        let server = |url: &str| Place::Server(url.to_owned());
        assert_eq!(chosen(&["--embedded", "x"], &both), Place::Directory("x".into()));
        assert_eq!(chosen(&["--server", "http://x"], &both), server("http://x"));
        assert_eq!(chosen(&[], &both), Place::Directory("here".into()));
        assert_eq!(chosen(&[], &both[1..]), server("http://there"));
        assert_eq!(chosen(&[], &[("ARTIFACTSTORE_SERVER", "")]), server(DEFAULT_SERVER));
    }
}
