//! States of any size come back whole, verdicts come back as they were sent, and parts that do not fit are refused.

use artifactstore_types::Category;

use super::*;
use crate::{codes, limits};

fn state(json_bytes: usize) -> ContractState {
    ContractState {
        stream: "team/mission-audit/p/m/r".parse().unwrap(),
        sequence: 9,
        event_count: 4,
        json: "é1".chars().cycle().take(json_bytes / 3 * 2).collect(),
        failed: true,
    }
}

fn chunk(bytes: &'static [u8]) -> v1::ContractStatePart {
    v1::ContractStatePart { part: Some(Part::Chunk(bytes.into())) }
}

#[test]
fn states_at_the_boundaries_of_a_message_come_back_whole() {
    let mut assembly = StateAssembly::default();
    for (size, parts) in [(0, 1), (3, 2), (limits::MAX_CHUNK_BYTES, 2), (3 * limits::MAX_CHUNK_BYTES + 6, 5)] {
        let sent: Vec<_> = state_parts(state(size)).collect();
        assert_eq!(sent.len(), parts, "{size}");
        assert!(sent.iter().all(|part| prost::Message::encoded_len(part) < limits::MESSAGE_BYTES));
        let came: Vec<_> = sent.into_iter().filter_map(|part| assembly.push(Some(part)).unwrap()).collect();
        assert_eq!(came, [state(size)]);
        assembly.finish().unwrap();
    }
}

#[test]
fn parts_out_of_order_are_refused() {
    let mut assembly = StateAssembly::default();
    assert_eq!(assembly.push(Some(chunk(b"x"))).unwrap_err().code, codes::ORDER);
    assert_eq!(assembly.push(None).unwrap_err().code, codes::FIELD);
    let begun = || {
        let mut assembly = StateAssembly::default();
        assert_eq!(assembly.push(state_parts(state(3)).next()).unwrap(), None);
        assembly
    };
    assert_eq!(begun().finish().unwrap_err().code, codes::TRUNCATED);
    assert_eq!(begun().push(state_parts(state(3)).next()).unwrap_err().code, codes::ORDER);
    assert_eq!(begun().push(Some(chunk(b""))).unwrap_err().code, codes::ORDER);
    assert_eq!(begun().push(Some(chunk(b"four"))).unwrap_err().code, codes::ORDER);
    assert_eq!(begun().push(Some(chunk(b"\xff\xff\xff"))).unwrap_err().code, codes::FIELD);
}

#[test]
fn a_header_names_the_field_that_is_malformed() {
    let header = v1::ContractStateHeader { stream: Some(v1::ContractStream::default()), ..Default::default() };
    let part = v1::ContractStatePart { part: Some(Part::Header(header)) };
    let fault = StateAssembly::default().push(Some(part)).unwrap_err();
    assert_eq!((fault.category, fault.subject.as_deref()), (Category::Invalid, Some("part.header.stream.family")));
}

#[test]
fn an_empty_namespace_is_the_default_one() {
    let stream = v1::ContractStream { family: "mission-audit".into(), key: "k".into(), ..Default::default() };
    assert_eq!(ContractStream::try_from(stream).unwrap().to_string(), "default/mission-audit/k");
    let origin = v1::ContractOrigin { actor: "ci".into(), ..Default::default() };
    assert_eq!(ContractOrigin::try_from(origin).unwrap().namespace.as_str(), "default");
    assert!(ContractOrigin::try_from(v1::ContractOrigin::default()).is_err());
}

#[test]
fn answers_and_verdicts_come_back_as_they_were_sent() {
    let event = AppendedContractEvent { event_id: "e".into(), stream: state(0).stream, sequence: 3, repeated: true };
    let fault = Fault::new("AS-REG-0018", Category::Invalid, "no").about("e");
    for result in [Ok(event), Err(fault)] {
        assert_eq!(v1::AppendStreamResponse::from(result.clone()).decoded().unwrap(), result);
    }
    assert!(v1::AppendStreamResponse::default().decoded().is_err());
    for parity in Parity::ALL {
        let actual = Some(Algorithm::Sha256.digest(b"x"));
        let sent = PathParity { path: "a/b".into(), parity, expected: Some("md5:x".into()), actual };
        assert_eq!(PathParity::try_from(v1::PathParity::from(sent.clone())).unwrap(), sent);
    }
}

#[test]
fn a_verdict_or_digest_of_another_kind_is_refused() {
    let sound = || v1::PathParity { path: "a".into(), parity: 1, expected: None, actual: None };
    assert!(PathParity::try_from(sound()).is_ok());
    let blake3 = Algorithm::Blake3.digest(b"x").to_string();
    for (malformed, field) in [
        (v1::PathParity { parity: 0, ..sound() }, "parity"),
        (v1::PathParity { parity: 99, ..sound() }, "parity"),
        (v1::PathParity { actual: Some("x".into()), ..sound() }, "actual"),
        (v1::PathParity { actual: Some(blake3), ..sound() }, "actual"),
    ] {
        assert_eq!(PathParity::try_from(malformed).unwrap_err().subject.as_deref(), Some(field));
    }
}
