//! The registry on its own, for upkeep: no bytes are touched, and its schema need not be up to date.

use std::sync::Arc;

use artifactstore_store::{Checked, Progress, RegistryStore, Replayed};
use artifactstore_types::Fault;

use crate::EmbeddedOptions;

/// An open registry.
pub struct Registry {
    pub(crate) store: Arc<dyn RegistryStore>,
}

impl Registry {
    /// Opens the database of these options, and makes it where it is a file that does not exist.
    ///
    /// # Errors
    /// The database cannot be reached, or another process has it open and only one can.
    pub async fn open(options: &EmbeddedOptions) -> Result<Self, Fault> {
        let store = artifactstore_store::open(&options.database_url, options.store.clone()).await?;
        Ok(Self { store })
    }

    /// Brings the schema up to date and says which migrations were applied. With `fresh`, every event and view is lost.
    ///
    /// # Errors
    /// The database's.
    pub async fn migrate(&self, fresh: bool) -> Result<Vec<String>, Fault> {
        self.store.migrate(fresh).await
    }

    /// Empties the views and folds the log again.
    ///
    /// # Errors
    /// The database's, or an event that cannot be read.
    pub async fn replay(&self, progress: Progress<'_>) -> Result<Replayed, Fault> {
        self.store.replay(progress).await
    }

    /// Checks every event, folds the log beside the views and compares. Changes nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn check(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        self.store.check(progress).await
    }

    /// Lets the database go.
    pub async fn close(self) {
        self.store.close().await;
    }
}
