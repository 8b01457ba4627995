//! Names of every kind, each under its own rule.

use artifactstore_types::{
    Actor, BackendId, ClassName, EventType, FamilyName, MediaType, Name, NameRefused, Namespace, NodeId, Producer,
    Subject,
};
use proptest::prelude::*;

fn accepts<T: std::str::FromStr<Err = NameRefused> + ToString>(text: &str) -> bool {
    let parsed = text.parse::<T>();
    if let Ok(name) = &parsed {
        assert_eq!(name.to_string(), text, "a name is kept as it was given");
    }
    parsed.is_ok()
}

/// Whether all four kinds of free text agree, and on what.
fn accepts_text(text: &str) -> bool {
    let verdict = accepts::<Name>(text);
    assert_eq!(accepts::<Producer>(text), verdict);
    assert_eq!(accepts::<Subject>(text), verdict);
    assert_eq!(accepts::<Actor>(text), verdict);
    verdict
}

/// Whether all kinds of slug agree, and on what.
fn accepts_slug(text: &str) -> bool {
    let verdict = accepts::<Namespace>(text);
    assert_eq!(accepts::<BackendId>(text), verdict);
    assert_eq!(accepts::<NodeId>(text), verdict);
    assert_eq!(accepts::<ClassName>(text), verdict);
    assert_eq!(accepts::<FamilyName>(text), verdict);
    verdict
}

proptest! {
    #[test]
    fn text_is_accepted_exactly_under_its_rule(text in "(?s).{0,20}|[a-z ]{0,8}") {
        let rule = !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control);
        prop_assert_eq!(accepts_text(&text), rule);
    }

    #[test]
    fn slugs_are_accepted_exactly_under_their_rule(text in "[a-zA-Z0-9._/ -]{0,6}|[a-z0-9][a-z0-9._-]{0,70}|(?s).{1,3}") {
        let starts = text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
        let inside = text.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz0123456789._-".contains(&byte));
        prop_assert_eq!(accepts_slug(&text), starts && inside && text.len() <= 64);
    }

    #[test]
    fn event_types_are_accepted_exactly_under_their_rule(text in "[a-zA-Z0-9._ /-]{0,8}|[a-z.]{120,140}|(?s).{1,3}") {
        let inside = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        prop_assert_eq!(accepts::<EventType>(&text), !text.is_empty() && inside && text.len() <= 128);
    }

    #[test]
    fn a_media_type_never_breaks_out_of_a_header(text in "[a-z]{1,3}/[a-z]{1,3}(?s).{0,4};?(?s).{0,4}") {
        if accepts::<MediaType>(&text) {
            prop_assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{:?}", text);
        }
    }
}

#[test]
fn text_has_1_to_512_bytes() {
    assert!(accepts_text("x") && accepts_text(&"x".repeat(512)) && accepts_text(&"é".repeat(256)));
    assert!(!accepts_text("") && !accepts_text(&"x".repeat(513)) && !accepts_text(&format!("{}x", "é".repeat(256))));
}

#[test]
fn text_has_no_control_characters_and_no_white_space_around_it() {
    for bad in ["a\0", "a\nb", "\u{7f}x", "x\u{85}y", " x", "x ", "\u{2003}x", " ", "\t"] {
        assert!(!accepts_text(bad), "{bad:?}");
    }
    assert!(accepts_text("a b") && accepts_text("水 🦀"));
}

#[test]
fn slugs_have_at_most_64_characters_and_never_climb() {
    assert!(accepts_slug("a") && accepts_slug("0") && accepts_slug("rgw-a.b_c") && accepts_slug(&"a".repeat(64)));
    for bad in ["", ".", "..", "-a", "_a", "A", "a/b", "a b", "a\\b", "é", "a\n", &"a".repeat(65)] {
        assert!(!accepts_slug(bad), "{bad:?}");
    }
}

#[test]
fn media_types_follow_rfc_6838() {
    for good in [
        "text/plain",
        "application/vnd.oci.image.manifest.v1+json",
        "text/plain; charset=utf-8",
        "text/plain;charset=utf-8",
        "text/plain ; q=\"a b\"",
        "a/b",
        "Application/JSON",
        "x/1!#$&-^_.+",
        "text/plain;",
    ] {
        assert!(accepts::<MediaType>(good), "{good:?}");
    }
    for bad in [
        "",
        "/",
        "text",
        "text/",
        "/plain",
        "text/plain/x",
        "text /plain",
        "text/ plain",
        "text/plain ",
        " text/plain",
        "te xt/plain",
        "text/plain\n",
        "text/plain\r\nset-cookie: x",
        "text/plain\u{a0};q=1",
        "text/plain;\tq=1",
        "text/plain; q=\u{e9}",
        "text/plain;\0",
        "text/\u{e9}",
        "+/+",
        "./.",
        "text/-x",
        "text/pl*in",
    ] {
        assert!(!accepts::<MediaType>(bad), "{bad:?}");
    }
    assert!(accepts::<MediaType>(&format!("a/{}", "b".repeat(253))));
    assert!(!accepts::<MediaType>(&format!("a/{}", "b".repeat(254))));
}

#[test]
fn a_refusal_names_the_kind_and_its_rule() {
    let refused = BackendId::new("A").unwrap_err();
    assert_eq!(refused.kind, "backend id");
    assert_eq!(refused.to_string(), format!("backend id {}", refused.rule));
}

#[test]
fn defaults_satisfy_their_own_rules() {
    assert!(accepts::<Namespace>(Namespace::default().as_str()));
    assert!(accepts::<MediaType>(MediaType::default().as_str()));
}
