//! Leases as advisory locks (<https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>), each on a
//! connection of its own, for as long as that lives: a process that is killed loses its locks with its connections, and
//! one whose machine is gone loses them when the server has asked in vain for a sign of life.

use std::time::Duration;

use artifactstore_types::{Algorithm, Fault};
use async_trait::async_trait;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{oneshot, watch},
    time::{MissedTickBehavior, interval, timeout},
};

use super::faults::fault;
use crate::{Lease, Leases, faults};

const OPERATION: &str = "take lease";
/// How often the connection is asked whether it lives. A server that does not answer within as long is given up.
const PULSE: Duration = Duration::from_secs(1);

/// How soon the server notices that the machine of a holder is gone: five seconds of silence, then three questions.
const KEEPALIVE: [(&str, &str); 3] =
    [("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "1"), ("tcp_keepalives_count", "3")];

/// The leases of one database.
#[derive(Clone, Debug)]
pub(crate) struct PostgresLeases {
    connect: PgConnectOptions,
    deadline: Duration,
}

impl PostgresLeases {
    /// Those of the database that `connect` leads to. Taking one may last as long as `deadline`.
    pub(super) fn new(connect: &PgConnectOptions, deadline: Duration) -> Self {
        let connect = connect.clone().application_name("artifactstore-lease").options(KEEPALIVE);
        Self { connect, deadline }
    }

    async fn try_lock(&self, name: &'static str) -> Result<(PgConnection, bool), sqlx::Error> {
        let mut connection = self.connect.connect().await?;
        let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(key(name));
        let taken = taken.fetch_one(&mut connection).await?;
        Ok((connection, taken))
    }
}

#[async_trait]
impl Leases for PostgresLeases {
    async fn try_lease(&self, name: &'static str) -> Result<Option<Lease>, Fault> {
        let tried = timeout(self.deadline, self.try_lock(name)).await.map_err(|_| faults::unreachable(OPERATION))?;
        let (connection, taken) = tried.map_err(|error| fault(OPERATION, &error))?;
        if !taken {
            // It is gone either way.
            let _ = timeout(PULSE, connection.close()).await;
            return Ok(None);
        }
        let (lost, is_lost) = watch::channel(false);
        let (held, let_go) = oneshot::channel::<()>();
        tokio::spawn(async move {
            keep(connection, let_go).await;
            lost.send_replace(true);
        });
        Ok(Some(Lease::new(is_lost, held)))
    }
}

/// Keeps the connection until it fails, or the lease is let go.
async fn keep(mut connection: PgConnection, mut let_go: oneshot::Receiver<()>) {
    let mut pulse = interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut let_go => break,
            _ = pulse.tick() => match timeout(PULSE, connection.ping()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return tracing::warn!(%error, "a lease is lost with its connection"),
                Err(_) => return tracing::warn!("a lease is given up: the database does not answer"),
            },
        }
    }
    // It is gone either way, and the lock with it.
    let _ = timeout(PULSE, connection.close()).await;
}

/// The number that stands for a name, in a space that others use too.
fn key(name: &str) -> i64 {
    let digest = Algorithm::Blake3.digest(format!("artifactstore lease {name}").as_bytes());
    i64::from_be_bytes(std::array::from_fn(|at| digest.bytes()[at]))
}
