//! Checking log and views: every event is read and verified, the log is folded into empty views of this connection alone,
//! and the two are compared row by row. Nothing that is kept is changed or locked.

use artifactstore_types::Fault;
use sqlx::Connection as _;

use super::super::{
    Session, SqlStore, decode,
    engine::{Connection, Engine},
    statements::Statement,
};
use crate::{Checked, Progress, check::LogCheck};

const OPERATION: &str = "check";

impl<E: Engine> SqlStore<E> {
    pub(super) async fn compare(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        let mut connection: Connection<E> = self.upkeep_connection(OPERATION).await?;
        let database = |error| E::fault(OPERATION, &error);
        // Its own transaction, rolled back when it is dropped, on a connection that is closed after it.
        let mut snapshot = connection.begin_with(E::BEGIN_SNAPSHOT).await.map_err(database)?;
        E::run(&mut snapshot, E::CREATE_SHADOWS).await.map_err(database)?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut snapshot };
        let head = session.load_head().await?;
        let mut log = LogCheck::default();
        let folded = session.fold(head, progress, |event| log.read(event)).await;
        for sequence in session.keys(&E::STATEMENTS.list_revision_gaps).await? {
            log.find(format!("event {sequence}: its subject's revision does not follow the one before"));
        }
        match folded {
            Ok(_) => session.compare_views(&mut log).await?,
            Err(fault) => log.find(fault.to_string()),
        }
        Ok(log.finish(head))
    }
}

impl<E: Engine> Session<'_, E> {
    async fn compare_views(&mut self, log: &mut LogCheck) -> Result<(), Fault> {
        let statements = E::STATEMENTS;
        let views = [
            ("artifact_packages", &statements.compare_packages),
            ("artifact_files", &statements.compare_files),
            ("storage_locations", &statements.compare_locations),
            ("retention_state", &statements.compare_retention),
        ];
        for (view, statement) in views {
            for key in self.keys(statement).await? {
                log.find(format!("{view}: row {key} is not what the log folds to"));
            }
        }
        Ok(())
    }

    async fn keys(&mut self, statement: &'static Statement) -> Result<Vec<String>, Fault> {
        Ok(self.fetch(statement, &[]).await?.iter().map(decode::key).collect())
    }
}
