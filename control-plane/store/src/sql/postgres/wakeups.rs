//! Being told by PostgreSQL that the log has grown. A notification is a hint and may be lost with the connection; whoever
//! waits for one polls as well.

use std::time::Duration;

use artifactstore_types::Sequence;
use sqlx::{Pool, Postgres, postgres::PgListener};
use tokio::{sync::watch, time::sleep};

const CHANNEL: &str = "artifactstore_events";
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Listens for as long as the task lives, and connects again, with growing pauses, whenever the connection is lost.
pub(super) async fn listen(pool: Pool<Postgres>, head: watch::Sender<Sequence>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listen_once(&pool, &head, &mut pause).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, "listening for new events failed; it is tried again"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Listens until the pool is closed, or something fails.
async fn listen_once(
    pool: &Pool<Postgres>,
    head: &watch::Sender<Sequence>,
    pause: &mut Duration,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // What was announced while nobody listened is found by whoever is woken now.
    head.send_modify(|_| ());
    *pause = FIRST_PAUSE;
    loop {
        match listener.try_recv().await {
            Ok(Some(told)) => {
                let sequence = told.payload().parse().unwrap_or(0);
                head.send_modify(|known| *known = sequence.max(*known));
            }
            // The connection was lost and made again.
            Ok(None) => head.send_modify(|_| ()),
            Err(sqlx::Error::PoolClosed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
