//! Times: microseconds since 1970-01-01T00:00:00Z, written as RFC 3339 in UTC with exactly six decimals. Reading and
//! writing are done here because manifests hold thousands of them, and so that every time there is has a text.

use std::{fmt, str::FromStr};

/// A point in time, in microseconds since the Unix epoch. Years 1 to 9999, as in protobuf, so that its text always has one
/// form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// A text or number that is not a [`Timestamp`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as in 2026-01-31T23:59:59.000000Z, in UTC with six decimals")]
pub struct TimestampRefused;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

impl Timestamp {
    /// The first time there is a text for, 0001-01-01T00:00:00.000000Z.
    pub const EARLIEST: Self = Self(-62_135_596_800_000_000);
    /// The last time there is a text for, 9999-12-31T23:59:59.999999Z.
    pub const LATEST: Self = Self(253_402_300_799_999_999);

    /// The time `micros` after the epoch.
    ///
    /// # Errors
    /// Times outside the years 1 to 9999 are refused.
    pub const fn from_micros(micros: i64) -> Result<Self, TimestampRefused> {
        if micros < Self::EARLIEST.0 || micros > Self::LATEST.0 { Err(TimestampRefused) } else { Ok(Self(micros)) }
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This time `seconds` later, held at [`Timestamp::LATEST`].
    #[must_use]
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        let sum = self.0.saturating_add_unsigned(seconds.saturating_mul(MICROS_PER_SECOND.unsigned_abs()));
        if sum > Self::LATEST.0 { Self::LATEST } else { Self(sum) }
    }

    fn text(self) -> [u8; 27] {
        let (year, month, day) = date(self.0.div_euclid(MICROS_PER_DAY));
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let seconds = micros / MICROS_PER_SECOND;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], seconds / 3600);
        put(&mut text[14..16], seconds / 60 % 60);
        put(&mut text[17..19], seconds % 60);
        put(&mut text[20..26], micros % MICROS_PER_SECOND);
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
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
        let text: &[u8; 27] = text.as_bytes().try_into().map_err(|_| TimestampRefused)?;
        let days = days(number(&text[0..4])?, number(&text[5..7])?, number(&text[8..10])?);
        let minutes = number(&text[11..13])? * 60 + number(&text[14..16])?;
        let seconds = days * 86_400 + minutes * 60 + number(&text[17..19])?;
        let time = Self::from_micros(seconds * MICROS_PER_SECOND + number(&text[20..26])?)?;
        // One time has one text: a day, hour or second that is not in the calendar prints as another.
        if time.text() == *text { Ok(time) } else { Err(TimestampRefused) }
    }
}

/// Year, month and day so many days after 1970-01-01. Years are counted from March, so that the leap day is the last:
/// <https://howardhinnant.github.io/date_algorithms.html>, `civil_from_days`.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Days from 1970-01-01 to a date, the inverse of [`date`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn put(digits: &mut [u8], mut number: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

fn number(digits: &[u8]) -> Result<i64, TimestampRefused> {
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Ok(number * 10 + i64::from(digit - b'0')),
        _ => Err(TimestampRefused),
    })
}
