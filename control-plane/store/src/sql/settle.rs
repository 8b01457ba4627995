//! What became of a commit whose answer was a fault, or never came: a connection lost between the two, a server that was
//! stopped, a disk that failed. The log itself is asked. Whoever holds its lock sees whether the batch's last event is
//! there, and what is not there by then never will be: on PostgreSQL the lock is only free once the transaction that held
//! it has ended one way or the other.

use std::time::Duration;

use artifactstore_types::{EventRecord, Fault};
use tokio::time::{sleep, timeout};

use super::{
    Session, SqlStore, append, decode,
    engine::{Argument, Engine},
    writer::{Append, Writer},
};
use crate::{StoreOptions, faults};

const OPERATION: &str = "commit";
/// How long to wait before looking again, where the database cannot be asked.
const PAUSE: Duration = Duration::from_millis(100);

impl<E: Engine> SqlStore<E> {
    /// Whether a batch that ended with this event was committed, if that can be found out.
    pub(super) async fn find_out(&self, writer: &mut Writer<E>, last: &EventRecord) -> Option<bool> {
        let options = &self.parts.options;
        let looked = timeout(options.acquire_deadline, async {
            loop {
                match self.look(writer, last, options).await {
                    Ok(there) => return there,
                    Err(fault) => tracing::debug!(%fault, "what became of a commit cannot be found out yet"),
                }
                sleep(PAUSE).await;
            }
        });
        looked.await.ok()
    }

    /// Whether this event is in the log. Where it is not, it never will be.
    async fn look(&self, writer: &mut Writer<E>, event: &EventRecord, options: &StoreOptions) -> Result<bool, Fault> {
        let Append { mut connection, .. } = writer.begin(&self.parts.writer, options, OPERATION).await?;
        let mut session = Session::<E> { operation: OPERATION, connection: &mut connection };
        let sequence = i64::try_from(event.sequence).map_err(|_| faults::unwritable(event.sequence))?;
        let found = session.fetch(&E::STATEMENTS.find_event_id, &[Argument::Int(sequence)]).await?;
        let there = match found.first() {
            Some(row) => decode::event_id(row)? == event.event_id,
            None => false,
        };
        let how = if there { "ROLLBACK" } else { E::SETTLE };
        append::end::<E>(&mut connection, how, OPERATION, options.deadline).await?;
        writer.rest(connection);
        Ok(there)
    }
}
