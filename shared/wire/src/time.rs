//! Times: `google.protobuf.Timestamp` with whole microseconds.

use artifactstore_types::{Fault, Timestamp, TimestampRefused};

use crate::field;

const MICROS: i64 = 1_000_000;

pub(crate) fn encode(time: Timestamp) -> prost_types::Timestamp {
    let micros = time.micros();
    // The remainder is below a second, so that its nanoseconds fit.
    let nanos = i32::try_from(micros.rem_euclid(MICROS) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: micros.div_euclid(MICROS), nanos }
}

pub(crate) fn decode(field: &str, time: Option<prost_types::Timestamp>) -> Result<Timestamp, Fault> {
    let prost_types::Timestamp { seconds, nanos } = field::required(field, time)?;
    if !(0..1_000_000_000).contains(&nanos) || nanos % 1_000 != 0 {
        return Err(field::refused(field, "a time has whole microseconds"));
    }
    let micros = seconds.checked_mul(MICROS).and_then(|micros| micros.checked_add(i64::from(nanos / 1_000)));
    let time = micros.ok_or(TimestampRefused).and_then(Timestamp::from_micros);
    time.map_err(|_| field::refused(field, "a time lies in the years 1 to 9999"))
}

pub(crate) fn decode_if_given(field: &str, time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Fault> {
    time.map(|time| decode(field, Some(time))).transpose()
}
