//! Checking log and views: every event is read and verified, the log is folded into empty views of this connection alone,
//! and the two are compared row by row. Nothing that is kept is changed or locked.

use artifactstore_types::Fault;

use super::super::{Session, SqlStore, decode, engine::Engine, statements::Statement};
use crate::{Checked, Progress, check::LogCheck};

const OPERATION: &str = "check";

impl<E: Engine> SqlStore<E> {
    pub(super) async fn compare(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        // The transaction is never ended: the connection is closed, and with it goes what was made in it.
        let mut connection = self.upkeep_connection(OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut connection };
        session.run(E::BEGIN_SNAPSHOT).await?;
        session.run(E::CREATE_SHADOWS).await?;
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
            ("nodes", &statements.compare_nodes),
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
