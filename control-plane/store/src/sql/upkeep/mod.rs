//! Upkeep of a database, on a connection of its own: what serves requests is neither held up nor cut short by it.

mod check;
mod fold;
mod migrate;
mod replay;

use std::time::Duration;

use artifactstore_types::Fault;
use async_trait::async_trait;
use sqlx::ConnectOptions as _;

use super::{
    SqlStore,
    engine::{Connection, Engine},
};
use crate::{Checked, Progress, Replayed, Upkeep};

/// How long one step may take: emptying or comparing views of many millions of rows, or committing them. PostgreSQL keeps
/// to it by itself, from the settings of the connection.
const STEP: Duration = Duration::from_hours(1);

#[async_trait]
impl<E: Engine> Upkeep for SqlStore<E> {
    async fn migrate(&self, fresh: bool) -> Result<Vec<String>, Fault> {
        self.bring_up_to_date(fresh).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.require_known_schema("ping").await
    }

    async fn close(&self) {
        self.let_go().await;
    }

    async fn replay(&self, progress: Progress<'_>) -> Result<Replayed, Fault> {
        self.fold_anew(progress).await
    }

    async fn check(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        self.compare(progress).await
    }
}

impl<E: Engine> SqlStore<E> {
    async fn upkeep_connection(&self, operation: &str) -> Result<Connection<E>, Fault> {
        self.within(operation, self.parts.upkeep.connect()).await
    }
}
