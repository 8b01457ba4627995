//! Times as the contract compares them: as the text of Python's `isoformat`.
//!
//! Nothing here is converted to an instant. Two times that name the same moment with different offsets stay different,
//! and a time without offset stays without.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::inline::Inline;
use crate::model::{Field, Loose, Refusal, Report, ViolationType, check_scalar};

mod civil;
mod unix;

/// `9999-12-31T23:59:59.999999+23:59`
const LONGEST: usize = 32;

/// A time, held as its ISO text. The order of two times is the order of their texts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(Inline<LONGEST>);

impl Timestamp {
    /// The text, as `datetime.isoformat` writes it: no fraction if it is zero, `+00:00` for UTC, nothing for no offset.
    pub fn isoformat(&self) -> &str {
        self.0.as_str()
    }

    fn read(scalar: Loose<'_>) -> Result<Self, Refusal> {
        match scalar {
            Loose::Unsigned(number) => from_unix(unix::micros_of_integer(number.into())).map_err(Fault::out_of_range),
            Loose::Signed(number) => from_unix(unix::micros_of_integer(number.into())).map_err(Fault::out_of_range),
            Loose::Float(number) => from_unix(unix::micros_of_float(number)).map_err(Fault::out_of_range),
            Loose::Text(text) => from_text(text),
            Loose::Bool(_) => Err(not_a_time()),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = TimestampRefused;

    fn from_str(text: &str) -> Result<Self, TimestampRefused> {
        from_text(text).map_err(|(_, message)| TimestampRefused(message))
    }
}

/// The refusal of text that names no time, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TimestampRefused(String);

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.isoformat())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Timestamp({self})")
    }
}

/// On the wire UTC is written `Z`.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.isoformat().strip_suffix("+00:00") {
            Some(local) => out.collect_str(&format_args!("{local}Z")),
            None => out.serialize_str(self.isoformat()),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Loose::deserialize(input, Self::read)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

impl Field for Timestamp {
    fn check(value: &Value, report: &mut Report) {
        check_scalar(value, report, not_a_time(), Self::read);
    }
}

fn not_a_time() -> Refusal {
    (ViolationType::DatetimeType, "Input should be a valid datetime".to_owned())
}

/// Why text or number is no time.
#[derive(Debug, Clone, Copy)]
enum Fault {
    TooShort,
    Year,
    Month,
    Day,
    Separator,
    MonthRange,
    DayRange,
    Rest,
    AfterLast,
    BeforeFirst,
    YearZero,
}

impl Fault {
    fn reason(self) -> &'static str {
        match self {
            Self::TooShort => "input is too short",
            Self::Year => "invalid character in year",
            Self::Month => "invalid character in month",
            Self::Day => "invalid character in day",
            Self::Separator => "invalid date separator, expected `-`",
            Self::MonthRange => "month value is outside expected range of 1-12",
            Self::DayRange => "day value is outside expected range",
            Self::Rest => "unexpected extra characters at the end of the input",
            Self::AfterLast => "dates after 9999 are not supported as unix timestamps",
            Self::BeforeFirst => "dates before 0000 are not supported as unix timestamps",
            Self::YearZero => "year 0 is out of range",
        }
    }

    fn out_of_range(self) -> Refusal {
        (ViolationType::DatetimeParsing, format!("Input should be a valid datetime, {}", self.reason()))
    }

    fn unreadable(self) -> Refusal {
        if matches!(self, Self::YearZero) {
            return self.out_of_range();
        }
        let message = format!("Input should be a valid datetime or date, {}", self.reason());
        (ViolationType::DatetimeFromDateParsing, message)
    }
}

/// A date with time, a number of seconds or milliseconds, or a date alone.
fn from_text(text: &str) -> Result<Timestamp, Refusal> {
    let bytes = text.as_bytes();
    let read = match civil::read_date(bytes) {
        Ok((date, rest)) => civil::read_time(date, rest).ok_or(Fault::Rest).and_then(|civil| civil.text()),
        Err(fault) => unix::micros_of_text(text).map_or(Err(fault), from_unix),
    };
    read.map_err(Fault::unreadable)
}

fn from_unix(micros: i128) -> Result<Timestamp, Fault> {
    unix::civil(micros)?.text()
}
