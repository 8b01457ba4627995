//! Signed receipts: stated, signed, verified against the ticket they answer; and everything that must not pass for one.

use artifactstore_types::{ContentAddress, DualDigest, Fault, Location, NodeId, Receipt, Timestamp};
use bytes::Bytes;
use ciborium::Value;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    signing::{CLOCK_SKEW_SECONDS, KeyRefused, KeyRing, SignatureRefused, SigningKey, Window},
    ticket::{
        Operation, Permission, Target, Ticket, TicketId,
        tests::{NOW, at, node, permission, ticket, ticket_id},
    },
};

const MAX_AGE_SECONDS: u64 = 900;

fn key() -> SigningKey {
    SigningKey::from_secret(&[1; 32])
}

fn verifier() -> ReceiptVerifier {
    let mut keys = KeyRing::default();
    keys.trust(key().public_key(), node(), Window::from(at(0))).unwrap();
    ReceiptVerifier { keys, max_age_seconds: MAX_AGE_SECONDS }
}

fn receipt_of(bytes: &[u8]) -> Receipt {
    let digests = DualDigest::of(bytes);
    Receipt {
        digests,
        location: Location {
            backend_id: "rgw-a".parse().unwrap(),
            key: "packs/0001".to_owned(),
            offset: 512,
            length: digests.size_bytes,
        },
        node_id: node(),
        stored_at: at(NOW + 4),
    }
}

fn statement(receipts: Vec<Receipt>) -> Statement {
    Statement::new(ticket_id(), 0, node(), at(NOW + 5), receipts).unwrap()
}

fn hello() -> Statement {
    statement(vec![receipt_of(b"hello")])
}

fn a_path() -> Ticket {
    ticket(Operation::Ingest, Target::Path("greeting".parse().unwrap()))
}

fn verify(signed: &SignedReceipt) -> Result<Statement, ReceiptRefused> {
    verifier().verify(signed, &a_path(), at(NOW + 6))
}

/// What this key has signed for good: it must come out the same for as long as there are receipts of this form.
const GOLDEN: &str = concat!(
    "d2845832a30127045034750f98bd59fcfc946da45aaabe933b10781a617274696661637473746f72652d726563656970742b",
    "63626f72a058e3a5646e6f6465666e6f64652d61647061727400667469636b657450019c1686401870008000000000000001",
    "68726563656970747381a8636b65796a7061636b732f303030316473697a650566626c616b65335820ea8f163db38682925e",
    "4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f666c656e67746805666f6666736574190200667368613235365820",
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824676261636b656e64657267772d616973746f",
    "7265645f61741b000649b7e362a6c0697369676e65645f61741b000649b7e371e9005840b75681a8770f91d23d46c8b8e72a",
    "959c4bf34c00ef137c2d2c9ee072d8638d735c92b91525eba0eae004730cc65923cfd2a5468ba5a517e1e8008fa38e81a005",
);

fn golden() -> Vec<u8> {
    hex::decode(GOLDEN).unwrap()
}

/// The parts of the golden receipt, as an independent reader sees them.
struct Taken {
    protected: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

fn taken() -> Taken {
    let value: Value = ciborium::from_reader(&golden()[..]).unwrap();
    let Value::Tag(18, list) = value else { panic!("not tagged") };
    let parts: [Value; 4] = list.into_array().unwrap().try_into().unwrap();
    let [protected, unprotected, payload, signature] = parts;
    assert_eq!(unprotected, Value::Map(Vec::new()));
    Taken {
        protected: protected.into_bytes().unwrap(),
        payload: payload.into_bytes().unwrap(),
        signature: signature.into_bytes().unwrap(),
    }
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// Signs any header and payload, as a receipt or not, with a `Sig_structure` and an envelope made here.
fn sign_raw(protected: &[u8], payload: &[u8], key: &SigningKey) -> SignedReceipt {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let signed = cbor(&Value::Array(vec!["Signature1".into(), bytes(protected), bytes(b""), bytes(payload)]));
    let signature = key.sign(&signed);
    let list = vec![bytes(protected), Value::Map(Vec::new()), bytes(payload), bytes(&signature)];
    SignedReceipt::new(cbor(&Value::Tag(18, Box::new(Value::Array(list)))))
}

#[test]
fn a_receipt_has_the_one_form_it_always_had() {
    let signed = hello().sign(&key()).unwrap();
    assert_eq!(hex::encode(signed.bytes()), GOLDEN);
    assert_eq!(verify(&signed), Ok(hello()));
}

#[test]
fn is_a_cose_sign1_to_an_independent_reader() {
    let Taken { protected, payload, .. } = taken();
    let header: Value = ciborium::from_reader(&protected[..]).unwrap();
    let expected = Value::Map(vec![
        (1.into(), (-8).into()),
        (4.into(), Value::Bytes(key().key_id().bytes().to_vec())),
        (16.into(), "artifactstore-receipt+cbor".into()),
    ]);
    assert_eq!(header, expected);
    assert_eq!(sign_raw(&protected, &payload, &key()).bytes()[..], golden());
}

#[test]
fn refuses_a_receipt_with_any_bit_flipped() {
    for bit in 0..golden().len() * 8 {
        let mut bytes = golden();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&SignedReceipt::new(bytes)).is_err(), "bit {bit}");
    }
}

#[test]
fn refuses_a_receipt_that_is_cut_or_drawn_out() {
    for length in 0..golden().len() {
        assert!(verify(&SignedReceipt::new(golden()[..length].to_vec())).is_err(), "{length} bytes");
    }
    let longer = [&golden()[..], &[0xf6]].concat();
    assert_eq!(verify(&SignedReceipt::new(longer)), Err(ReceiptRefused::NotCanonical));
    assert_eq!(verify(&SignedReceipt::new(vec![0x5a; 3 << 20])), Err(ReceiptRefused::Malformed));
}

#[test]
fn refuses_an_envelope_in_another_form() {
    let golden = golden();
    let Taken { protected, payload, signature } = taken();
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let list = |unprotected| Value::Array(vec![bytes(&protected), unprotected, bytes(&payload), bytes(&signature)]);
    let tagged = |tag, value| cbor(&Value::Tag(tag, Box::new(value)));
    assert_eq!(tagged(18, list(Value::Map(Vec::new()))), golden);

    let with_header = list(Value::Map(vec![(4.into(), bytes(b"other"))]));
    let mut indefinite = golden.clone();
    indefinite[1] = 0x9f;
    indefinite.push(0xff);
    let long_tag = [&[0xd8, 18], &golden[1..]].concat();
    let others = [
        ("no tag", golden[1..].to_vec()),
        ("the tag of COSE_Mac0", tagged(17, list(Value::Map(Vec::new())))),
        ("twice tagged", [&[0xd2], &golden[..]].concat()),
        ("a long tag", long_tag),
        ("an indefinite list", indefinite),
        ("an unprotected header", tagged(18, with_header)),
        ("no unprotected header", tagged(18, list(Value::Null))),
        (
            "a detached payload",
            tagged(18, Value::Array(vec![bytes(&protected), Value::Map(Vec::new()), Value::Null, bytes(&signature)])),
        ),
        (
            "five parts",
            tagged(
                18,
                Value::Array(vec![
                    bytes(&protected),
                    Value::Map(Vec::new()),
                    bytes(&payload),
                    bytes(&signature),
                    Value::Null,
                ]),
            ),
        ),
    ];
    for (what, bytes) in others {
        let refused = verify(&SignedReceipt::new(bytes)).unwrap_err();
        assert!(matches!(refused, ReceiptRefused::Malformed | ReceiptRefused::NotCanonical), "{what}: {refused}");
    }
}

#[test]
fn refuses_every_header_but_its_own() {
    let Taken { payload, .. } = taken();
    let header = |entries: Vec<(i64, Value)>| {
        cbor(&Value::Map(entries.into_iter().map(|(label, value)| (label.into(), value)).collect()))
    };
    let id = || Value::Bytes(key().key_id().bytes().to_vec());
    let typ = || Value::from("artifactstore-receipt+cbor");
    assert!(verify(&sign_raw(&header(vec![(1, (-8).into()), (4, id()), (16, typ())]), &payload, &key())).is_ok());
    let others = [
        header(vec![(1, (-7).into()), (4, id()), (16, typ())]),
        header(vec![(1, (-19).into()), (4, id()), (16, typ())]),
        header(vec![(1, (-8).into()), (16, typ())]),
        header(vec![(1, (-8).into()), (4, id())]),
        header(vec![(1, (-8).into()), (4, id()), (16, "artifactstore-ticket+jwt".into())]),
        header(vec![(4, id()), (1, (-8).into()), (16, typ())]),
        header(vec![(1, (-8).into()), (2, Value::Array(vec![4.into()])), (4, id()), (16, typ())]),
        header(vec![(1, (-8).into()), (4, Value::Bytes(vec![0; 15])), (16, typ())]),
        Vec::new(),
    ];
    for protected in others {
        let refused = verify(&sign_raw(&protected, &payload, &key()));
        assert_eq!(refused, Err(ReceiptRefused::Header), "{}", hex::encode(protected));
    }
}

#[test]
fn refuses_a_payload_in_another_form_even_when_it_is_signed() {
    let Taken { protected, payload, .. } = taken();
    let value: Value = ciborium::from_reader(&payload[..]).unwrap();
    let entries = value.clone().into_map().unwrap();
    let mut reversed = entries.clone();
    reversed.reverse();
    let mut more = entries.clone();
    more.push(("zzzzzzzzzz".into(), Value::Null));
    let mut doubled = entries.clone();
    doubled.push(entries[4].clone());
    let mut fewer = entries.clone();
    fewer.pop();
    let mut long = payload.clone();
    // `part` is 0 in the form for two bytes.
    let part = payload.windows(6).position(|window| window == b"\x64part\x00").unwrap() + 5;
    long.splice(part..=part, [0x18, 0x00]);
    let others = [
        cbor(&Value::Map(reversed)),
        cbor(&Value::Map(more)),
        cbor(&Value::Map(doubled)),
        cbor(&Value::Map(fewer)),
        cbor(&Value::Array(entries.into_iter().map(|(_, value)| value).collect())),
        cbor(&Value::Tag(24, Box::new(value))),
        [&payload[..], &[0x00]].concat(),
        long,
        Vec::new(),
    ];
    for payload in others {
        let refused = verify(&sign_raw(&protected, &payload, &key())).unwrap_err();
        let expected = matches!(refused, ReceiptRefused::Malformed | ReceiptRefused::NotCanonical);
        assert!(expected, "{refused}: {}", hex::encode(payload));
    }
}

/// The golden payload with one value changed, signed all the same.
fn with(changed: &str, value: impl Into<Value>) -> SignedReceipt {
    let value = value.into();
    let Taken { protected, payload, .. } = taken();
    let mut map = ciborium::from_reader::<Value, _>(&payload[..]).unwrap().into_map().unwrap();
    let named = |key: &Value| key.as_text() == Some(changed);
    for (key, old) in &mut map {
        if named(key) {
            *old = value.clone();
        } else if let Value::Array(receipts) = old {
            for entry in receipts.iter_mut().flat_map(|receipt| receipt.as_map_mut().unwrap()) {
                if named(&entry.0) {
                    entry.1 = value.clone();
                }
            }
        }
    }
    sign_raw(&protected, &cbor(&Value::Map(map)), &key())
}

#[test]
fn refuses_a_statement_that_cannot_hold() {
    let changes = [
        ("node", "Node A".into()),
        ("ticket", Value::Bytes(vec![0; 15])),
        ("receipts", Value::Array(Vec::new())),
        ("key", "".into()),
        ("key", "k".repeat(MAX_KEY_BYTES + 1).into()),
        ("blake3", Value::Bytes(vec![0; 31])),
        ("sha256", Value::Bytes(vec![0; 33])),
        ("length", 6.into()),
        ("backend", "../rgw".into()),
        ("stored_at", i64::MAX.into()),
        ("signed_at", i64::MIN.into()),
    ];
    for (name, value) in changes {
        assert_eq!(verify(&with(name, value)), Err(ReceiptRefused::Unsound), "{name}");
    }
    assert_eq!(verify(&with("offset", -1)), Err(ReceiptRefused::Malformed));
    assert_eq!(verify(&with("blake3", "text")), Err(ReceiptRefused::Malformed));
}

#[test]
fn states_only_what_can_hold() {
    let state = |receipts| Statement::new(ticket_id(), 0, node(), at(NOW), receipts);
    let mut foreign = receipt_of(b"hello");
    foreign.node_id = "node-b".parse().unwrap();
    let mut longer = receipt_of(b"hello");
    longer.location.length += 1;
    let mut unnamed = receipt_of(b"hello");
    unnamed.location.key.clear();
    for receipts in [vec![], vec![foreign], vec![longer], vec![unnamed], vec![receipt_of(b"x"); MAX_RECEIPTS + 1]] {
        assert_eq!(state(receipts), Err(ReceiptRefused::Unsound));
    }
}

#[test]
fn the_largest_statement_is_not_too_large() {
    let mut receipt = receipt_of(b"");
    receipt.location.key = "k".repeat(MAX_KEY_BYTES);
    receipt.location.offset = u64::MAX;
    receipt.location.backend_id = "rgw-a".parse().unwrap();
    let statement = statement(vec![receipt; MAX_RECEIPTS]);
    let batch = ticket(Operation::Ingest, Target::Batch);
    let signed = statement.sign(&key()).unwrap();
    assert_eq!(verifier().verify(&signed, &batch, at(NOW + 6)), Ok(statement));
}

#[test]
fn refuses_keys_that_are_unknown_closed_or_another_nodes() {
    let (ours, other) = (key(), SigningKey::from_secret(&[2; 32]));
    let by_other = hello().sign(&other).unwrap();
    assert_eq!(verify(&by_other), Err(ReceiptRefused::Key(KeyRefused::Unknown(other.key_id()))));

    let mut verifier = verifier();
    verifier.keys.trust(other.public_key(), "node-b".parse().unwrap(), Window::from(at(0))).unwrap();
    let refused = verifier.verify(&by_other, &a_path(), at(NOW + 6));
    assert_eq!(refused, Err(ReceiptRefused::ForeignKey));

    verifier.keys.distrust(&node());
    let closed = Window { opens_at: at(0), closes_at: Some(at(NOW + 6)) };
    verifier.keys.trust(ours.public_key(), node(), closed).unwrap();
    let signed = hello().sign(&ours).unwrap();
    let refused = verifier.verify(&signed, &a_path(), at(NOW + 6));
    assert_eq!(refused, Err(ReceiptRefused::Key(KeyRefused::OutsideWindow(ours.key_id()))));
}

#[test]
fn refuses_a_signature_under_a_borrowed_name() {
    let Taken { protected, payload, .. } = taken();
    let forged = sign_raw(&protected, &payload, &SigningKey::from_secret(&[2; 32]));
    assert_eq!(verify(&forged), Err(ReceiptRefused::Signature(SignatureRefused)));
}

#[test]
fn refuses_a_receipt_that_answers_another_ticket() {
    let shown = TicketId::new(Uuid::from_u128(7));
    let other = Ticket::issue(shown, a_path().permission().clone(), at(NOW), 600).unwrap();
    let refused = verifier().verify(&hello().sign(&key()).unwrap(), &other, at(NOW + 6));
    assert_eq!(refused, Err(ReceiptRefused::OtherTicket { answered: ticket_id(), shown }));
}

#[test]
fn refuses_a_receipt_whose_ticket_was_for_another_node() {
    let elsewhere = Permission { node_id: "node-b".parse().unwrap(), ..a_path().permission().clone() };
    let other = Ticket::issue(ticket_id(), elsewhere, at(NOW), 600).unwrap();
    let refused = verifier().verify(&hello().sign(&key()).unwrap(), &other, at(NOW + 6));
    assert_eq!(refused, Err(ReceiptRefused::OtherNode { ticket_id: ticket_id() }));
}

fn verify_under(permission: Permission, statement: &Statement) -> Result<Statement, ReceiptRefused> {
    let ticket = Ticket::issue(ticket_id(), permission, at(NOW), 600).unwrap();
    verifier().verify(&statement.sign(&key()).unwrap(), &ticket, at(NOW + 6))
}

#[test]
fn refuses_what_the_ticket_does_not_permit() {
    let blob = |bytes: &[u8]| Target::Blob(ContentAddress::of(bytes));
    let ingest = |target| permission(Operation::Ingest, target);
    let path = || ingest(Target::Path("greeting".parse().unwrap()));
    let two = statement(vec![receipt_of(b"hello"), receipt_of(b"again")]);
    let second = Statement::new(ticket_id(), 1, node(), at(NOW + 5), vec![receipt_of(b"hello")]).unwrap();
    let elsewhere = Permission { backend_id: "rgw-b".parse().unwrap(), ..path() };
    let refused = Err(ReceiptRefused::NotPermitted { ticket_id: ticket_id() });

    assert_eq!(verify_under(ingest(blob(b"hello")), &hello()), Ok(hello()));
    assert_eq!(verify_under(ingest(blob(b"other")), &hello()), refused);
    assert_eq!(verify_under(permission(Operation::Serve, blob(b"hello")), &hello()), refused);
    assert_eq!(verify_under(path(), &two), refused);
    assert_eq!(verify_under(path(), &second), refused);
    assert_eq!(verify_under(ingest(Target::Batch), &two), Ok(two.clone()));
    assert_eq!(verify_under(ingest(Target::Batch), &second), Ok(second));
    assert_eq!(verify_under(elsewhere, &hello()), refused);
    assert_eq!(verify_under(Permission { size_limit: 5, ..path() }, &hello()), Ok(hello()));
    assert_eq!(verify_under(Permission { size_limit: 4, ..path() }, &hello()), refused);
    assert_eq!(verify_under(Permission { size_limit: 9, ..ingest(Target::Batch) }, &two), refused);
}

#[test]
fn takes_a_receipt_until_it_is_too_old_and_none_of_another_time() {
    let (skew, max_age) = (i64::try_from(CLOCK_SKEW_SECONDS).unwrap(), i64::try_from(MAX_AGE_SECONDS).unwrap());
    let at_time = |signed_at, now| {
        let statement = Statement::new(ticket_id(), 0, node(), at(signed_at), vec![receipt_of(b"hello")]).unwrap();
        verifier().verify(&statement.sign(&key()).unwrap(), &a_path(), at(now)).map(|_| ())
    };
    let out_of_time = Err(ReceiptRefused::OutOfTime { ticket_id: ticket_id() });
    assert_eq!(at_time(NOW + 5, NOW + 5 + max_age), Ok(()));
    assert_eq!(at_time(NOW + 5, NOW + 6 + max_age), Err(ReceiptRefused::Expired { ticket_id: ticket_id() }));
    assert_eq!(at_time(NOW + skew, NOW), Ok(()));
    assert_eq!(at_time(NOW + skew + 1, NOW), out_of_time);
    assert_eq!(at_time(NOW - skew, NOW), Ok(()));
    assert_eq!(at_time(NOW - skew - 1, NOW), out_of_time);
    assert_eq!(at_time(NOW + 100_000, NOW + 100_000), Ok(()), "a long upload outlives its ticket");
}

#[test]
fn takes_the_same_answer_again_and_no_other_answer_to_the_same_ticket() {
    let first = hello().fingerprint().unwrap();
    let later = Statement::new(ticket_id(), 0, node(), at(NOW + 60), vec![receipt_of(b"hello")]).unwrap();
    let other = statement(vec![receipt_of(b"other")]).fingerprint().unwrap();
    let mut moved = receipt_of(b"hello");
    moved.location.offset = 0;
    let moved = statement(vec![moved]).fingerprint().unwrap();
    let replayed = Err(ReceiptRefused::Replayed { ticket_id: ticket_id() });

    assert_eq!(check_replay(ticket_id(), None, first), Ok(Presented::First));
    let recorded = Some(Fingerprint::from_bytes(*first.bytes()));
    assert_eq!(check_replay(ticket_id(), recorded, later.fingerprint().unwrap()), Ok(Presented::Again));
    assert_eq!(check_replay(ticket_id(), recorded, other), replayed);
    assert_eq!(check_replay(ticket_id(), recorded, moved), replayed);
}

#[test]
fn shows_nothing_of_what_it_says() {
    let signed = hello().sign(&key()).unwrap();
    assert_eq!(format!("{signed:?}"), format!("SignedReceipt({} bytes)", signed.bytes().len()));
    let address = ContentAddress::of(b"hello").hex();
    for refused in [
        verify(&with("length", 6)).unwrap_err(),
        verify_under(permission(Operation::Ingest, Target::Blob(ContentAddress::of(b"x"))), &hello()).unwrap_err(),
        verifier().verify(&signed, &a_path(), at(NOW + 100_000)).unwrap_err(),
    ] {
        let fault = format!("{:?}", Fault::from(refused));
        assert!(!fault.contains(&address) && !fault.contains("packs/"), "{fault}");
    }
}

#[test]
fn each_kind_of_refusal_has_a_code_of_its_own() {
    let ticket_id = ticket_id();
    let refused = [
        ReceiptRefused::Malformed,
        ReceiptRefused::NotCanonical,
        ReceiptRefused::Key(KeyRefused::Unknown(key().key_id())),
        ReceiptRefused::Signature(SignatureRefused),
        ReceiptRefused::ForeignKey,
        ReceiptRefused::OtherNode { ticket_id },
        ReceiptRefused::NotPermitted { ticket_id },
        ReceiptRefused::OutOfTime { ticket_id },
        ReceiptRefused::Expired { ticket_id },
        ReceiptRefused::Replayed { ticket_id },
    ];
    let mut codes: Vec<_> = refused.into_iter().map(|refused| Fault::from(refused).code).collect();
    assert!(codes.iter().all(|code| crate::CODES.iter().any(|(known, _)| known == code)), "{codes:?}");
    codes.dedup();
    assert_eq!(codes.len(), 10);
}

prop_compose! {
    fn receipts()(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        key in "[ -~é]{1,80}",
        backend in "[a-z0-9][a-z0-9._-]{0,63}",
        offset in any::<u64>(),
        stored_at in -62_135_596_800_000_000..=253_402_207_200_999_999i64,
    ) -> Receipt {
        let mut receipt = receipt_of(&bytes);
        receipt.location = Location { backend_id: backend.parse().unwrap(), key, offset, ..receipt.location };
        receipt.stored_at = Timestamp::from_micros(stored_at).unwrap();
        receipt
    }
}

proptest! {
    #[test]
    fn whatever_is_stated_is_verified(
        receipt in receipts(),
        more in 0..20usize,
        part in any::<u64>(),
        secret in any::<[u8; 32]>(),
        name in "[a-z0-9][a-z0-9._-]{0,63}",
    ) {
        let node_id: NodeId = name.parse().unwrap();
        let receipt = Receipt { node_id: node_id.clone(), ..receipt };
        let backend_id = receipt.location.backend_id.clone();
        let receipts = vec![receipt; more + 1];
        let statement = Statement::new(ticket_id(), part, node_id.clone(), at(NOW), receipts).unwrap();
        let permission = permission(Operation::Ingest, Target::Batch);
        let permission = Permission { node_id: node_id.clone(), backend_id, ..permission };
        let ticket = Ticket::issue(ticket_id(), permission, at(NOW), 600).unwrap();
        let key = SigningKey::from_secret(&secret);
        let mut verifier = ReceiptVerifier { keys: KeyRing::default(), max_age_seconds: 1 };
        verifier.keys.trust(key.public_key(), node_id, Window::from(at(0))).unwrap();
        let verified = verifier.verify(&statement.sign(&key).unwrap(), &ticket, at(NOW));
        prop_assert_eq!(verified, Ok(statement));
    }

    #[test]
    fn no_bytes_make_it_panic_or_pass(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0..40usize) {
        prop_assert!(verify(&SignedReceipt::new(bytes.clone())).is_err());
        let grafted = [&golden()[..at], &bytes].concat();
        prop_assert!(grafted == golden() || verify(&SignedReceipt::new(grafted)).is_err());
    }

    #[test]
    fn no_signed_payload_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let signed = sign_raw(&taken().protected, &Bytes::from(bytes), &key());
        prop_assert!(verify(&signed).is_err());
    }
}
