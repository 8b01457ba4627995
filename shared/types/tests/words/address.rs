//! Content addresses.

use artifactstore_types::{Algorithm, ContentAddress, ContentAddressRefused, Digest, DigestRefused};
use proptest::prelude::*;

fn refusal(text: &str) -> ContentAddressRefused {
    text.parse::<ContentAddress>().unwrap_err()
}

proptest! {
    #[test]
    fn prints_and_parses_back(bytes: [u8; 32]) {
        let address = ContentAddress::from_blake3(bytes);
        let text = address.to_string();
        prop_assert_eq!(&text, &format!("blake3:{}", address.hex()));
        prop_assert_eq!(text.len(), 71);
        prop_assert_eq!(format!("{address:?}"), text.clone());
        prop_assert_eq!(text.parse(), Ok(address));
        prop_assert_eq!(address.bytes(), &bytes);
        prop_assert_eq!(ContentAddress::try_from(address.digest()), Ok(address));
    }

    #[test]
    fn whatever_is_accepted_prints_as_it_was_written(text in "(blake3|sha256|BLAKE3)?:?[0-9a-fA-F]{62,66}") {
        if let Ok(address) = text.parse::<ContentAddress>() {
            prop_assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn any_text_is_an_address_or_refused(text: String) {
        prop_assert!(text.parse::<ContentAddress>().is_err());
    }

    #[test]
    fn names_the_bytes_it_was_made_of(bytes: Vec<u8>) {
        let address = ContentAddress::of(&bytes);
        prop_assert_eq!(*address.bytes(), *blake3::hash(&bytes).as_bytes());
        prop_assert_eq!(address.algorithm(), Algorithm::Blake3);
    }

    #[test]
    fn is_ordered_as_its_text_is(left: [u8; 32], right: [u8; 32]) {
        let (left, right) = (ContentAddress::from_blake3(left), ContentAddress::from_blake3(right));
        prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
    }
}

#[test]
fn refuses_every_other_spelling() {
    let hex = ContentAddress::of(b"x").hex();
    let not_hex = ContentAddressRefused::Digest(DigestRefused::NotLowerHex);
    let wrong_length =
        |found| ContentAddressRefused::Digest(DigestRefused::WrongLength { algorithm: Algorithm::Blake3, found });
    let unknown = |name: &str| ContentAddressRefused::Digest(DigestRefused::UnknownAlgorithm(name.to_owned()));
    assert_eq!(refusal(&hex), ContentAddressRefused::NoSeparator);
    assert_eq!(refusal(""), ContentAddressRefused::NoSeparator);
    assert_eq!(refusal("blake3"), ContentAddressRefused::NoSeparator);
    assert_eq!(refusal(&format!("blake3:{}", hex.to_uppercase())), not_hex);
    assert_eq!(refusal(&format!("blake3:{}g", &hex[1..])), not_hex);
    assert_eq!(refusal(&format!("blake3:{} ", &hex[1..])), not_hex);
    assert_eq!(refusal(&format!("blake3:{}é", &hex[2..])), not_hex);
    assert_eq!(refusal("blake3:"), wrong_length(0));
    assert_eq!(refusal(&format!("blake3:{}", &hex[1..])), wrong_length(63));
    assert_eq!(refusal(&format!("blake3:{hex}0")), wrong_length(65));
    assert_eq!(refusal(&format!("blake3:{hex}{hex}")), wrong_length(128));
    assert_eq!(refusal(&format!("blake3::{hex}")), wrong_length(65));
    assert_eq!(refusal(&format!("BLAKE3:{hex}")), unknown("BLAKE3"));
    assert_eq!(refusal(&format!(" blake3:{hex}")), unknown(" blake3"));
    assert_eq!(refusal(&format!(":{hex}")), unknown(""));
    assert_eq!(refusal(&format!("md5:{hex}")), unknown("md5"));
}

#[test]
fn refuses_a_known_algorithm_that_does_not_name_blobs() {
    let sha256 = Algorithm::Sha256.digest(b"x");
    assert_eq!(refusal(&sha256.to_string()), ContentAddressRefused::NotPrimary(Algorithm::Sha256));
    assert_eq!(ContentAddress::try_from(sha256), Err(ContentAddressRefused::NotPrimary(Algorithm::Sha256)));
    assert!(ContentAddress::try_from(Digest::new(Algorithm::PRIMARY, [0; 32])).is_ok());
}
