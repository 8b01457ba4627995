//! Control tokens: made, carried, verified; and everything that must not pass for one.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use artifactstore_types::{Category, Clock, Fault, NodeId, Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::{
    signing::{CLOCK_SKEW_SECONDS, KeyRefused, KeyRing, SignatureRefused, SigningKey, Window},
    ticket,
};

/// 2026-01-31T23:59:59Z.
const NOW: i64 = 1_769_903_999;
const HEADER: &str = r#"{"alg":"EdDSA","kid":"KID","typ":"artifactstore-control+jwt"}"#;
const CLAIMS: &str = r#"{"aud":"node-a","iat":1769903999,"exp":1769904299}"#;

/// A clock that stands until it is set.
#[derive(Clone)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    pub fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds)))
    }

    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::SeqCst))
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn node() -> NodeId {
    "node-a".parse().unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_secret(&[1; 32])
}

fn verifier() -> ControlTokenVerifier {
    let mut keys = KeyRing::default();
    keys.trust(key().public_key(), (), Window::from(at(0))).unwrap();
    ControlTokenVerifier { keys }
}

fn verify(token: &ControlToken) -> Result<(), ControlTokenRefused> {
    verifier().verify(token, &node(), at(NOW))
}

/// Signs any header and claims, as a control token or not.
fn sign_raw(header: &str, claims: &str) -> ControlToken {
    let header = header.replace("KID", &key().key_id().to_string());
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()));
    ControlToken::from(format!("{signed}.{signature}"))
}

#[test]
fn a_token_has_the_form_of_the_contract() {
    let token = ControlTokens::new(key(), node(), Arc::new(SetClock::at(NOW))).token().unwrap();
    assert_eq!(token, sign_raw(HEADER, CLAIMS));
    assert_eq!(verify(&token), Ok(()));
}

#[test]
fn a_token_is_made_anew_when_half_of_its_life_is_over() {
    let clock = SetClock::at(NOW);
    let tokens = ControlTokens::new(key(), node(), Arc::new(clock.clone()));
    let first = tokens.token().unwrap();
    clock.set(NOW + LIFETIME_SECONDS / 2 - 1);
    assert_eq!(tokens.clone().token().unwrap(), first);
    clock.set(NOW + LIFETIME_SECONDS / 2);
    assert_ne!(tokens.token().unwrap(), first);
    clock.set(NOW - 1);
    assert_ne!(tokens.token().unwrap(), first);
}

#[test]
fn refuses_a_token_with_any_bit_flipped() {
    let good = sign_raw(HEADER, CLAIMS);
    for bit in 0..good.expose().len() * 8 {
        let mut bytes = good.expose().as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(verify(&ControlToken::from(text)).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn refuses_what_is_signed_with_the_same_key_for_something_else() {
    let ticket = ticket::tests::ticket(ticket::Operation::Ingest, ticket::Target::Batch).sign(&key()).unwrap();
    let shown = ControlToken::from(ticket.expose().to_owned());
    assert_eq!(verify(&shown), Err(ControlTokenRefused::Header));
    for header in [HEADER.replace("EdDSA", "none"), HEADER.replace("control", "ticket"), HEADER.replace("+jwt", "")] {
        assert_eq!(verify(&sign_raw(&header, CLAIMS)), Err(ControlTokenRefused::Header), "{header}");
    }
}

#[test]
fn refuses_claims_that_are_not_a_control_tokens() {
    let bad = [
        CLAIMS.replace(r#""aud":"node-a","#, ""),
        CLAIMS.replace("node-a", "../node"),
        CLAIMS.replace(r#"{"aud""#, r#"{"op":"all","aud""#),
        CLAIMS.replace(r#"{"aud""#, r#"{"aud":"node-b","aud""#),
        CLAIMS.replace("1769904299", "1769903999"),
        CLAIMS.replace("1769904299", "1769904600"),
        CLAIMS.replace("1769904299", "9223372036854775807").replace("1769903999", "-9223372036854775808"),
        CLAIMS.replace("1769904299", "1769904299.0"),
        "{}".to_owned(),
    ];
    for claims in bad {
        assert_eq!(verify(&sign_raw(HEADER, &claims)), Err(ControlTokenRefused::Claims), "{claims}");
    }
}

#[test]
fn takes_a_token_for_its_life_within_what_clocks_may_differ() {
    let token = sign_raw(HEADER, CLAIMS);
    let skew = i64::try_from(CLOCK_SKEW_SECONDS).unwrap();
    let at_time = |seconds| verifier().verify(&token, &node(), at(seconds));
    assert_eq!(at_time(NOW - skew - 1), Err(ControlTokenRefused::NotYetValid));
    assert_eq!(at_time(NOW - skew), Ok(()));
    assert_eq!(at_time(NOW + LIFETIME_SECONDS + skew - 1), Ok(()));
    assert_eq!(at_time(NOW + LIFETIME_SECONDS + skew), Err(ControlTokenRefused::Expired));
}

#[test]
fn refuses_another_node_an_unknown_key_and_a_borrowed_name() {
    let token = sign_raw(HEADER, CLAIMS);
    let elsewhere = verifier().verify(&token, &"node-b".parse().unwrap(), at(NOW));
    assert_eq!(elsewhere, Err(ControlTokenRefused::OtherNode));

    let other = SigningKey::from_secret(&[2; 32]);
    let unknown = ControlTokens::new(other.clone(), node(), Arc::new(SetClock::at(NOW))).token().unwrap();
    assert_eq!(verify(&unknown), Err(ControlTokenRefused::Key(KeyRefused::Unknown(other.key_id()))));

    let (signed, _) = token.expose().rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.encode(other.sign(signed.as_bytes()));
    let borrowed = ControlToken::from(format!("{signed}.{signature}"));
    assert_eq!(verify(&borrowed), Err(ControlTokenRefused::Signature(SignatureRefused)));
}

#[test]
fn shows_no_token() {
    let token = sign_raw(HEADER, CLAIMS);
    assert_eq!(format!("{token:?}"), "ControlToken(…)");
    let fault = Fault::from(ControlTokenRefused::Expired);
    assert_eq!((fault.code.as_ref(), fault.category), ("AS-DPL-0041", Category::Unauthenticated));
}

proptest! {
    #[test]
    fn no_text_passes_or_makes_it_panic(text in ".{0,200}", claims in ".{0,200}") {
        prop_assert!(verify(&ControlToken::from(text)).is_err());
        prop_assert_eq!(verify(&sign_raw(HEADER, &claims)), Err(ControlTokenRefused::Claims));
    }
}
