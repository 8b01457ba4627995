//! Opening a PostgreSQL database: the pools, their limits, and the listener.

use std::{str::FromStr, sync::Mutex, time::Duration};

use artifactstore_types::Fault;
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{runtime::Handle, sync::watch};

use super::{PostgresEngine, wakeups};
use crate::{
    StoreOptions, faults,
    sql::{Listener, Parts, SqlStore},
};

/// How much longer this side waits for an answer than the server works on it.
const GRACE: Duration = Duration::from_secs(2);
/// How long one step of upkeep may take: emptying or comparing a view of many millions of rows.
const UPKEEP_TIMEOUT: &str = "1h";

pub(crate) fn open(url: &str, options: StoreOptions) -> Result<SqlStore<PostgresEngine>, Fault> {
    let connect = PgConnectOptions::from_str(url).map_err(|_| faults::bad_url(url))?.disable_statement_logging();
    let timeout = options.deadline.saturating_sub(GRACE).max(GRACE).as_millis().to_string();
    // Every question has its index, so its plan is known: it is made once a connection and never from what the tables
    // happen to hold. One made while they were small would read whole tables when they are large.
    let by_index = [
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    ];
    let serving = connect
        .clone()
        .application_name("artifactstore")
        .options(by_index)
        .options([("statement_timeout", timeout.as_str()), ("jit", "off")]);
    let readers = PgPoolOptions::new()
        .acquire_timeout(options.acquire_deadline)
        .max_connections(options.read_connections.max(1))
        .connect_lazy_with(serving.clone());
    let head = watch::Sender::new(0);
    let listening = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(options.acquire_deadline)
        .connect_lazy_with(connect.clone().application_name("artifactstore-tail"));
    let runtime = Handle::current();
    let woken = head.clone();
    let listener = Listener::new(move || runtime.spawn(wakeups::listen(listening, woken)).abort_handle());
    Ok(SqlStore::new(Parts {
        writer: serving,
        readers,
        upkeep: connect
            .application_name("artifactstore-upkeep")
            .options(by_index)
            .options([("statement_timeout", UPKEEP_TIMEOUT), ("jit", "off")]),
        head,
        options,
        held: Mutex::new(None),
        listener: Some(listener),
    }))
}
