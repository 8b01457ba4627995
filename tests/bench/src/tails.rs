//! B7: how long after its commit an event reaches those who tail, and how fast one who was away catches up. Subscribers
//! and producer share this process's clock; a site's processes are others.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use artifactstore_client::{Connection, TailRequest, tail};
use artifactstore_types::{Clock as _, Sequence, SystemClock, Timestamp};
use futures::StreamExt as _;
use tokio::{task::JoinSet, time};

use crate::{
    material,
    measure::{self, Clock, Failure},
    target::Target,
};

/// Subscribers, and events a second.
const LOADS: [(usize, u32); 2] = [(1_000, 50), (10, 2_000)];
/// A package is created and its default expiry applied.
const EVENTS_A_PACKAGE: u32 = 2;
/// How many packages are asked for at once where one after the other would be too slow.
const PRODUCERS: u32 = 16;

/// Commit to delivery, then catching up with all there is.
pub async fn run(target: &Target, dir: &std::path::Path, seconds: u64) -> Result<(), Failure> {
    let work = tempfile::tempdir_in(dir)?;
    let store = target.open(work.path()).await?;
    measure::say(&format!(
        "B7 {}, {seconds} s a load, milliseconds from the time of an event to its delivery",
        target.name()
    ));
    for (subscribers, rate) in LOADS {
        let delays = delays(&store.connection, subscribers, rate, Duration::from_secs(seconds)).await?;
        let at = |percent: usize| delays[(delays.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        measure::say(&format!(
            "{subscribers:>5} subscribers, {rate:>5} events/s: median {:.1}, p99 {:.1}, most {:.1}; {} deliveries",
            at(50),
            at(99),
            at(100),
            delays.len()
        ));
    }
    catch_up(&store.connection).await?;
    store.close().await
}

async fn delays(
    connection: &Arc<dyn Connection>,
    subscribers: usize,
    rate: u32,
    span: Duration,
) -> Result<Vec<Duration>, Failure> {
    let since = head(connection).await?;
    let packages = rate / EVENTS_A_PACKAGE * u32::try_from(span.as_secs())?;
    let expected = u64::from(packages * EVENTS_A_PACKAGE);
    let all = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = JoinSet::new();
    for _ in 0..subscribers {
        let mut events = tail(connection, TailRequest { since, follow: true, ..TailRequest::default() });
        let all = Arc::clone(&all);
        waiting.spawn(async move {
            let mut delays = Vec::new();
            while (delays.len() as u64) < expected {
                let event = events.next().await.ok_or("a tail ended")??;
                delays.push(since_time(event.recorded_at));
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).extend(delays);
            Ok::<_, Failure>(())
        });
    }
    // Everybody listens before anything happens.
    time::sleep(Duration::from_secs(1)).await;
    let mut producing = JoinSet::new();
    for producer in 0..PRODUCERS {
        let share = packages / PRODUCERS + u32::from(producer < packages % PRODUCERS);
        let mut turns = time::interval(Duration::from_secs(1) * PRODUCERS * EVENTS_A_PACKAGE / rate);
        let connection = Arc::clone(connection);
        producing.spawn(async move {
            for _ in 0..share {
                turns.tick().await;
                material::create(&connection).await?;
            }
            Ok::<_, Failure>(())
        });
    }
    for done in producing.join_all().await.into_iter().chain(waiting.join_all().await) {
        done?;
    }
    let mut delays = std::mem::take(&mut *all.lock().unwrap_or_else(PoisonError::into_inner));
    delays.sort_unstable();
    Ok(delays)
}

async fn catch_up(connection: &Arc<dyn Connection>) -> Result<(), Failure> {
    let clock = Clock::start();
    let mut events = tail(connection, TailRequest::default());
    let mut count = 0_u32;
    while let Some(event) = events.next().await {
        event?;
        count += 1;
    }
    let taken = clock.stop();
    let rate = f64::from(count) / taken.wall.as_secs_f64();
    measure::say(&format!("catch-up with {count} events: {rate:.0} events/s"));
    Ok(())
}

/// The last sequence there is.
async fn head(connection: &Arc<dyn Connection>) -> Result<Sequence, Failure> {
    Ok(material::create(connection).await?.last_event_sequence)
}

fn since_time(recorded_at: Timestamp) -> Duration {
    Duration::from_micros(SystemClock.now().micros().saturating_sub(recorded_at.micros()).unsigned_abs())
}
