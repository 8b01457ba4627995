//! Checking log and views: every event is read and verified, the log is folded into empty views of this connection alone,
//! and the two are compared row by row. Nothing that is kept is changed or locked.

use artifactstore_types::{Fault, Sequence};

use super::super::{Session, SqlStore, decode, engine::Engine};
use crate::{
    Checked, Finding, Progress,
    check::{check_classes, check_end},
    faults,
};

const OPERATION: &str = "check";

impl<E: Engine> SqlStore<E> {
    pub(super) async fn compare(&self, progress: Progress<'_>) -> Result<Checked, Fault> {
        self.require_known_schema(OPERATION).await?;
        // The transaction is never ended: the connection is closed, and with it goes what was made in it.
        let mut connection = self.upkeep_connection(OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut connection };
        session.run(E::PREPARE_TO_FOLD).await?;
        session.run(E::BEGIN_SNAPSHOT).await?;
        session.run(E::CREATE_SHADOWS).await?;
        let (head, last) = session.load_ends().await?;
        let (turns, classes) = (session.check_turns().await?, session.check_classes().await?);
        let mut checked = Checked { head, ..Checked::default() };
        let folded = self
            .fold(&mut session, last.max(head), progress, |findings| {
                checked.add(findings);
                Ok(())
            })
            .await;
        match folded {
            Ok(folded) => {
                checked.events = folded.events;
                checked.add(check_end(head, folded.last));
                checked.add(turns);
                match session.fold_all_streams().await {
                    Ok(()) => {
                        session.run_all(E::FINISH_SHADOWS).await?;
                        checked.add(session.compare_views().await?);
                    }
                    Err(fault) => checked.add([Finding::Unfoldable { reason: fault.message }]),
                }
            }
            // What was verified before stands; the rows of a damaged log may contradict each other.
            Err(fault) if !checked.findings.is_empty() => {
                checked.add(turns);
                checked.add([Finding::Unfoldable { reason: fault.message }]);
            }
            Err(fault) => return Err(fault),
        }
        checked.add(classes);
        Ok(checked)
    }
}

impl<E: Engine> Session<'_, E> {
    /// Where the log's head says that it ends, and where it does.
    pub(super) async fn load_ends(&mut self) -> Result<(Sequence, Sequence), Fault> {
        let rows = self.fetch(&E::STATEMENTS.load_ends, &[]).await?;
        rows.first().map(decode::ends).ok_or_else(|| faults::foreign_schema(self.operation))?
    }

    async fn check_turns(&mut self) -> Result<Vec<Finding>, Fault> {
        let rows = self.fetch(&E::STATEMENTS.list_revision_gaps, &[]).await?;
        let place = |row| decode::event_place(row).map(|(sequence, _)| Finding::EventOutOfTurn { sequence });
        rows.iter().map(place).collect()
    }

    async fn check_classes(&mut self) -> Result<Vec<Finding>, Fault> {
        let rows = self.fetch(&E::STATEMENTS.list_classes, &[]).await?;
        // One that cannot be read is not the one that should be there.
        let classes: Vec<_> = rows.iter().filter_map(|row| decode::class(row).ok()).collect();
        Ok(check_classes(&classes))
    }

    async fn compare_views(&mut self) -> Result<Vec<Finding>, Fault> {
        let statements = E::STATEMENTS;
        let views = [
            ("artifact_packages", &statements.compare_packages),
            ("artifact_files", &statements.compare_files),
            ("storage_locations", &statements.compare_locations),
            ("retention_state", &statements.compare_retention),
            ("contract_events", &statements.compare_contract_events),
            ("contract_states", &statements.compare_contract_states),
        ];
        let mut found = Vec::new();
        for (view, statement) in views {
            for row in &self.fetch(statement, &[]).await? {
                found.push(decode::row_difference(view, row)?);
            }
        }
        Ok(found)
    }
}
