//! Tickets: issued, signed, carried, verified; and everything that must not pass for one.

use artifactstore_types::{ContentAddress, NodeId, PackageId, Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::signing::{CLOCK_SKEW_SECONDS, KeyRefused, KeyRing, SignatureRefused, SigningKey, Window};

/// 2026-01-31T23:59:59Z.
pub const NOW: i64 = 1_769_903_999;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

pub fn node() -> NodeId {
    "node-a".parse().unwrap()
}

pub fn ticket_id() -> TicketId {
    "019c1686-4018-7000-8000-000000000001".parse().unwrap()
}

pub fn permission(operation: Operation, target: Target) -> Permission {
    Permission {
        namespace: "default".parse().unwrap(),
        package_id: PackageId::new(Uuid::from_u128(0x019c_1686_4018_7000_8000_0000_0000_0002)),
        operation,
        target,
        size_limit: 1 << 20,
        backend_id: "rgw-a".parse().unwrap(),
        node_id: node(),
    }
}

pub fn ticket(operation: Operation, target: Target) -> Ticket {
    Ticket::issue(ticket_id(), permission(operation, target), at(NOW), 600).unwrap()
}

fn path(text: &str) -> Target {
    Target::Path(text.parse().unwrap())
}

fn key() -> SigningKey {
    SigningKey::from_secret(&[1; 32])
}

fn verifier() -> TicketVerifier {
    let mut keys = KeyRing::default();
    keys.trust(key().public_key(), (), Window::from(at(0))).unwrap();
    TicketVerifier { keys }
}

fn verify(token: &TicketToken) -> Result<Ticket, TicketRefused> {
    verifier().verify(token, &node(), Operation::Ingest, at(NOW))
}

/// Signs any header and claims, as a ticket or not.
fn sign_raw(header: &str, claims: &str) -> TicketToken {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()));
    TicketToken::from(format!("{signed}.{signature}"))
}

fn header() -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"artifactstore-ticket+jwt"}}"#, key().key_id())
}

const CLAIMS: &str = concat!(
    r#"{"jti":"019c1686-4018-7000-8000-000000000001","aud":"node-a","iat":1769903999,"exp":1769904599,"#,
    r#""ns":"default","pkg":"019c1686-4018-7000-8000-000000000002","op":"ingest","#,
    r#""what":{"path":"logs/build.txt"},"max":1048576,"be":"rgw-a"}"#
);

/// What this key has signed for good: it must come out the same for as long as there are tickets of this form.
const GOLDEN: &str = concat!(
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjM0NzUwZjk4YmQ1OWZjZmM5NDZkYTQ1YWFhYmU5MzNiIiwidHlwIjoiYXJ0aWZhY3RzdG9y",
    "ZS10aWNrZXQrand0In0.eyJqdGkiOiIwMTljMTY4Ni00MDE4LTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJhdWQiOiJub2RlLWEi",
    "LCJpYXQiOjE3Njk5MDM5OTksImV4cCI6MTc2OTkwNDU5OSwibnMiOiJkZWZhdWx0IiwicGtnIjoiMDE5YzE2ODYtNDAxOC03MDAw",
    "LTgwMDAtMDAwMDAwMDAwMDAyIiwib3AiOiJpbmdlc3QiLCJ3aGF0Ijp7InBhdGgiOiJsb2dzL2J1aWxkLnR4dCJ9LCJtYXgiOjEw",
    "NDg1NzYsImJlIjoicmd3LWEifQ.zNiOGQ2rhmSr7CTpXb8JWQLbKTF-NX5uHwwaakBPpQULxFTgjDGaXMr_rR6hdL5WFTL5H8MYL",
    "EULIrakzU_cCg",
);

#[test]
fn a_ticket_has_the_one_text_it_always_had() {
    let ticket = ticket(Operation::Ingest, path("logs/build.txt"));
    let token = ticket.sign(&key()).unwrap();
    assert_eq!(token.expose(), GOLDEN);
    assert_eq!(token, sign_raw(&header(), CLAIMS));
    assert_eq!(verify(&token), Ok(ticket));
}

#[test]
fn refuses_a_ticket_with_any_bit_flipped() {
    for bit in 0..GOLDEN.len() * 8 {
        let mut bytes = GOLDEN.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // What is not text never becomes a token.
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(verify(&TicketToken::from(text)).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn refuses_a_ticket_that_is_cut_or_drawn_out() {
    for length in 0..GOLDEN.len() {
        assert!(verify(&TicketToken::from(GOLDEN[..length].to_owned())).is_err(), "{length} bytes");
    }
    for text in
        [format!("{GOLDEN}A"), format!("{GOLDEN}="), format!("{GOLDEN}."), format!(" {GOLDEN}"), format!("{GOLDEN}\n")]
    {
        assert!(verify(&TicketToken::from(text.clone())).is_err(), "{text}");
    }
    assert_eq!(verify(&TicketToken::from("a".repeat(1 << 20))), Err(TicketRefused::Malformed));
}

#[test]
fn refuses_every_header_but_its_own() {
    let good = header();
    assert!(verify(&sign_raw(&good, CLAIMS)).is_ok());
    let bad = [
        good.replace("EdDSA", "none"),
        good.replace("EdDSA", "HS256"),
        good.replace("EdDSA", "eddsa"),
        good.replace("EdDSA", "Ed25519"),
        good.replace("artifactstore-ticket+jwt", "JWT"),
        good.replace(r#""alg":"EdDSA","#, ""),
        good.replace(r#","typ":"artifactstore-ticket+jwt""#, ""),
        good.replace(r#""alg""#, r#""crit":["x"],"alg""#),
        good.replace(r#""alg""#, r#""jwk":{},"alg""#),
        good.replace(r#""alg""#, r#""alg":"EdDSA","alg""#),
        good.replace(&key().key_id().to_string(), "../../etc/passwd"),
        good.replace(&key().key_id().to_string(), &key().key_id().to_string().to_uppercase()),
        "null".to_owned(),
        "[]".to_owned(),
        String::new(),
        format!("{good} {{}}"),
    ];
    for header in bad {
        assert_eq!(verify(&sign_raw(&header, CLAIMS)), Err(TicketRefused::Header), "{header}");
    }
}

#[test]
fn refuses_every_claim_that_is_missing() {
    let claims = ["jti", "aud", "iat", "exp", "ns", "pkg", "op", "what", "max", "be"];
    for claim in claims {
        let without = CLAIMS.replace(&format!(r#""{claim}":"#), &format!(r#""x{claim}":"#));
        assert_ne!(without, CLAIMS);
        assert_eq!(verify(&sign_raw(&header(), &without)), Err(TicketRefused::Claims), "{claim}");
    }
}

#[test]
fn refuses_claims_that_are_unknown_doubled_or_no_words_of_their_kind() {
    let bad = [
        CLAIMS.replace(r#"{"jti""#, r#"{"admin":true,"jti""#),
        CLAIMS.replace(r#"{"jti""#, r#"{"max":99999999,"jti""#),
        CLAIMS.replace(r#""aud":"node-a""#, r#""aud":["node-a","node-b"]"#),
        CLAIMS.replace(r#""ns":"default""#, r#""ns":"../other""#),
        CLAIMS.replace("logs/build.txt", "../build.txt"),
        CLAIMS.replace("logs/build.txt", "/build.txt"),
        CLAIMS.replace(r#"{"path":"logs/build.txt"}"#, r#"{"blob":"sha256:00"}"#),
        CLAIMS.replace(r#"{"path":"logs/build.txt"}"#, r#"{"path":"a","blob":"b"}"#),
        CLAIMS.replace(r#"{"path":"logs/build.txt"}"#, r#""everything""#),
        CLAIMS.replace(r#""ingest""#, r#""delete""#),
        CLAIMS.replace(r#""ingest""#, r#""serve""#),
        CLAIMS.replace("1048576", "-1"),
        CLAIMS.replace("1048576", "1e3"),
        CLAIMS.replace("1769903999", "1769903999.5"),
        CLAIMS.replace("1769903999", "\"1769903999\""),
        CLAIMS.replace("019c1686-4018-7000-8000-000000000001", "019C1686-4018-7000-8000-000000000001"),
        CLAIMS.replace("019c1686-4018-7000-8000-000000000001", "019c1686401870008000000000000001"),
        format!("{CLAIMS}{CLAIMS}"),
        "{}".to_owned(),
        "[[[[".repeat(500),
    ];
    for claims in bad {
        assert_eq!(verify(&sign_raw(&header(), &claims)), Err(TicketRefused::Claims), "{claims}");
    }
}

#[test]
fn refuses_a_life_that_is_out_of_bounds() {
    for exp in ["1769903999", "1769903998", "1769907600", "9223372036854775807", "-9223372036854775808"] {
        let claims = CLAIMS.replace("1769904599", exp);
        assert_eq!(verify(&sign_raw(&header(), &claims)), Err(TicketRefused::Lifetime), "{exp}");
    }
    let far = CLAIMS.replace("1769903999", "9223372036854775000").replace("1769904599", "9223372036854775001");
    assert_eq!(verify(&sign_raw(&header(), &far)), Err(TicketRefused::Lifetime));
    for lifetime in [0, MAX_LIFETIME_SECONDS + 1, u64::MAX] {
        let issued = Ticket::issue(ticket_id(), permission(Operation::Ingest, Target::Batch), at(NOW), lifetime);
        assert_eq!(issued, Err(TicketRefused::Lifetime), "{lifetime}");
    }
}

#[test]
fn serves_one_blob_and_nothing_else() {
    for target in [path("a"), Target::Batch] {
        let issued = Ticket::issue(ticket_id(), permission(Operation::Serve, target), at(NOW), 60);
        assert_eq!(issued, Err(TicketRefused::Claims));
    }
    let ticket = ticket(Operation::Serve, Target::Blob(ContentAddress::of(b"x")));
    let token = ticket.sign(&key()).unwrap();
    assert_eq!(verifier().verify(&token, &node(), Operation::Serve, at(NOW)), Ok(ticket));
    assert_eq!(verify(&token), Err(TicketRefused::OtherOperation { ticket_id: ticket_id() }));
}

#[test]
fn takes_a_ticket_from_when_it_is_issued_until_it_expires_within_what_clocks_may_differ() {
    let token = TicketToken::from(GOLDEN.to_owned());
    let skew = i64::try_from(CLOCK_SKEW_SECONDS).unwrap();
    let at_time = |seconds| verifier().verify(&token, &node(), Operation::Ingest, at(seconds)).map(|_| ());
    assert_eq!(at_time(NOW - skew - 1), Err(TicketRefused::NotYetValid { ticket_id: ticket_id() }));
    assert_eq!(at_time(NOW - skew), Ok(()));
    assert_eq!(at_time(NOW + 600 + skew - 1), Ok(()));
    assert_eq!(at_time(NOW + 600 + skew), Err(TicketRefused::Expired { ticket_id: ticket_id() }));
}

#[test]
fn authenticates_a_ticket_that_has_expired_since() {
    let token = TicketToken::from(GOLDEN.to_owned());
    let later = at(NOW + 100_000);
    assert!(verifier().authenticate(&token, later).is_ok());
    let forged = TicketToken::from(GOLDEN.replace('.', ".A"));
    assert!(verifier().authenticate(&forged, later).is_err());
}

#[test]
fn refuses_a_ticket_for_another_node() {
    let token = TicketToken::from(GOLDEN.to_owned());
    let other = "node-b".parse().unwrap();
    let refused = verifier().verify(&token, &other, Operation::Ingest, at(NOW));
    assert_eq!(refused, Err(TicketRefused::OtherNode { ticket_id: ticket_id(), node_id: node() }));
}

#[test]
fn refuses_a_key_that_is_not_trusted_and_a_signature_under_a_borrowed_name() {
    let other = SigningKey::from_secret(&[2; 32]);
    let token = ticket(Operation::Ingest, Target::Batch).sign(&other).unwrap();
    assert_eq!(verify(&token), Err(TicketRefused::Key(KeyRefused::Unknown(other.key_id()))));

    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header()), URL_SAFE_NO_PAD.encode(CLAIMS));
    let signature = URL_SAFE_NO_PAD.encode(other.sign(signed.as_bytes()));
    let borrowed = TicketToken::from(format!("{signed}.{signature}"));
    assert_eq!(verify(&borrowed), Err(TicketRefused::Signature(SignatureRefused)));
}

#[test]
fn takes_tickets_of_the_last_key_while_the_next_one_signs_already() {
    let mut verifier = verifier();
    let next = SigningKey::from_secret(&[2; 32]);
    verifier.keys.rotate(next.public_key(), &(), at(NOW), MAX_LIFETIME_SECONDS).unwrap();
    let ticket = ticket(Operation::Ingest, Target::Batch);
    let verify = |key: &SigningKey, seconds| verifier.authenticate(&ticket.sign(key).unwrap(), at(seconds)).is_ok();
    assert!(verify(&key(), NOW + 3599) && verify(&next, NOW + 3599));
    assert!(!verify(&key(), NOW + 3600) && verify(&next, NOW + 3600));
}

#[test]
fn binds_what_was_ingested_to_the_package_and_path_permitted() {
    let package = permission(Operation::Ingest, Target::Batch).package_id;
    let (ours, theirs) = ("default".parse().unwrap(), "other".parse().unwrap());
    let (right, wrong) = ("logs/build.txt".parse().unwrap(), "logs/other.txt".parse().unwrap());
    let refused = Err(TicketRefused::OtherFile { ticket_id: ticket_id() });

    let of_path = ticket(Operation::Ingest, path("logs/build.txt"));
    assert_eq!(of_path.require_file(&ours, package, &right), Ok(()));
    assert_eq!(of_path.require_file(&ours, package, &wrong), refused);
    assert_eq!(of_path.require_file(&theirs, package, &right), refused);
    assert_eq!(of_path.require_file(&ours, PackageId::new(Uuid::nil()), &right), refused);

    let blob = Target::Blob(ContentAddress::of(b"x"));
    for target in [Target::Batch, blob.clone()] {
        assert_eq!(ticket(Operation::Ingest, target).require_file(&ours, package, &wrong), Ok(()));
    }
    let to_serve = ticket(Operation::Serve, blob).require_file(&ours, package, &right);
    assert_eq!(to_serve, Err(TicketRefused::OtherOperation { ticket_id: ticket_id() }));
}

#[test]
fn shows_no_token_and_repeats_none_of_it_in_a_refusal() {
    let token = TicketToken::from(GOLDEN.to_owned());
    assert_eq!(format!("{token:?}"), "TicketToken(…)");
    let [header, claims, signature] = GOLDEN.split('.').collect::<Vec<_>>().try_into().unwrap();
    let refused = [
        verify(&TicketToken::from(format!("{header}.{claims}"))).unwrap_err(),
        verify(&TicketToken::from(format!("{header}.{claims}.{}", signature.replace('z', "y")))).unwrap_err(),
        verifier().verify(&token, &"node-b".parse().unwrap(), Operation::Ingest, at(NOW)).unwrap_err(),
        verifier().verify(&token, &node(), Operation::Ingest, at(NOW + 10_000)).unwrap_err(),
    ];
    for refused in refused {
        let fault = format!("{:?}", artifactstore_types::Fault::from(refused));
        for secret in [header, claims, signature, "logs/build.txt", "default"] {
            assert!(!fault.contains(secret), "{fault}");
        }
    }
}

#[test]
fn the_longest_ticket_is_not_too_long() {
    // A quotation mark takes two bytes in JSON.
    let part = "\"".repeat(255);
    let longest = path(&[part.as_str(), &part, &part, &part].join("/"));
    let mut permission = permission(Operation::Ingest, longest);
    permission.namespace = "n".repeat(64).parse().unwrap();
    permission.backend_id = "b".repeat(64).parse().unwrap();
    permission.node_id = "a".repeat(64).parse().unwrap();
    permission.size_limit = u64::MAX;
    let ticket = Ticket::issue(ticket_id(), permission.clone(), at(NOW), 60).unwrap();
    let token = ticket.sign(&key()).unwrap();
    assert_eq!(verifier().verify(&token, &permission.node_id, Operation::Ingest, at(NOW)), Ok(ticket));
}

fn targets() -> impl Strategy<Value = Target> {
    prop_oneof![
        "[a-zé\" ]{1,20}(/[a-z.]{3,9}){0,3}"
            .prop_map(|text| { Target::Path(artifactstore_types::RelativePath::normalized(&text).unwrap()) }),
        any::<[u8; 32]>().prop_map(|bytes| Target::Blob(ContentAddress::from_blake3(bytes))),
        Just(Target::Batch),
    ]
}

proptest! {
    #[test]
    fn whatever_is_issued_is_verified(
        target in targets(),
        secret in any::<[u8; 32]>(),
        id in any::<u128>(),
        size_limit in any::<u64>(),
        namespace in "[a-z0-9][a-z0-9._-]{0,63}",
        now in 0..4_000_000_000_000_000i64,
        lifetime in 1..=MAX_LIFETIME_SECONDS,
    ) {
        let key = SigningKey::from_secret(&secret);
        let now = Timestamp::from_micros(now).unwrap();
        let namespace = namespace.parse().unwrap();
        let permission = Permission { namespace, size_limit, ..permission(Operation::Ingest, target) };
        let ticket = Ticket::issue(TicketId::new(Uuid::from_u128(id)), permission, now, lifetime).unwrap();
        let mut verifier = TicketVerifier::default();
        verifier.keys.trust(key.public_key(), (), Window::from(at(0))).unwrap();
        let verified = verifier.verify(&ticket.sign(&key).unwrap(), &node(), Operation::Ingest, now);
        prop_assert_eq!(verified, Ok(ticket));
    }

    #[test]
    fn no_text_makes_it_panic_or_passes(text in ".{0,200}", parts in prop::collection::vec("[A-Za-z0-9_-]{0,90}", 0..5)) {
        prop_assert!(verify(&TicketToken::from(text)).is_err());
        prop_assert!(verify(&TicketToken::from(parts.join("."))).is_err());
    }

    #[test]
    fn no_signed_claims_make_it_panic(claims in ".{0,200}") {
        prop_assert_eq!(verify(&sign_raw(&header(), &claims)), Err(TicketRefused::Claims));
    }
}
