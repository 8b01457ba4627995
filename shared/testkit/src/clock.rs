//! A clock that stands still until a test moves it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use artifactstore_types::{Clock, Timestamp};

/// The time everything in a test happens at unless it says otherwise: 2026-01-01T00:00:00.000000Z.
pub const START: Timestamp = match Timestamp::from_micros(1_767_225_600_000_000) {
    Ok(start) => start,
    Err(_) => panic!("the start of 2026 is a time"),
};

/// A clock at a time that tests choose. Clones show the same time, so that a test can move the clock it has given away.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// A clock at that time.
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Moves the clock to a time, forwards or back.
    pub fn set(&self, time: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Moves the clock forwards and says what it shows then. Less than a microsecond is nothing.
    pub fn advance(&self, by: Duration) -> Timestamp {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        *now = Timestamp::from_micros(now.micros().saturating_add(micros)).unwrap_or(Timestamp::LATEST);
        *now
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(START)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stands_still_until_it_is_moved() {
        let clock = ManualClock::default();
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00.000000Z");
        assert_eq!(clock.now(), clock.now());
        assert_eq!(clock.advance(Duration::from_micros(1)).to_string(), "2026-01-01T00:00:00.000001Z");
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00.000001Z");
    }

    #[test]
    fn clones_of_a_clock_show_the_same_time() {
        let clock = ManualClock::default();
        let given_away = clock.clone();
        clock.set(Timestamp::LATEST);
        assert_eq!(given_away.now(), Timestamp::LATEST);
        given_away.set(START);
        assert_eq!(clock.now(), START);
    }

    #[test]
    fn a_clock_moved_past_the_last_time_stays_there() {
        let clock = ManualClock::at(Timestamp::LATEST);
        assert_eq!(clock.advance(Duration::from_secs(1)), Timestamp::LATEST);
    }
}
