//! Opens a store by the URL of its database.

use std::{path::Path, sync::Arc, time::Duration};

use artifactstore_types::{Fault, Ids, SystemIds};

use crate::{RegistryStore, faults, sql};

/// What may be set.
#[derive(Clone)]
pub struct StoreOptions {
    /// Where the ids of events come from.
    pub ids: Arc<dyn Ids>,
    /// How many connections read at once, beside the one that writes.
    pub read_connections: u32,
    /// How long to wait for a connection.
    pub acquire_deadline: Duration,
    /// How long one operation may take. Upkeep has no such limit as a whole; each of its steps has this one.
    pub deadline: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            ids: Arc::new(SystemIds),
            read_connections: 8,
            acquire_deadline: Duration::from_secs(5),
            deadline: Duration::from_secs(30),
        }
    }
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("read_connections", &self.read_connections)
            .field("acquire_deadline", &self.acquire_deadline)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Opens the store at `url`: `sqlite://PATH` (also `sqlite:PATH`), which is made where there is none, or
/// `postgres://…`. The schema is not touched; see [`crate::Upkeep::migrate`].
///
/// # Errors
/// A URL that is not understood, a database that cannot be reached, or one that is open elsewhere and can only be open
/// once.
pub async fn open(url: &str, options: StoreOptions) -> Result<Arc<dyn RegistryStore>, Fault> {
    match url.split_once(':') {
        Some(("sqlite", _)) => {
            let path = database_file(url).ok_or_else(|| faults::bad_url(url))?;
            Ok(Arc::new(sql::open_sqlite(path.to_owned(), options).await?))
        }
        Some(("postgres" | "postgresql", _)) => Ok(Arc::new(sql::open_postgres(url, options)?)),
        _ => Err(faults::bad_url(url)),
    }
}

/// The file that [`open`] would open, or make, for this URL; nothing where the database is no file.
pub fn database_file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let is_path = !path.is_empty() && !path.starts_with(':') && !path.contains('?');
    is_path.then(|| Path::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_with_slashes_and_without() {
        for url in ["sqlite:///var/a.db", "sqlite:/var/a.db"] {
            assert_eq!(database_file(url), Some(Path::new("/var/a.db")));
        }
        for url in ["sqlite://./a.db", "sqlite:./a.db"] {
            assert_eq!(database_file(url), Some(Path::new("./a.db")));
        }
        for url in ["postgres://u@h/d", "sqlite://", "sqlite::memory:", "sqlite://a.db?mode=ro", "a.db", ""] {
            assert_eq!(database_file(url), None, "{url}");
        }
    }
}
