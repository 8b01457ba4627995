//! Where times and ids come from. Both are passed as values, so that tests decide them and two stores in one process
//! do not share them.

use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// A source of new identifiers.
pub trait Ids: Send + Sync + 'static {
    /// A new UUIDv7 (RFC 9562 §5.7), never given out before.
    fn next(&self) -> Uuid;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(micros).unwrap_or(Timestamp::LATEST)
    }
}

/// Random, time-ordered identifiers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place where identifiers are made")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
