//! Streams of contract events, and verdicts of parity.

use artifactstore_types::{ContractStream, Parity, StreamKey};

fn refused(text: &str) -> bool {
    text.parse::<ContractStream>().is_err()
}

#[test]
fn a_stream_is_a_text_and_is_read_back_from_it() {
    for text in ["default/mission-audit/p/m%2F1/r 1", "a/b/c", "a/b//", "a/b/é"] {
        assert_eq!(text.parse::<ContractStream>().unwrap().to_string(), text);
    }
    let stream: ContractStream = "team/mission-audit/p/m/r".parse().unwrap();
    assert_eq!(
        (stream.namespace.as_str(), stream.family.as_str(), stream.key.as_str()),
        ("team", "mission-audit", "p/m/r")
    );
}

#[test]
fn a_stream_without_its_parts_is_refused() {
    assert!(["", "a", "a/b", "a/b/", "/b/c", "a//c", "A/b/c", "a/B/c", "a/b/c\n"].into_iter().all(refused));
}

#[test]
fn a_key_is_bounded_and_can_be_shown() {
    assert!(StreamKey::new("k".repeat(1_024)).is_ok());
    assert!(StreamKey::new("k".repeat(1_025)).is_err());
    assert!(StreamKey::new("a\u{85}b").is_err());
}

#[test]
fn verdicts_are_found_by_their_names_and_four_of_them_are_drift() {
    for parity in Parity::ALL {
        assert_eq!(Parity::find(parity.name()), Some(parity));
    }
    assert_eq!(Parity::find("Same"), None);
    let drift: Vec<_> = Parity::ALL.into_iter().filter(|parity| parity.is_drift()).collect();
    assert_eq!(drift, [Parity::Missing, Parity::Mutated, Parity::Unknown, Parity::Damaged]);
}
