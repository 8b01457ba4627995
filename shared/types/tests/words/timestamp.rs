//! Times: one text each, in the calendar an independent implementation keeps.

use artifactstore_types::{Timestamp, TimestampRefused};
use proptest::prelude::*;

fn times() -> impl Strategy<Value = Timestamp> {
    (Timestamp::EARLIEST.micros()..=Timestamp::LATEST.micros())
        .prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

fn by_jiff(micros: i64) -> Option<String> {
    jiff::Timestamp::from_microsecond(micros).ok().map(|time| format!("{time:.6}"))
}

proptest! {
    #[test]
    fn prints_and_parses_back(time in times()) {
        let text = time.to_string();
        prop_assert_eq!(text.len(), 27);
        prop_assert_eq!(text.parse(), Ok(time));
    }

    #[test]
    fn prints_what_an_independent_calendar_prints(time in times()) {
        if let Some(expected) = by_jiff(time.micros()) {
            prop_assert_eq!(time.to_string(), expected);
        }
    }

    #[test]
    fn is_ordered_as_its_text_is(left in times(), right in times()) {
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
    }

    #[test]
    fn whatever_is_accepted_prints_as_it_was_written(
        text in "[0-9]{4}-[0-9]{2}-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{6}Z|(?s).{27}|.{0,30}"
    ) {
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string(), text.clone());
            prop_assert!(text.parse::<jiff::Timestamp>().is_ok() || &text[..10] == "9999-12-31" || &text[..10] == "9999-12-30");
        }
    }

    #[test]
    fn adding_seconds_adds_them_or_stops_at_the_last_time(time in times(), seconds: u64) {
        let later = time.plus_seconds(seconds);
        let exact = i128::from(time.micros()) + i128::from(seconds) * 1_000_000;
        prop_assert_eq!(i128::from(later.micros()), exact.min(i128::from(Timestamp::LATEST.micros())));
    }

    #[test]
    fn only_the_years_1_to_9999_are_times(micros: i64) {
        let within = (Timestamp::EARLIEST.micros()..=Timestamp::LATEST.micros()).contains(&micros);
        prop_assert_eq!(Timestamp::from_micros(micros).is_ok(), within);
    }
}

#[test]
fn every_day_of_four_centuries_is_the_day_of_an_independent_calendar() {
    let midnight = "1900-01-01T00:00:00.000000Z".parse::<Timestamp>().unwrap();
    for day in 0..146_097 {
        let time = midnight.plus_seconds(day * 86_400);
        assert_eq!(Some(time.to_string()), by_jiff(time.micros()));
        assert_eq!(time.to_string().parse(), Ok(time));
    }
}

#[test]
fn known_times_have_their_texts() {
    for (micros, text) in [
        (0, "1970-01-01T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (1_769_903_999_000_000, "2026-01-31T23:59:59.000000Z"),
        (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
        (Timestamp::EARLIEST.micros(), "0001-01-01T00:00:00.000000Z"),
        (Timestamp::LATEST.micros(), "9999-12-31T23:59:59.999999Z"),
    ] {
        assert_eq!(Timestamp::from_micros(micros).unwrap().to_string(), text);
        assert_eq!(text.parse::<Timestamp>().unwrap().micros(), micros);
    }
    for micros in [Timestamp::EARLIEST.micros() - 1, Timestamp::LATEST.micros() + 1, i64::MIN, i64::MAX] {
        assert_eq!(Timestamp::from_micros(micros), Err(TimestampRefused));
    }
}

#[test]
fn every_other_text_of_a_time_is_refused() {
    for text in [
        "",
        "2026-01-31",
        "2026-01-31T23:59:59Z",
        "2026-01-31T23:59:59.0Z",
        "2026-01-31T23:59:59.000Z",
        "2026-01-31T23:59:59.0000000Z",
        "2026-01-31T23:59:59.000000",
        "2026-01-31T23:59:59.000000z",
        "2026-01-31t23:59:59.000000Z",
        "2026-01-31 23:59:59.000000Z",
        "2026-01-31T23:59:59,000000Z",
        "2026-01-31T23:59:59.000000+00:00",
        "2026-01-31T23:59.59.000000Z",
        "2026-02-29T00:00:00.000000Z",
        "2026-02-30T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "2026-99-99T99:99:99.999999Z",
        "2026-01-00T00:00:00.000000Z",
        "2026-01-32T00:00:00.000000Z",
        "2026-01-31T24:00:00.000000Z",
        "2026-01-31T23:60:00.000000Z",
        "2016-12-31T23:59:60.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "0000-00-00T00:00:00.000000Z",
        "9999-12-31T24:00:00.000000Z",
        "9999-99-99T99:99:99.999999Z",
        "-001-01-01T00:00:00.000000Z",
        "+026-01-31T23:59:59.000000Z",
        "2026-01-31T23:59:59.00000\u{660}",
        " 2026-01-31T23:59:59.000000",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(TimestampRefused), "{text:?}");
    }
}
