//! The envelope: identifiers, times, and every field's faults.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::catalogue::testing::envelope;
use crate::model::Model;

fn document() -> Value {
    envelope("SomeType", 1, 1, json!({"note": 1}))
}

fn changed(member: &str, value: Value) -> Value {
    let mut document = document();
    document[member] = value;
    document
}

fn removed(member: &str) -> Value {
    let mut document = document();
    document.as_object_mut().unwrap().remove(member);
    document
}

/// The type names of the faults found, or nothing; text and document must agree.
fn faults(document: &Value) -> Vec<(String, &'static str)> {
    let violations = Event::violations(document);
    let text = document.to_string();
    assert_eq!(violations.is_empty(), Event::parse(text.as_bytes()).is_ok());
    assert_eq!(violations.is_empty(), Envelope::parse(text.as_bytes()).is_ok(), "{text}");
    violations.into_iter().map(|violation| (violation.field, violation.violation_type.as_str())).collect()
}

fn one(field: &str, violation_type: &'static str) -> Vec<(String, &'static str)> {
    vec![(field.to_owned(), violation_type)]
}

#[test]
fn identifiers_have_one_normal_form() {
    for (text, normal) in [
        ("01jq4t1de0gavge00000000001", "01JQ4T1DE0GAVGE00000000001"),
        ("ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "ZZZZZZZZZZZZZZZZZZZZZZZZZZ"),
        ("550E8400-E29B-41D4-A716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("550E8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-446655440000"),
    ] {
        let id = normalize_event_id(text).unwrap();
        assert_eq!((id.as_str(), id.to_string().as_str()), (normal, normal));
        assert_eq!(text.parse::<EventId>().unwrap(), id);
    }
}

#[test]
fn what_is_neither_ulid_nor_uuid_is_refused() {
    for text in [
        "",
        "short",
        "01JQ4T1DE0GAVGE0000000000",
        "01JQ4T1DE0GAVGE000000000011",
        "01JQ4T1DE0GAVGE0000000000I",
        "01JQ4T1DE0GAVGE0000000000L",
        "01JQ4T1DE0GAVGE0000000000O",
        "01JQ4T1DE0GAVGE0000000000u",
        "01JQ4T1DE0GAVGE000000000-1",
        "01JQ4T1DE0GAVGE00000000é0",
        "550e8400e29b41d4a71644665544000g",
        "550e8400-e29b-41d4-a716-44665544000g",
        "550e8400e-29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716_446655440000",
        "{550e8400-e29b-41d4-a716-44665544000}",
    ] {
        assert_eq!(normalize_event_id(text), Err(EventIdRefused), "{text}");
        for member in ["event_id", "causation_id", "correlation_id"] {
            assert_eq!(faults(&changed(member, json!(text))), one(member, "value_error"));
        }
    }
}

#[test]
fn an_identifier_that_is_no_string_is_a_value_error() {
    for value in [json!(1), json!(true), json!([]), json!({})] {
        assert_eq!(faults(&changed("event_id", value.clone())), one("event_id", "value_error"));
        assert_eq!(faults(&changed("causation_id", value)), one("causation_id", "value_error"));
    }
    assert_eq!(faults(&changed("causation_id", Value::Null)), []);
    assert_eq!(faults(&changed("correlation_id", Value::Null)), one("correlation_id", "value_error"));
    let violation = Event::violations(&changed("event_id", json!(1))).remove(0);
    assert!(violation.message.starts_with("Value error, "));
}

#[test]
fn defaults_stand_in_for_absent_fields() {
    let event = Event::validate(&removed("payload")).unwrap();
    assert!(event.payload.is_empty());
    assert_eq!((event.causation_id, event.project_slug), (None, None));
    assert_eq!((event.schema_version.as_str(), event.data_tier.value()), ("1.0.0", 0));
    assert_eq!(Envelope::parse(removed("payload").to_string().as_bytes()).unwrap().payload, "{}");
}

#[test]
fn each_required_field_is_required() {
    for member in [
        "event_id",
        "event_type",
        "aggregate_id",
        "timestamp",
        "node_id",
        "lamport_clock",
        "project_uuid",
        "correlation_id",
    ] {
        assert_eq!(faults(&removed(member)), one(member, "missing"));
    }
}

#[test]
fn texts_must_say_something() {
    for member in ["event_type", "aggregate_id", "node_id"] {
        assert_eq!(faults(&changed(member, json!(""))), one(member, "string_too_short"));
        assert_eq!(faults(&changed(member, json!(1))), one(member, "string_type"));
        assert_eq!(faults(&changed(member, json!("q\"uoted\\ é"))), []);
    }
    assert_eq!(faults(&changed("project_slug", json!(1))), one("project_slug", "string_type"));
    assert_eq!(faults(&changed("project_slug", json!(""))), []);
}

#[test]
fn a_payload_must_be_a_mapping_and_may_be_any() {
    for value in [json!(null), json!([]), json!("x"), json!(1)] {
        assert_eq!(faults(&changed("payload", value)), one("payload", "dict_type"));
    }
    assert_eq!(faults(&changed("payload", json!({"a": {"b": [null, 1.5, "é"]}}))), []);
}

#[test]
fn numbers_have_bounds() {
    assert_eq!(faults(&changed("lamport_clock", json!(-1))), one("lamport_clock", "greater_than_equal"));
    assert_eq!(faults(&changed("lamport_clock", json!("7"))), []);
    assert_eq!(faults(&changed("data_tier", json!(4))), []);
    assert_eq!(faults(&changed("data_tier", json!("3"))), []);
    assert_eq!(faults(&changed("data_tier", json!(5))), one("data_tier", "less_than_equal"));
    assert_eq!(faults(&changed("data_tier", json!(-1))), one("data_tier", "greater_than_equal"));
    assert_eq!(faults(&changed("data_tier", json!(1.5))), one("data_tier", "int_from_float"));
    assert_eq!(faults(&changed("data_tier", json!(null))), one("data_tier", "int_type"));
    assert_eq!((DataTier::find(4).unwrap().value(), DataTier::find(5)), (4, None));
}

#[test]
fn a_schema_version_is_three_numbers() {
    for text in ["1.0.0", "10.20.30", "0.0.0"] {
        assert_eq!(faults(&changed("schema_version", json!(text))), []);
    }
    for text in ["", "1.0", "1.0.0.0", "1.0.x", "v1.0.0", "1..0", "1.0.0\n", " 1.0.0", "not-a-semver"] {
        assert_eq!(faults(&changed("schema_version", json!(text))), one("schema_version", "string_pattern_mismatch"));
    }
    for value in [json!(null), json!(1.0), json!(["1.0.0"])] {
        assert_eq!(faults(&changed("schema_version", value)), one("schema_version", "string_type"));
    }
    assert!(SchemaVersion::try_from("2.5".to_owned()).is_err());
    assert_eq!(SchemaVersion::try_from("2.5.0".to_owned()).unwrap().as_str(), "2.5.0");
}

#[test]
fn a_project_is_named_by_any_form_of_uuid() {
    let hyphenated = "3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943";
    for text in [
        hyphenated,
        "3F2B7C1E08D44E519A6F5D20C7B1E943",
        "{3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943}",
        "urn:uuid:3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943",
    ] {
        let event = Event::validate(&changed("project_uuid", json!(text))).unwrap();
        assert_eq!(event.project_uuid.to_string(), hyphenated);
        assert_eq!(ProjectUuid::from(uuid::Uuid::from(event.project_uuid)), event.project_uuid);
    }
    for text in ["", "x", "3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e94"] {
        assert_eq!(faults(&changed("project_uuid", json!(text))), one("project_uuid", "uuid_parsing"));
    }
    for value in [json!(1), json!(null), json!([])] {
        assert_eq!(faults(&changed("project_uuid", value)), one("project_uuid", "uuid_type"));
    }
}

#[test]
fn times_are_written_as_isoformat_writes_them() {
    for (value, isoformat) in [
        (json!("2026-01-15T10:00:00Z"), "2026-01-15T10:00:00+00:00"),
        (json!("2026-01-15t10:00:00z"), "2026-01-15T10:00:00+00:00"),
        (json!("2026-01-15 10:00:00-00:00"), "2026-01-15T10:00:00+00:00"),
        (json!("2026-01-15_10:00"), "2026-01-15T10:00:00"),
        (json!("2026-01-15"), "2026-01-15T00:00:00"),
        (json!("2024-02-29T23:59:59.000000Z"), "2024-02-29T23:59:59+00:00"),
        (json!("2026-01-15T10:00:00.1"), "2026-01-15T10:00:00.100000"),
        (json!("2026-01-15T10:00:00,1234567899Z"), "2026-01-15T10:00:00.123456+00:00"),
        (json!("2026-01-15T10:00:00+05:30"), "2026-01-15T10:00:00+05:30"),
        (json!("2026-01-15T10:00:00-0530"), "2026-01-15T10:00:00-05:30"),
        (json!("2026-01-15T10:00:00\u{2212}23:59"), "2026-01-15T10:00:00-23:59"),
        (json!("9999-12-31T23:59:59.999999+23:59"), "9999-12-31T23:59:59.999999+23:59"),
        (json!("0001-01-01T00:00:00"), "0001-01-01T00:00:00"),
        (json!("2000-02-29"), "2000-02-29T00:00:00"),
        (json!(0), "1970-01-01T00:00:00+00:00"),
        (json!(1_700_000_000), "2023-11-14T22:13:20+00:00"),
        (json!(1_700_000_000_123_u64), "2023-11-14T22:13:20.123000+00:00"),
        (json!(20_000_000_000_u64), "2603-10-11T11:33:20+00:00"),
        (json!(20_000_000_001_u64), "1970-08-20T11:33:20.001000+00:00"),
        (json!(-1), "1969-12-31T23:59:59+00:00"),
        (json!(-20_000_000_001_i64), "1969-05-14T12:26:39.999000+00:00"),
        (json!(-62_135_596_800_000_i64), "0001-01-01T00:00:00+00:00"),
        (json!(1_700_000_000.5), "2023-11-14T22:13:20.500000+00:00"),
        (json!(1.999_999_9), "1970-01-01T00:00:02+00:00"),
        (json!(-1.25), "1969-12-31T23:59:58.250000+00:00"),
        (json!(1_700_000_000_123.5), "2023-11-14T22:13:20.123500+00:00"),
        (json!("1700000000"), "2023-11-14T22:13:20+00:00"),
        (json!("+1700000000.5"), "2023-11-14T22:13:20.500000+00:00"),
        (json!("-1.25"), "1969-12-31T23:59:58.750000+00:00"),
        (json!("12."), "1970-01-01T00:00:12+00:00"),
        (json!(".5"), "1970-01-01T00:00:00.500000+00:00"),
        (json!("1700000000123.5"), "2023-11-14T22:13:20.123500+00:00"),
        (json!("20260115"), "1970-08-23T11:48:35+00:00"),
    ] {
        let event = Event::validate(&changed("timestamp", value.clone())).unwrap();
        assert_eq!(event.timestamp.isoformat(), isoformat, "{value}");
        let text = changed("timestamp", value).to_string();
        assert_eq!(Envelope::parse(text.as_bytes()).unwrap().timestamp, event.timestamp);
    }
}

#[test]
fn what_is_no_time_is_refused_with_its_reason() {
    let rest = "unexpected extra characters at the end of the input";
    let day = "day value is outside expected range";
    let month = "month value is outside expected range of 1-12";
    let separator = "invalid date separator, expected `-`";
    for (text, reason) in [
        ("", "input is too short"),
        ("abc", "input is too short"),
        ("1e9", "input is too short"),
        ("--1", "input is too short"),
        ("20a6-01-15", "invalid character in year"),
        (" 2026-01-15", "invalid character in year"),
        ("2026-0a-15", "invalid character in month"),
        ("2026-01-1a", "invalid character in day"),
        ("2026/01/15", separator),
        ("2026-01/15", separator),
        ("2026-13-15T10:00:00Z", month),
        ("2026-00-15", month),
        ("2026-02-29", day),
        ("1900-02-29", day),
        ("2026-04-31", day),
        ("2026-01-00", day),
        ("2026-01-15T", rest),
        ("2026-01-15T10", rest),
        ("2026-01-15T10:0", rest),
        ("2026-01-15x10:00", rest),
        ("2026-01-15T24:00:00", rest),
        ("2026-01-15T10:60:00", rest),
        ("2026-01-15T10:00:60", rest),
        ("2026-01-15T10:00:", rest),
        ("2026-01-15T10:00:0a", rest),
        ("2026-01-15T10:00:00.", rest),
        ("2026-01-15T10:00:00.Z", rest),
        ("2026-01-15T10:00:00Z ", rest),
        ("2026-01-15T10:00:00+05", rest),
        ("2026-01-15T10:00:00+05:3x", rest),
        ("2026-01-15T10:00:00+24:00", rest),
        ("2026-01-15T10:00:00+05:60", rest),
        ("2026-01-15T1a:00", rest),
        ("2026-01-15T10:0a", rest),
        ("253402300800000", "dates after 9999 are not supported as unix timestamps"),
        ("-377705116800000", "dates before 0000 are not supported as unix timestamps"),
    ] {
        let document = changed("timestamp", json!(text));
        assert_eq!(faults(&document), one("timestamp", "datetime_from_date_parsing"), "{text}");
        let message = &Event::violations(&document)[0].message;
        assert_eq!(message, &format!("Input should be a valid datetime or date, {reason}"), "{text}");
    }
    assert_eq!(
        "x".parse::<Timestamp>().unwrap_err().to_string(),
        "Input should be a valid datetime or date, input is too short"
    );
}

#[test]
fn times_out_of_range_and_other_types_have_faults_of_their_own() {
    for value in [
        json!("0000-01-01"),
        json!(1e20),
        json!(u64::MAX),
        json!(-1e15),
        json!(-62_135_596_800_001_i64),
        json!(1.7e308),
    ] {
        assert_eq!(faults(&changed("timestamp", value)), one("timestamp", "datetime_parsing"));
    }
    for value in [json!(true), json!(null), json!([]), json!({})] {
        assert_eq!(faults(&changed("timestamp", value)), one("timestamp", "datetime_type"));
    }
}

#[test]
fn an_event_is_written_in_normal_form() {
    let mut document = changed("event_id", json!("550E8400E29B41D4A716446655440000"));
    document["timestamp"] = json!("2026-01-15 10:00:00.250+00:00");
    let event = Event::validate(&document).unwrap();
    let expected = concat!(
        r#"{"event_id":"550e8400-e29b-41d4-a716-446655440000","event_type":"SomeType","aggregate_id":"aggregate","#,
        r#""payload":{"note":1},"timestamp":"2026-01-15T10:00:00.250000Z","node_id":"node","lamport_clock":1,"#,
        r#""causation_id":null,"project_uuid":"3f2b7c1e-08d4-4e51-9a6f-5d20c7b1e943","project_slug":null,"#,
        r#""correlation_id":"01JQ4T1DE00000000000000000","schema_version":"1.0.0","data_tier":0}"#,
    );
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(text, expected);
    assert_eq!(Event::parse(text.as_bytes()).unwrap(), event);
    let local = Event::validate(&changed("timestamp", json!("2026-01-15T10:00:00"))).unwrap();
    assert_eq!(serde_json::to_value(local.timestamp).unwrap(), "2026-01-15T10:00:00");
    assert_eq!(
        format!("{:?} {:?}", local.timestamp, local.event_id),
        "Timestamp(2026-01-15T10:00:00) EventId(01JQ4T1DE00000000000000001)"
    );
}

#[test]
fn what_is_no_envelope_is_refused_and_never_panics() {
    for text in [&b""[..], b"{", b"\xff\xfe", b"nul", b"[]", b"{}", b"null", b"\"\\ud800\"", b"[1,2,3]", b"{\"a\":1}x"]
    {
        assert!(Envelope::parse(text).is_err());
        assert!(Event::parse(text).is_err());
    }
    let error = Envelope::parse(b"{").unwrap_err();
    assert_eq!(error.violations()[0].violation_type.as_str(), "json_invalid");
    let values: Vec<_> = document().as_object().unwrap().values().cloned().collect();
    assert!(Envelope::parse(json!(values).to_string().as_bytes()).is_err(), "an array of members is no envelope");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Event::parse(deep.as_bytes()).is_err());
    assert!(Envelope::parse(deep.as_bytes()).is_err());
}

#[test]
fn of_a_repeated_member_the_last_counts() {
    let text = document().to_string().replacen('{', r#"{"event_type":"","#, 1);
    assert_eq!(Envelope::parse(text.as_bytes()).unwrap().event_type, "SomeType");
    assert_eq!(Event::parse(text.as_bytes()).unwrap().event_type.as_str(), "SomeType");
}

#[test]
fn white_space_around_an_envelope_does_not_matter() {
    let text = format!(" \t{}\r", document());
    assert!(Envelope::parse(text.as_bytes()).is_ok());
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9A-Za-z:.+_ -]{0,36}".prop_map(Value::from),
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,7})?)?(Z|[+-][0-2][0-9]:?[0-5][0-9])?"
            .prop_map(Value::from),
        "[0-9A-HJKMNP-TV-Za-z]{26}".prop_map(Value::from),
        "[0-9a-fA-F]{32}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!({"a": [1]})),
        Just(json!([])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn an_envelope_reads_exactly_when_an_event_does(
        changes in prop::collection::vec((0..13_usize, scalar()), 1..4),
    ) {
        let members = [
            "event_id", "event_type", "aggregate_id", "payload", "timestamp", "node_id", "lamport_clock",
            "causation_id", "project_uuid", "project_slug", "correlation_id", "schema_version", "data_tier",
        ];
        let mut document = document();
        for (member, value) in changes {
            document[members[member]] = value;
        }
        let text = document.to_string();
        match (Envelope::parse(text.as_bytes()), Event::parse(text.as_bytes())) {
            (Ok(envelope), Ok(event)) => {
                prop_assert_eq!(Event::violations(&document), []);
                prop_assert_eq!(envelope, Envelope::from(event));
            }
            (Err(one), Err(other)) => prop_assert_eq!(one, other),
            (one, other) => prop_assert!(false, "{:?} but {:?}", one, other),
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Envelope::parse(&bytes).is_err());
    }

    #[test]
    fn a_normal_identifier_is_its_own_normal_form(text in "[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}|[0-9a-fA-F]{32}") {
        let normal = normalize_event_id(&text).unwrap();
        prop_assert_eq!(normalize_event_id(normal.as_str()), Ok(normal));
    }

    #[test]
    fn the_order_of_times_is_the_order_of_their_texts(one in any::<i32>(), other in any::<i32>()) {
        let time = |number: i32| serde_json::from_value::<Timestamp>(json!(number)).unwrap();
        let (one, other) = (time(one), time(other));
        prop_assert_eq!(one.cmp(&other), one.isoformat().cmp(other.isoformat()));
    }
}
