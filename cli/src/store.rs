//! Which store a command works on, and reaching it.

use std::{path::PathBuf, sync::Arc};

use artifactstore_client::{Connection, Remote, RemoteOptions};
use artifactstore_embedded::{Embedded, EmbeddedOptions};
use artifactstore_types::Fault;

use crate::{args::Global, database, faults, told::Told};

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

/// What is worked on where nothing is said.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:7070";

impl Place {
    /// What was said: on the command line, or beside it.
    pub fn said(global: &Global, told: &Told) -> Self {
        let directory = |directory: &Option<PathBuf>| directory.clone().map(Self::Directory);
        let server = |server: &Option<String>| server.clone().map(Self::Server);
        directory(&global.embedded)
            .or_else(|| server(&global.server))
            .or_else(|| directory(&told.embedded))
            .or_else(|| server(&told.server))
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
    /// Reaches the store at a place. A server that is not there is not waited for.
    pub async fn open(place: &Place, missing: Missing) -> Result<Self, Fault> {
        match place {
            Place::Directory(directory) => {
                let options = EmbeddedOptions::in_directory(directory);
                if missing == Missing::Refuse && !database::is_there(&options) {
                    return Err(faults::no_store(directory));
                }
                let embedded = Embedded::open(options).await?;
                Ok(Self { connection: embedded.connection(), embedded: Some(embedded) })
            }
            Place::Server(endpoint) => {
                let remote = Remote::reach(endpoint, RemoteOptions::default()).await?;
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

    fn chosen(arguments: &[&str], told: &Told) -> Place {
        let cli = Cli::try_parse_from(["artifactstore", "health"].iter().chain(arguments)).unwrap();
        Place::said(&cli.global, told)
    }

    #[test]
    fn the_command_line_comes_first_and_a_directory_before_a_server() {
        let server = |url: &str| Place::Server(url.to_owned());
        let mut told = Told::default();
        (told.embedded, told.server) = (Some("here".into()), Some("http://there".to_owned()));
        assert_eq!(chosen(&["--embedded", "x"], &told), Place::Directory("x".into()));
        assert_eq!(chosen(&["--server", "http://x"], &told), server("http://x"));
        assert_eq!(chosen(&[], &told), Place::Directory("here".into()));
        told.embedded = None;
        assert_eq!(chosen(&[], &told), server("http://there"));
        assert_eq!(chosen(&[], &Told::default()), server(DEFAULT_SERVER));
    }
}
