//! Words of the command line that are no words of the domain.

use std::{net::SocketAddr, num::NonZeroUsize, str::FromStr, time::Duration};

use artifactstore_client::ManifestFormat;
use artifactstore_types::{ByteRange, Sequence};
use clap::ValueEnum;

/// The form of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The RFC 8785 projection
    Json,
    /// The canonical bytes, whose BLAKE3 is the manifest digest
    Cbor,
}

impl From<Format> for ManifestFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Cbor => Self::Cbor,
        }
    }
}

/// `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub key: String,
    pub value: String,
}

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err("must be KEY=VALUE"),
        }
    }
}

/// `FIRST-LAST` or `FIRST-`, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(pub ByteRange);

impl FromStr for Range {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let range = || {
            let (first, last) = text.split_once('-')?;
            let offset = number(first)?;
            if last.is_empty() {
                return Some(ByteRange { offset, length: None });
            }
            let length = number(last)?.checked_sub(offset)?.checked_add(1)?;
            Some(ByteRange { offset, length: Some(length) })
        };
        range().map(Self).ok_or("must be FIRST-LAST or FIRST-, in bytes counted from 0, such as 0-1023")
    }
}

/// A time such as `90`, `90s`, `15m` or `2h`.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    let (digits, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(digits) => (digits, &text[digits.len()..]),
        None => (text, "s"),
    };
    let seconds = match unit {
        "h" => 3600,
        "m" => 60,
        _ => 1,
    };
    number(digits)
        .and_then(|count| count.checked_mul(seconds))
        .filter(|seconds| (1..=u64::from(u32::MAX)).contains(seconds))
        .map(Duration::from_secs)
        .ok_or("must be a time such as 90, 90s, 15m or 2h")
}

/// A place in the log.
pub fn sequence(text: &str) -> Result<Sequence, &'static str> {
    number(text).ok_or("must be a number from 0 on: the last sequence that was seen")
}

/// Where something is served.
pub fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:7070 or 0.0.0.0:0")
}

/// How many of something are wanted at most.
pub fn count(text: &str) -> Result<NonZeroUsize, &'static str> {
    let number = number(text).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
    number.and_then(NonZeroUsize::new).ok_or("must be a number, and at least 1")
}

/// Digits and nothing else: no sign, no space.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_name_their_first_and_last_byte() {
        let range = |text: &str| text.parse::<Range>().map(|range| (range.0.offset, range.0.length));
        assert_eq!(range("0-0"), Ok((0, Some(1))));
        assert_eq!(range("10-19"), Ok((10, Some(10))));
        assert_eq!(range("7-"), Ok((7, None)));
        for text in ["", "-", "-5", "5", "9-8", "a-b", "1-2-3", "+1-2", " 1-2", "0-18446744073709551615"] {
            assert!(range(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn pairs_have_a_key() {
        let pair = |text: &str| text.parse::<Pair>().map(|pair| (pair.key, pair.value));
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(pair("=b").is_err() && pair("ab").is_err());
    }

    #[test]
    fn counts_begin_at_one() {
        assert_eq!(count("1").map(NonZeroUsize::get), Ok(1));
        for text in ["0", "", "-1", "+1", "many", "99999999999999999999"] {
            assert!(count(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn times_have_a_unit_or_are_seconds() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        for text in ["", "0", "s", "-1", "1d", "1.5", "99999999999h", "é"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
