//! Folding the log again into empty views.

use artifactstore_types::Fault;

use super::super::{Session, SqlStore, append, engine::Engine};
use crate::{Progress, Replayed, check::check_end, faults};

const OPERATION: &str = "replay";

impl<E: Engine> SqlStore<E> {
    /// Empties the views and folds the log again, in one transaction that holds the log's lock: nothing is appended
    /// meanwhile, readers see the views as they were until all is done, and where the log is damaged all of it is undone.
    pub(super) async fn fold_anew(&self, progress: Progress<'_>) -> Result<Replayed, Fault> {
        self.require_known_schema(OPERATION).await?;
        let mut connection = self.upkeep_connection(OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut connection };
        session.run(E::PREPARE_TO_FOLD).await?;
        let head = session.begin_append().await?.head;
        let (_, last) = session.load_ends().await?;
        session.run_all(E::BEGIN_REPLAY).await?;
        let refuse = |finding| faults::damaged_log(OPERATION, &finding);
        let folded = self
            .fold(&mut session, last.max(head), progress, |findings| {
                findings.into_iter().next().map_or(Ok(()), |finding| Err(refuse(finding)))
            })
            .await?;
        if let Some(finding) = check_end(head, folded.last) {
            return Err(refuse(finding));
        }
        session.fold_all_streams().await?;
        session.run_all(E::END_REPLAY).await?;
        let ended = append::end::<E>(&mut connection, "COMMIT", OPERATION, super::STEP).await;
        // Whichever it was, another replay makes it right.
        ended.map_err(append::not_known)?;
        Ok(Replayed { events: folded.events, head })
    }
}
