//! Keys, their files, and the rings of those that are trusted.

use std::{fs, os::unix::fs::PermissionsExt as _};

use artifactstore_types::Timestamp;

use super::*;

/// RFC 8032 §7.1, test 1: of the empty message.
const RFC_8032_SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const RFC_8032_PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const RFC_8032_SIGNATURE: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

/// RFC 8410 §10.3.
const RFC_8410_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const RFC_8410_PUBLIC: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

fn key(number: u8) -> SigningKey {
    SigningKey::from_secret(&[number; 32])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn rfc_8032_key() -> SigningKey {
    SigningKey::from_secret(&hex::decode(RFC_8032_SECRET).unwrap().try_into().unwrap())
}

#[test]
fn signs_as_rfc_8032_does() {
    let key = rfc_8032_key();
    assert_eq!(key.public_key().to_string(), RFC_8032_PUBLIC);
    assert_eq!(hex::encode(key.sign(b"")), RFC_8032_SIGNATURE);
    assert_eq!(key.public_key().verify(b"", &key.sign(b"")), Ok(()));
}

#[test]
fn names_a_key_by_the_digest_of_its_public_half() {
    // SHA-256 of the 32 bytes of the public key of RFC 8032, cut to 16 bytes.
    let id = rfc_8032_key().key_id();
    assert_eq!(id.to_string(), "21fe31dfa154a261626bf854046fd227");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_ne!(key(1).key_id(), key(2).key_id());
}

#[test]
fn refuses_the_signature_of_another_message_or_key() {
    let signature = key(1).sign(b"message");
    assert_eq!(key(1).public_key().verify(b"messagf", &signature), Err(SignatureRefused));
    assert_eq!(key(2).public_key().verify(b"message", &signature), Err(SignatureRefused));
}

#[test]
fn refuses_a_signature_with_any_bit_flipped() {
    let signature = key(1).sign(b"message");
    for bit in 0..512 {
        let mut flipped = signature;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key(1).public_key().verify(b"message", &flipped), Err(SignatureRefused), "bit {bit}");
    }
}

#[test]
fn refuses_the_second_form_of_a_signature() {
    // S plus the order of the group satisfies the equation as S does; RFC 8032 §5.1.7 wants S below the order.
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = hex::decode(ORDER).unwrap();
    let mut signature = key(1).sign(b"message");
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(key(1).public_key().verify(b"message", &signature), Err(SignatureRefused));
}

#[test]
fn refuses_public_keys_that_bind_nothing() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert_eq!(PublicKey::from_bytes(&neutral), Err(KeyRefused::SmallOrder));
    assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyRefused::SmallOrder));
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    assert_eq!(PublicKey::from_bytes(&off_curve), Err(KeyRefused::NotOnCurve));
}

#[test]
fn refuses_keys_that_are_not_lower_case_digits_of_the_right_number() {
    let upper = RFC_8032_PUBLIC.to_uppercase();
    for text in ["", "00", &upper, &RFC_8032_PUBLIC[1..], &format!("{RFC_8032_PUBLIC}00"), &"g".repeat(64)] {
        assert_eq!(text.parse::<PublicKey>(), Err(KeyRefused::NotHex { digits: 64 }), "{text}");
        assert_eq!(text.parse::<KeyId>(), Err(KeyRefused::NotHex { digits: 32 }), "{text}");
    }
    assert_eq!(RFC_8032_PUBLIC.parse::<PublicKey>().unwrap(), rfc_8032_key().public_key());
}

#[test]
fn makes_a_key_of_the_entropy_it_is_given_and_of_no_less() {
    let key = SigningKey::generate(&mut &[7; 40][..]).unwrap();
    assert_eq!(key.public_key(), SigningKey::from_secret(&[7; 32]).public_key());
    assert!(SigningKey::generate(&mut &[7; 31][..]).is_err());
}

#[test]
fn shows_no_secret() {
    let shown = format!("{:?}", SigningKey::from_secret(&[0x5a; 32]));
    assert!(!shown.contains("5a5a") && !shown.contains("90, 90"), "{shown}");
}

#[test]
fn keeps_a_key_in_a_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.pem");
    key(3).store(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(SigningKey::load(&path).unwrap().public_key(), key(3).public_key());
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["node.pem"]);
}

#[test]
fn writes_a_key_as_rfc_8410_does() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (folder.path().join("theirs.pem"), folder.path().join("ours.pem"));
    fs::write(&theirs, RFC_8410_PEM).unwrap();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o600)).unwrap();
    let key = SigningKey::load(&theirs).unwrap();
    assert_eq!(key.public_key().to_string(), RFC_8410_PUBLIC);
    key.store(&ours).unwrap();
    assert_eq!(fs::read_to_string(&ours).unwrap(), RFC_8410_PEM);
}

#[test]
fn never_overwrites_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.pem");
    key(3).store(&path).unwrap();
    assert!(matches!(key(4).store(&path), Err(KeyFileRefused::Exists { .. })));
    assert_eq!(SigningKey::load(&path).unwrap().public_key(), key(3).public_key());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn writes_a_key_whose_first_writing_was_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.pem");
    fs::write(folder.path().join(format!("node.pem.{}.new", key(3).key_id())), "-----BEGIN PRIV").unwrap();
    key(3).store(&path).unwrap();
    assert_eq!(SigningKey::load(&path).unwrap().public_key(), key(3).public_key());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn refuses_a_key_file_that_others_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.pem");
    key(3).store(&path).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o610] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = SigningKey::load(&path).unwrap_err();
        assert!(matches!(refused, KeyFileRefused::OpenToOthers { mode: found, .. } if found == mode), "{refused}");
    }
}

#[test]
fn refuses_a_file_that_holds_no_private_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.pem");
    let public = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let cut = &RFC_8410_PEM[..60];
    let twice = RFC_8410_PEM.repeat(200);
    for content in ["", "\u{fffd}\0", public, cut, &twice] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(SigningKey::load(&path), Err(KeyFileRefused::NotAKey { .. })), "{content:.40}");
    }
    assert!(matches!(SigningKey::load(&folder.path().join("none.pem")), Err(KeyFileRefused::Io { .. })));
}

#[test]
fn trusts_a_key_while_its_window_is_open() {
    let mut ring = KeyRing::default();
    let window = Window { opens_at: at(100), closes_at: Some(at(200)) };
    ring.trust(key(1).public_key(), (), window).unwrap();
    let id = key(1).key_id();
    assert_eq!(ring.trusted_at(id, at(99)), Err(KeyRefused::OutsideWindow(id)));
    assert_eq!(ring.trusted_at(id, at(100)).unwrap().public_key, key(1).public_key());
    assert!(ring.trusted_at(id, at(199)).is_ok());
    assert_eq!(ring.trusted_at(id, at(200)), Err(KeyRefused::OutsideWindow(id)));
    assert_eq!(ring.trusted_at(key(2).key_id(), at(150)), Err(KeyRefused::Unknown(key(2).key_id())));
}

#[test]
fn trusts_the_last_key_beside_the_next_until_the_overlap_is_over() {
    let mut ring = KeyRing::default();
    ring.trust(key(1).public_key(), "a", Window::from(at(0))).unwrap();
    ring.trust(key(9).public_key(), "b", Window::from(at(0))).unwrap();
    ring.rotate(key(2).public_key(), &"a", at(1000), 60).unwrap();
    let trusted = |number: u8, time| ring.trusted_at(key(number).key_id(), at(time)).is_ok();
    assert!(trusted(1, 999) && !trusted(2, 999));
    assert!(trusted(1, 1059) && trusted(2, 1000));
    assert!(!trusted(1, 1060) && trusted(2, 1060));
    assert!(trusted(9, 5000), "another holder's key is left alone");
}

#[test]
fn a_rotation_never_prolongs_a_window() {
    let mut ring = KeyRing::default();
    ring.trust(key(1).public_key(), (), Window { opens_at: at(0), closes_at: Some(at(1010)) }).unwrap();
    ring.rotate(key(2).public_key(), &(), at(1000), 60).unwrap();
    assert!(ring.trusted_at(key(1).key_id(), at(1010)).is_err());
}

#[test]
fn refuses_a_key_that_belongs_to_another_holder() {
    let mut ring = KeyRing::default();
    ring.trust(key(1).public_key(), "a", Window::from(at(0))).unwrap();
    let before = ring.clone();
    let held = Err(KeyRefused::HeldByAnother(key(1).key_id()));
    assert_eq!(ring.trust(key(1).public_key(), "b", Window::from(at(0))), held);
    assert_eq!(ring.rotate(key(1).public_key(), &"b", at(5), 5), held);
    assert_eq!(ring, before);
}

#[test]
fn forgets_closed_keys_and_those_of_a_holder_distrusted() {
    let mut ring = KeyRing::default();
    ring.trust(key(1).public_key(), "a", Window { opens_at: at(0), closes_at: Some(at(10)) }).unwrap();
    ring.trust(key(2).public_key(), "a", Window::from(at(0))).unwrap();
    ring.trust(key(3).public_key(), "b", Window::from(at(0))).unwrap();
    ring.forget_closed(at(10));
    assert_eq!(ring.iter().count(), 2);
    ring.distrust(&"a");
    let left: Vec<_> = ring.iter().map(|trusted| trusted.public_key).collect();
    assert_eq!(left, [key(3).public_key()]);
}
