//! Paths through payloads, plain and odd.

use serde_json::json;

use super::*;

#[test]
fn a_path_names_members_and_numbers_items() {
    let document = json!({"a": [{"b/c": {"0": 1}}], "_x": 1, "it's": {"back\\slash": 1}});
    let path = |pointer: &str| json_path(&segments(&document, pointer));
    assert_eq!(path(""), "$");
    assert_eq!(path("/a/0"), "$.a[0]");
    assert_eq!(path("/a/0/b~1c/0"), "$.a[0]['b/c']['0']");
    assert_eq!(path("/_x"), "$['_x']");
    assert_eq!(path("/it's/back\\slash"), "$['it\\'s']['back\\\\slash']");
    assert_eq!(path("/absent/0"), "$.absent['0']");
    assert_eq!(segments(&document, "/a/0"), [PathSegment::Member("a".to_owned()), PathSegment::Item(0)]);
}

#[test]
fn a_message_is_cut_between_characters() {
    let mut message = Bounded::default();
    assert!(message.write_str("short").is_ok());
    assert!(message.write_str(&"é".repeat(LONGEST_MESSAGE)).is_err());
    assert!(message.0.len() <= LONGEST_MESSAGE && message.0.ends_with('é'));
}
