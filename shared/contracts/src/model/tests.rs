//! The model layer field by field: what is accepted, and how what is not is reported.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::*;

closed_set! {
    /// Words told apart by a literal.
    pub enum Colour as literal {
        /// Red.
        Red = "red",
        /// Blue.
        Blue = "blue",
        /// Green.
        Green = "green",
    }
}

closed_set! {
    /// A word of an enumeration.
    pub enum Only as enumeration {
        /// The only one.
        One = "one",
    }
}

record! {
    /// A record with
    /// a doc over two lines.
    pub struct Inner as "inner" {
        /// Any string.
        pub text: String,
    }
}

record! {
    /// A record of everything.
    pub struct Outer as "outer" {
        /// Not empty.
        pub name: NonEmptyString,
        /// Some number.
        pub count: Count,
        /// A nested record.
        pub inner: Inner,
        /// A list.
        pub list: AtLeastOne<Inner>,
        /// A literal.
        pub colour: Colour,
        /// An enumeration.
        pub only: Only,
        /// A tuple.
        pub tuple: Option<Vec<String>> = default,
        /// A mapping.
        pub mapping: Option<BTreeMap<String, String>> = default,
        /// Anything in a mapping.
        pub anything: Map<String, Value> = default,
        /// A number that may be null.
        pub maybe: Option<Count> = default,
    }
}

fn outer() -> Value {
    json!({
        "name": "n", "count": 1, "inner": {"text": ""}, "list": [{"text": "t"}], "colour": "red", "only": "one"
    })
}

fn found(document: &Value) -> Vec<(String, &'static str, String)> {
    let violations = Outer::violations(document);
    assert_eq!(violations.is_empty(), Outer::deserialize(document).is_ok(), "check and deserialise disagree");
    violations
        .into_iter()
        .map(|violation| (violation.field, violation.violation_type.as_str(), violation.message))
        .collect()
}

fn found_with(member: &str, value: Value) -> Vec<(String, &'static str, String)> {
    let mut document = outer();
    document[member] = value;
    found(&document)
}

fn one(field: &str, violation_type: &'static str, message: &str) -> Vec<(String, &'static str, String)> {
    vec![(field.to_owned(), violation_type, message.to_owned())]
}

#[test]
fn accepts_a_document_with_the_required_fields_only() {
    let outer = Outer::validate(&outer()).unwrap();
    assert_eq!((outer.name.as_str(), outer.count.value()), ("n", 1));
    assert_eq!((outer.tuple, outer.mapping, outer.anything.len(), outer.maybe), (None, None, 0, None));
}

#[test]
fn ignores_members_it_does_not_know() {
    assert_eq!(found_with("unknown", json!([1, 2])), []);
}

#[test]
fn reports_every_missing_field_in_the_order_of_the_model() {
    let expected: Vec<_> = ["name", "count", "inner", "list", "colour", "only"]
        .map(|field| (field.to_owned(), "missing", "Field required".to_owned()))
        .into();
    assert_eq!(found(&json!({})), expected);
}

#[test]
fn a_missing_field_reports_the_record_that_lacks_it() {
    let violations = Outer::violations(&json!({"inner": {"other": 1}}));
    let inner = violations.iter().find(|violation| violation.field == "inner.text").unwrap();
    assert_eq!(inner.input_value, json!({"other": 1}));
}

#[test]
fn refuses_what_is_no_record() {
    for document in [json!(null), json!(1), json!("x"), json!([]), json!(["n", 1])] {
        let message = "Input should be a valid dictionary or instance of Outer";
        assert_eq!(found(&document), one("", "model_type", message));
    }
    let message = "Input should be a valid dictionary or instance of Inner";
    assert_eq!(found_with("inner", json!(["text"])), one("inner", "model_type", message));
}

#[test]
fn strings_are_never_made_of_anything_else() {
    for value in [json!(1), json!(true), json!(null), json!([]), json!({})] {
        assert_eq!(found_with("name", value), one("name", "string_type", "Input should be a valid string"));
    }
    let message = "Input should be a valid string";
    assert_eq!(found_with("inner", json!({"text": 3})), one("inner.text", "string_type", message));
}

#[test]
fn a_name_needs_a_character() {
    let message = "String should have at least 1 character";
    assert_eq!(found_with("name", json!("")), one("name", "string_too_short", message));
    assert!(NonEmptyString::try_from("").is_err());
    assert_eq!(String::from(NonEmptyString::try_from("é").unwrap()), "é");
    assert_eq!(NonEmptyString::try_from("x").unwrap().to_string(), "x");
}

#[test]
fn a_list_needs_an_item_and_reports_items_by_number() {
    let message = "List should have at least 1 item after validation, not 0";
    assert_eq!(found_with("list", json!([])), one("list", "too_short", message));
    assert_eq!(found_with("list", json!({})), one("list", "list_type", "Input should be a valid list"));
    assert_eq!(found_with("list", json!(null)), one("list", "list_type", "Input should be a valid list"));
    let wrong = json!([{"text": ""}, {}, {"text": 1}]);
    let fields: Vec<_> = found_with("list", wrong).into_iter().map(|(field, kind, _)| (field, kind)).collect();
    assert_eq!(fields, [("list.1.text".to_owned(), "missing"), ("list.2.text".to_owned(), "string_type")]);
    assert!(AtLeastOne::<u8>::try_from(Vec::new()).is_err());
    assert_eq!(AtLeastOne::try_from(vec![1, 2]).unwrap().len(), 2);
}

#[test]
fn a_tuple_may_be_empty_or_null() {
    assert_eq!(found_with("tuple", json!([])), []);
    assert_eq!(found_with("tuple", json!(null)), []);
    assert_eq!(found_with("tuple", json!("x")), one("tuple", "tuple_type", "Input should be a valid tuple"));
    let message = "Input should be a valid string";
    assert_eq!(found_with("tuple", json!(["a", 1])), one("tuple.1", "string_type", message));
}

#[test]
fn a_mapping_reports_its_values_by_key() {
    assert_eq!(found_with("mapping", json!({"a": ""})), []);
    let message = "Input should be a valid string";
    assert_eq!(found_with("mapping", json!({"a.b": null})), one("mapping.a.b", "string_type", message));
    let message = "Input should be a valid dictionary";
    assert_eq!(found_with("mapping", json!([])), one("mapping", "dict_type", message));
    assert_eq!(found_with("anything", json!({"a": [null]})), []);
    assert_eq!(found_with("anything", json!(null)), one("anything", "dict_type", message));
}

#[test]
fn a_foreign_word_is_reported_by_the_kind_of_its_set() {
    let message = "Input should be 'red', 'blue' or 'green'";
    for value in [json!("RED"), json!(""), json!(1), json!(null), json!({"red": null}), json!(["red"])] {
        assert_eq!(found_with("colour", value), one("colour", "literal_error", message));
    }
    assert_eq!(found_with("only", json!("two")), one("only", "enum", "Input should be 'one'"));
    assert_eq!(expected_words(&["a", "b"]), "Input should be 'a' or 'b'");
    assert_eq!((Colour::find("blue"), Colour::find("Blue")), (Some(Colour::Blue), None));
    assert_eq!((Colour::ALL.len(), Only::ALL[0].to_string()), (3, "one".to_owned()));
}

#[test]
fn integers_are_read_loosely() {
    for (value, expected) in [
        (json!(0), 0),
        (json!(u64::MAX), u64::MAX),
        (json!(3.0), 3),
        (json!(-0.0), 0),
        (json!(1e18), 1_000_000_000_000_000_000),
        (json!(true), 1),
        (json!(false), 0),
        (json!("3"), 3),
        (json!(" +3\n"), 3),
        (json!("-0"), 0),
        (json!("0007"), 7),
        (json!("1_000"), 1000),
        (json!("3.00"), 3),
        (json!("1_0.0"), 10),
    ] {
        let count = Count::deserialize(&value).unwrap();
        assert_eq!((count, count.value()), (Count::from(expected), expected), "{value}");
        assert_eq!(found_with("count", value), []);
    }
}

#[test]
fn what_is_no_integer_is_refused_by_kind() {
    let parsing = "Input should be a valid integer, unable to parse string as an integer";
    let size = "Unable to parse input string as an integer, exceeded maximum size";
    let fraction = "Input should be a valid integer, got a number with a fractional part";
    let least = "Input should be greater than or equal to 0";
    let no_integer = "Input should be a valid integer";
    for (value, kind, message) in [
        (json!(3.5), "int_from_float", fraction),
        (json!(9.3e18), "int_parsing_size", size),
        (json!(-1e300), "int_parsing_size", size),
        (json!("99999999999999999999"), "int_parsing_size", size),
        (json!("9".repeat(60)), "int_parsing_size", size),
        (json!(-1), "greater_than_equal", least),
        (json!(-2.0), "greater_than_equal", least),
        (json!("-3"), "greater_than_equal", least),
        (json!(null), "int_type", no_integer),
        (json!([]), "int_type", no_integer),
        (json!({}), "int_type", no_integer),
    ] {
        assert_eq!(found_with("count", value), one("count", kind, message));
    }
    for text in ["", " ", "x", "3.5", "3.", ".0", "_1", "1_", "1__0", "+-3", "- 3", "3e2", "0x1", "٣", "1.0.0"] {
        assert_eq!(found_with("count", json!(text)), one("count", "int_parsing", parsing), "{text:?}");
    }
}

#[test]
fn a_null_stands_for_absence_only_where_it_may() {
    assert_eq!(found_with("maybe", json!(null)), []);
    let message = "Input should be greater than or equal to 0";
    assert_eq!(found_with("maybe", json!(-1)), one("maybe", "greater_than_equal", message));
}

#[test]
fn an_error_counts_and_lists_its_violations() {
    let error = Outer::validate(&json!({"name": "", "count": 1})).unwrap_err();
    assert_eq!(error.model(), "Outer");
    assert_eq!(error.violations().len(), 5);
    let text = error.to_string();
    let head =
        "5 validation errors for Outer\nname\n  String should have at least 1 character [type=string_too_short]\n";
    assert!(text.starts_with(head), "{text}");
    let single = Inner::validate(&json!({})).unwrap_err().at("line 7");
    assert_eq!(single.to_string(), "1 validation error for Inner at line 7\ntext\n  Field required [type=missing]");
    let root = Inner::validate(&json!([])).unwrap_err().to_string();
    assert!(root.ends_with("for Inner\n  Input should be a valid dictionary or instance of Inner [type=model_type]"));
}

#[test]
fn an_error_names_only_the_first_violations() {
    let error = Outer::validate(&json!({"list": vec![json!({}); 100]})).unwrap_err();
    assert_eq!(error.violations().len(), 105);
    assert!(error.to_string().ends_with("\n… and 85 more"));
}

#[test]
fn a_violation_is_written_without_its_input() {
    let violation = Inner::violations(&json!({"text": 1})).remove(0);
    let expected = r#"{"field":"text","violation_type":"string_type","message":"Input should be a valid string"}"#;
    assert_eq!(serde_json::to_string(&violation).unwrap(), expected);
    assert_eq!(violation.input_value, json!(1));
}

#[test]
fn strings_are_quoted_as_python_does() {
    for (text, quoted) in [
        ("plain", "'plain'"),
        ("it's", "\"it's\""),
        ("it's \"so\"", "'it\\'s \"so\"'"),
        ("\"so\"", "'\"so\"'"),
        ("a\\b", "'a\\\\b'"),
        ("\n\r\t", "'\\n\\r\\t'"),
        ("\0\u{1b}\u{7f}", "'\\x00\\x1b\\x7f'"),
        ("\u{a0}\u{ad}", "'\\xa0\\xad'"),
        ("é\u{301}日", "'é\u{301}日'"),
        ("\u{200b}\u{2028}", "'\\u200b\\u2028'"),
        ("😀\u{e0001}", "'😀\\U000e0001'"),
    ] {
        assert_eq!(Repr(text).to_string(), quoted);
    }
}

#[test]
fn a_schema_says_what_the_model_asks_for() {
    let schema = crate::catalogue::ModelEntry::of::<Outer>().json_schema().to_value();
    assert_eq!(schema["description"], "A record of everything.");
    assert_eq!(schema["required"], json!(["name", "count", "inner", "list", "colour", "only"]));
    let properties = &schema["properties"];
    assert_eq!(properties["name"], json!({"type": "string", "minLength": 1, "description": "Not empty."}));
    assert_eq!(properties["count"]["minimum"], 0);
    assert_eq!(properties["inner"]["$ref"], "#/$defs/Inner");
    assert_eq!(properties["only"]["$ref"], "#/$defs/Only");
    assert_eq!(properties["colour"]["enum"], json!(["red", "blue", "green"]));
    assert_eq!(
        (&properties["list"]["minItems"], &properties["list"]["items"]["$ref"]),
        (&json!(1), &json!("#/$defs/Inner"))
    );
    let nullable = json!([{"type": "array", "items": {"type": "string"}}, {"type": "null"}]);
    assert_eq!((&properties["tuple"]["anyOf"], &properties["tuple"]["default"]), (&nullable, &Value::Null));
    assert_eq!(properties["anything"]["default"], json!({}));
    assert_eq!(schema["$defs"]["Inner"]["description"], "A record with a doc over two lines.");
}
