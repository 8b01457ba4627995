//! Times: microseconds since 1970-01-01T00:00:00Z, written as RFC 3339 in UTC with exactly six decimals.

use std::{fmt, str::FromStr};

/// A point in time, in microseconds since the Unix epoch, from 0001-01-01T00:00:00Z to 9999-12-30T22:00:00.999999Z, the
/// last one that can be shown in every time zone. Within these years its text always has one form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// A text or number that is not a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as in 2026-01-31T23:59:59.000000Z, in UTC with six decimals")]
pub struct TimestampRefused;

impl Timestamp {
    /// The last time there is a text for.
    pub const LATEST: Self = Self(Self::MAX_MICROS);
    const MIN_MICROS: i64 = -62_135_596_800_000_000;
    const MAX_MICROS: i64 = 253_402_207_200_999_999;

    /// The time `micros` after the epoch.
    ///
    /// # Errors
    /// Times outside the bounds of the type are refused.
    pub const fn from_micros(micros: i64) -> Result<Self, TimestampRefused> {
        if micros < Self::MIN_MICROS || micros > Self::MAX_MICROS { Err(TimestampRefused) } else { Ok(Self(micros)) }
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This time `seconds` later, held at [`Timestamp::LATEST`].
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        let sum = self.0.saturating_add_unsigned(seconds.saturating_mul(1_000_000));
        Self(if sum > Self::MAX_MICROS { Self::MAX_MICROS } else { sum })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By seconds and nanoseconds: jiff's bound in microseconds excludes the last second's fractions.
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        match jiff::Timestamp::new(seconds, i32::try_from(micros * 1000).unwrap_or_default()) {
            Ok(time) => write!(f, "{time:.6}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let micros = text.parse::<jiff::Timestamp>().map_err(|_| TimestampRefused)?.as_microsecond();
        let time = Self::from_micros(micros)?;
        // One time has one text: whatever prints differently was not written canonically.
        if time.to_string() == text { Ok(time) } else { Err(TimestampRefused) }
    }
}
