//! Upkeep of a database, on a connection of its own: what serves requests is neither held up nor cut short by it.

mod check;
mod migrate;
mod replay;

use artifactstore_types::Fault;
use async_trait::async_trait;
use sqlx::ConnectOptions as _;

use super::{
    SqlStore,
    engine::{Connection, Engine},
};
use crate::{Checked, Progress, Replayed, Upkeep};

#[async_trait]
impl<E: Engine> Upkeep for SqlStore<E> {
    async fn migrate(&self, fresh: bool) -> Result<Vec<String>, Fault> {
        self.bring_up_to_date(fresh).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.require_known_schema().await
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
