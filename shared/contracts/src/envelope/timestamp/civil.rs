//! Dates and times of day as they are written, and how `isoformat` writes them.

use super::{Fault, Timestamp};
use crate::envelope::inline::Inline;

/// A day of the proleptic Gregorian calendar and a time of that day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Civil {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) micros: u32,
    pub(super) offset: Offset,
}

/// How far a time is from UTC, if it says so.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Offset {
    #[default]
    Unsaid,
    /// A sign, hours and minutes.
    Said(u8, u32, u32),
}

impl Offset {
    pub(super) const ZERO: Self = Self::Said(b'+', 0, 0);
}

impl Civil {
    pub(super) fn text(&self) -> Result<Timestamp, Fault> {
        if self.year == 0 {
            return Err(Fault::YearZero);
        }
        let mut text = Inline::new();
        let mut push = |mark: u8, value: u32, width: u32| {
            if mark != 0 {
                text.push(mark);
            }
            for place in (0..width).rev() {
                text.push(b'0' + u8::try_from(value / 10_u32.pow(place) % 10).unwrap_or_default());
            }
        };
        push(0, self.year, 4);
        push(b'-', self.month, 2);
        push(b'-', self.day, 2);
        push(b'T', self.hour, 2);
        push(b':', self.minute, 2);
        push(b':', self.second, 2);
        if self.micros != 0 {
            push(b'.', self.micros, 6);
        }
        if let Offset::Said(sign, hours, minutes) = self.offset {
            push(sign, hours, 2);
            push(b':', minutes, 2);
        }
        Ok(Timestamp(text))
    }
}

/// `yyyy-mm-dd`, and what follows it.
pub(super) fn read_date(bytes: &[u8]) -> Result<(Civil, &[u8]), Fault> {
    let &[y1, y2, y3, y4, first, m1, m2, second, d1, d2, ref rest @ ..] = bytes else { return Err(Fault::TooShort) };
    let year = digits(&[y1, y2, y3, y4]).ok_or(Fault::Year)?;
    if first != b'-' {
        return Err(Fault::Separator);
    }
    let month = digits(&[m1, m2]).ok_or(Fault::Month)?;
    if second != b'-' {
        return Err(Fault::Separator);
    }
    let day = digits(&[d1, d2]).ok_or(Fault::Day)?;
    if !(1..=12).contains(&month) {
        return Err(Fault::MonthRange);
    }
    if day == 0 || day > days_in(year, month) {
        return Err(Fault::DayRange);
    }
    Ok((Civil { year, month, day, ..Civil::default() }, rest))
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `Thh:mm[:ss[.fraction]][offset]`, or nothing.
pub(super) fn read_time(date: Civil, bytes: &[u8]) -> Option<Civil> {
    let Some((mark, rest)) = bytes.split_first() else { return Some(date) };
    let &[h1, h2, b':', m1, m2, ref rest @ ..] = rest else { return None };
    let mut civil = Civil { hour: digits(&[h1, h2])?, minute: digits(&[m1, m2])?, ..date };
    let mut rest = rest;
    if let &[b':', s1, s2, ref after @ ..] = rest {
        civil.second = digits(&[s1, s2])?;
        (civil.micros, rest) = read_fraction(after)?;
    }
    civil.offset = read_offset(rest)?;
    let readable = b"Tt _".contains(mark) && civil.hour < 24 && civil.minute < 60 && civil.second < 60;
    readable.then_some(civil)
}

/// Microseconds, truncated, and what follows the fraction.
fn read_fraction(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let Some((b'.' | b',', fraction)) = bytes.split_first() else { return Some((0, bytes)) };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (places, rest) = fraction.split_at(length);
    let kept = &places[..length.min(6)];
    let scale = 10_u32.pow(6 - u32::try_from(kept.len()).ok()?);
    (length > 0).then_some((digits(kept)? * scale, rest))
}

/// `Z`, `+hh:mm`, `+hhmm` or nothing; the sign may be a true minus.
fn read_offset(bytes: &[u8]) -> Option<Offset> {
    let (sign, rest) = match bytes {
        [] => return Some(Offset::Unsaid),
        b"Z" | b"z" => return Some(Offset::ZERO),
        [b'+', rest @ ..] => (b'+', rest),
        [b'-', rest @ ..] | [0xe2, 0x88, 0x92, rest @ ..] => (b'-', rest),
        _ => return None,
    };
    let (&[h1, h2, b':', m1, m2] | &[h1, h2, m1, m2]) = rest else { return None };
    let (hours, minutes) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    let sign = if hours == 0 && minutes == 0 { b'+' } else { sign };
    (hours < 24 && minutes < 60).then_some(Offset::Said(sign, hours, minutes))
}
