//! Relative paths: every rule, and that nothing accepted can climb.

use std::path::{Component, Path};

use artifactstore_types::{PathRefused, RelativePath};
use proptest::prelude::*;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

fn refusal(text: &str) -> PathRefused {
    RelativePath::new(text).unwrap_err()
}

proptest! {
    #[test]
    fn prints_and_parses_back(text in "[a-z.é水 -]{1,9}(/[A-Z._+~]{1,9}x){0,4}") {
        prop_assume!(RelativePath::new(text.clone()).is_ok());
        let path: RelativePath = text.parse().unwrap();
        prop_assert_eq!(path.to_string(), text.clone());
        prop_assert_eq!(path.parts().collect::<Vec<_>>().join("/"), text);
    }

    #[test]
    fn whatever_is_accepted_stays_where_it_is_put(text in "([a.\\\\é\u{0}]|\\.\\.|/){0,8}|(?s).{0,12}") {
        if let Ok(path) = RelativePath::new(text.clone()) {
            let components: Vec<_> = Path::new(path.as_str()).components().collect();
            prop_assert!(components.iter().all(|part| matches!(part, Component::Normal(_))), "{:?}", text);
            prop_assert_eq!(components.len(), path.parts().count());
            prop_assert!(is_nfc(&text) && !text.contains('\\') && !text.chars().any(char::is_control));
            prop_assert!(text.len() <= RelativePath::MAX_BYTES);
            prop_assert!(path.parts().all(|part| (1..=RelativePath::MAX_PART_BYTES).contains(&part.len())));
        }
    }

    #[test]
    fn normalizing_accepts_what_is_fine_but_for_its_form(text in "[a-zA-Z\u{300}-\u{310}\u{e0}-\u{ef}\u{1100}-\u{1112}]{1,20}") {
        let path = RelativePath::normalized(&text).unwrap();
        prop_assert_eq!(path.as_str(), text.nfc().collect::<String>());
        prop_assert_eq!(RelativePath::new(text.clone()).is_ok(), is_nfc(&text));
    }

    #[test]
    fn are_ordered_by_their_bytes(left in "[a-c/.é]{1,6}", right in "[a-c/.é]{1,6}") {
        if let (Ok(left), Ok(right)) = (RelativePath::new(left), RelativePath::new(right)) {
            prop_assert_eq!(left.cmp(&right), left.as_str().as_bytes().cmp(right.as_str().as_bytes()));
        }
    }
}

#[test]
fn each_rule_has_its_refusal() {
    assert_eq!(refusal(""), PathRefused::Empty);
    assert_eq!(refusal("/a"), PathRefused::Absolute);
    assert_eq!(refusal("/"), PathRefused::Absolute);
    for text in ["a//b", "a/", "a/b//"] {
        assert_eq!(refusal(text), PathRefused::EmptyPart, "{text}");
    }
    for text in [".", "..", "./a", "a/./b", "a/..", "../a", "a/../../b"] {
        assert_eq!(refusal(text), PathRefused::Climbs, "{text}");
    }
    for text in ["a\0b", "a\nb", "\u{7f}", "a\u{85}", "a\\b", "C:\\x", "..\\a", "\u{1b}[31m"] {
        assert_eq!(refusal(text), PathRefused::BadCharacter, "{text:?}");
    }
    assert_eq!(refusal("A\u{30a}"), PathRefused::NotNormalized);
    assert_eq!(refusal("\u{212b}"), PathRefused::NotNormalized);
}

#[test]
fn lengths_are_counted_in_bytes_at_both_limits() {
    let part = "x".repeat(RelativePath::MAX_PART_BYTES);
    assert!(RelativePath::new(part.clone()).is_ok());
    assert_eq!(refusal(&format!("{part}x")), PathRefused::TooLong);
    assert_eq!(refusal(&format!("a/{part}x/b")), PathRefused::TooLong);
    assert_eq!(refusal(&"é".repeat(128)), PathRefused::TooLong);
    let longest = [part.as_str(); 4].join("/");
    assert_eq!(longest.len(), RelativePath::MAX_BYTES - 1);
    assert!(RelativePath::new(longest.clone()).is_ok());
    assert_eq!(refusal(&format!("{longest}/x")), PathRefused::TooLong);
    assert_eq!(refusal(&"x".repeat(1_000_000)), PathRefused::TooLong);
}

#[test]
fn dot_files_and_odd_but_harmless_names_are_kept() {
    for text in [".hidden", "...", "a/..b", "a/b..", "a b/c", "-rf", "~", "a:b", "CON", "\u{feff}a", "a\u{202e}b"] {
        assert!(RelativePath::new(text).is_ok(), "{text:?}");
    }
}
