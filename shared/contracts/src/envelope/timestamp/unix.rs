//! Times as numbers: seconds or milliseconds after 1970, told apart by their size.

use super::Fault;
use super::civil::{Civil, Offset};

/// Numbers up to this, either way, are seconds; beyond it they are milliseconds.
const WATERSHED: u64 = 20_000_000_000;
const LAST_SECOND: i128 = 253_402_300_799;
const FIRST_SECOND: i128 = -62_167_219_200;
const MICROS: i128 = 1_000_000;

/// Microseconds since 1970 named by a whole number.
pub(super) fn micros_of_integer(number: i128) -> i128 {
    number * if number.unsigned_abs() <= u128::from(WATERSHED) { MICROS } else { MICROS / 1000 }
}

/// Microseconds since 1970 named by a float. The fraction of a negative number counts upwards from the whole below it, as in the contract's first implementation.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and what saturates is out of range")]
#[expect(clippy::cast_precision_loss, reason = "the watershed is exact as a float")]
pub(super) fn micros_of_float(number: f64) -> i128 {
    let scale = if number.abs() <= WATERSHED as f64 { 1e6 } else { 1e3 };
    i128::from(number.floor() as i64) * (scale as i128) + (number.fract().abs() * scale).round() as i128
}

/// Microseconds since 1970 named by a decimal number. One with a fraction is brought below the watershed by thousands.
#[expect(clippy::cast_possible_truncation, reason = "below the watershed nothing is cut off")]
#[expect(clippy::cast_precision_loss, reason = "the watershed is exact as a float")]
pub(super) fn micros_of_text(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((whole, fraction)) = unsigned.split_once('.') else {
        return text.parse::<i64>().ok().map(|number| micros_of_integer(number.into()));
    };
    let is_decimal = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    let mut seconds = is_decimal.then(|| text.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())?;
    while seconds.abs() > WATERSHED as f64 {
        seconds /= 1000.0;
    }
    let below = seconds.floor();
    Some(i128::from(below as i64) * MICROS + ((seconds - below) * 1e6).round() as i128)
}

/// The UTC time this many microseconds after 1970.
pub(super) fn civil(micros: i128) -> Result<Civil, Fault> {
    let seconds = micros.div_euclid(MICROS);
    if seconds > LAST_SECOND {
        return Err(Fault::AfterLast);
    }
    if seconds < FIRST_SECOND {
        return Err(Fault::BeforeFirst);
    }
    let small = |value: i128| u32::try_from(value).unwrap_or_default();
    let (year, month, day) = civil_date(seconds.div_euclid(86_400));
    Ok(Civil {
        year: small(year),
        month: small(month),
        day: small(day),
        hour: small(seconds.rem_euclid(86_400) / 3600),
        minute: small(seconds.rem_euclid(3600) / 60),
        second: small(seconds.rem_euclid(60)),
        micros: small(micros.rem_euclid(MICROS)),
        offset: Offset::ZERO,
    })
}

/// Year, month and day this many days after 1970, by eras of 400 years that begin in March.
fn civil_date(days: i128) -> (i128, i128, i128) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i128::from(month <= 2);
    (year, month, day_of_year - (153 * march_month + 2) / 5 + 1)
}
