//! Integers, read as loosely as the contract says: from an integer, a float without fraction, a boolean, or a string
//! that spells one. The schema layer is stricter on purpose; a document must pass both.
//!
//! Integers beyond 2^64-1 are refused, where the contract's first implementation stored any size.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::{Field, Report, ViolationType};

/// A JSON scalar on its way to becoming something stricter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loose<'a> {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
}

impl<'a> Loose<'a> {
    /// The scalar that stands here, or none for null, arrays and objects.
    pub(crate) fn find(value: &'a Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Bool(*truth)),
            Value::String(text) => Some(Self::Text(text)),
            Value::Number(number) => (number.as_u64().map(Self::Unsigned))
                .or_else(|| number.as_i64().map(Self::Signed))
                .or_else(|| number.as_f64().map(Self::Float)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Deserialises any JSON scalar and hands it to `read`, whose refusal becomes the error.
    pub(crate) fn deserialize<'de, D, T, F>(input: D, read: F) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        F: Fn(Loose<'_>) -> Result<T, Refusal>,
    {
        input.deserialize_any(LooseVisitor(read))
    }
}

/// Why a scalar is not what should stand there.
pub(crate) type Refusal = (ViolationType, String);

struct LooseVisitor<F>(F);

impl<T, F: Fn(Loose<'_>) -> Result<T, Refusal>> LooseVisitor<F> {
    fn read<E: de::Error>(&self, scalar: Loose<'_>) -> Result<T, E> {
        (self.0)(scalar).map_err(|(_, message)| E::custom(message))
    }
}

impl<T, F: Fn(Loose<'_>) -> Result<T, Refusal>> de::Visitor<'_> for LooseVisitor<F> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a scalar")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        self.read(Loose::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        self.read(Loose::Signed(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        self.read(Loose::Float(value))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
        self.read(Loose::Bool(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
        self.read(Loose::Text(value))
    }
}

/// Floats at or above this no longer name one integer of 64 bits.
const FLOAT_LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// Reads a scalar as an integer between `least` and `greatest`.
pub(crate) fn integer(scalar: Loose<'_>, least: u64, greatest: u64) -> Result<u64, Refusal> {
    let value = match scalar {
        Loose::Unsigned(value) => i128::from(value),
        Loose::Signed(value) => i128::from(value),
        Loose::Bool(truth) => i128::from(truth),
        Loose::Float(value) => from_float(value)?,
        Loose::Text(text) => from_text(text)?,
    };
    if value < i128::from(least) {
        return Err((ViolationType::GreaterThanEqual, format!("Input should be greater than or equal to {least}")));
    }
    match u64::try_from(value) {
        Ok(value) if value <= greatest => Ok(value),
        _ if greatest == u64::MAX => Err(too_large()),
        _ => Err((ViolationType::LessThanEqual, format!("Input should be less than or equal to {greatest}"))),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before the cast")]
fn from_float(value: f64) -> Result<i128, Refusal> {
    if value.fract() != 0.0 {
        let message = "Input should be a valid integer, got a number with a fractional part";
        return Err((ViolationType::IntFromFloat, message.to_owned()));
    }
    if value.abs() < FLOAT_LIMIT { Ok(value as i128) } else { Err(too_large()) }
}

/// Decimal digits, single underscores between them, one sign, spaces around, and a fraction of nothing but zeros.
fn from_text(text: &str) -> Result<i128, Refusal> {
    let unreadable = || {
        let message = "Input should be a valid integer, unable to parse string as an integer";
        (ViolationType::IntParsing, message.to_owned())
    };
    let trimmed = text.trim();
    let (negative, unsigned) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let whole = match unsigned.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return Err(unreadable()),
        None => unsigned,
    };
    let mut value = Some(0_i128);
    for group in whole.split('_') {
        if group.is_empty() || !group.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(unreadable());
        }
        for digit in group.bytes() {
            value = value.and_then(|value| value.checked_mul(10)?.checked_add(i128::from(digit - b'0')));
        }
    }
    match value {
        Some(value) => Ok(if negative { -value } else { value }),
        None => Err(too_large()),
    }
}

fn too_large() -> Refusal {
    (ViolationType::IntParsingSize, "Unable to parse input string as an integer, exceeded maximum size".to_owned())
}

/// Notes what `read` has against the value that stands here; anything but a scalar is refused as `otherwise`.
pub(crate) fn check_scalar<T>(
    value: &Value,
    report: &mut Report,
    otherwise: Refusal,
    read: impl Fn(Loose<'_>) -> Result<T, Refusal>,
) {
    if let Err((violation_type, message)) = Loose::find(value).map_or(Err(otherwise), |scalar| read(scalar).map(drop)) {
        report.note(violation_type, message, value);
    }
}

/// The refusal of what cannot be an integer at all.
pub(crate) fn not_an_integer() -> Refusal {
    (ViolationType::IntType, "Input should be a valid integer".to_owned())
}

/// How many: an integer from 0 to 2^64-1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Count(u64);

impl Count {
    /// The number.
    pub fn value(self) -> u64 {
        self.0
    }

    fn read(scalar: Loose<'_>) -> Result<Self, Refusal> {
        integer(scalar, 0, u64::MAX).map(Self)
    }
}

impl From<u64> for Count {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Loose::deserialize(input, Self::read)
    }
}

impl JsonSchema for Count {
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0 })
    }
}

impl Field for Count {
    fn check(value: &Value, report: &mut Report) {
        check_scalar(value, report, not_an_integer(), Self::read);
    }
}
