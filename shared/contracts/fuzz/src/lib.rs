//! What must hold for any bytes whatever. Each function takes bytes and panics where it does not; a fuzzer or a test brings
//! the bytes. Nothing here knows where they come from.

use std::collections::BTreeSet;

use artifactstore_contracts::admission::{LONGEST_EVENT, admit};
use artifactstore_contracts::catalogue::{FAMILIES, Occurrence, StreamKey};
use artifactstore_contracts::envelope::{Envelope, Event, normalize_event_id};
use artifactstore_contracts::order;
use artifactstore_contracts::reduction::{Limits, ReduceError, reduce};
use artifactstore_contracts::validator::{validate_event, validate_line};
use serde_json::Value;

/// Both ways to read an envelope agree, and what was read can be written and read again.
pub fn envelope(bytes: &[u8]) {
    let envelope = Envelope::parse(bytes);
    match Event::parse(bytes) {
        Ok(event) => {
            let envelope = envelope.expect("what is an event is an envelope");
            let as_envelope = Envelope::from(event.clone());
            assert_eq!(order::sort_key(&envelope), order::sort_key(&as_envelope));
            assert_eq!(envelope.event_type, as_envelope.event_type);
            let payload: Value = serde_json::from_str(&envelope.payload).expect("the payload of an event is JSON");
            assert_eq!(payload, Value::Object(event.payload.clone()));
            let normal = normalize_event_id(event.event_id.as_str()).expect("a normal form is an identifier");
            assert_eq!(normal, event.event_id);
            let written = serde_json::to_vec(&event).expect("an event can be written");
            assert_eq!(Event::parse(&written).expect("what was written can be read"), event);
        }
        Err(refused) => {
            assert!(!refused.violations().is_empty() && !refused.to_string().is_empty());
            // Only inside a payload may an envelope hold what an event cannot.
            if let Ok(envelope) = envelope {
                assert!(serde_json::from_str::<Value>(&envelope.payload).is_err());
            }
        }
    }
}

/// A verdict is valid exactly if nothing was found, and can be written; envelope and payload are validated alike, whichever
/// way they come.
pub fn validator(bytes: &[u8]) {
    let result = validate_line(bytes);
    assert_eq!(result.valid, result.model_violations.is_empty() && result.schema_violations.is_empty());
    serde_json::to_string(&result).expect("a verdict can be written");
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        let as_envelope = validate_event(&document, "Event").expect("the type of envelopes is known");
        assert_eq!(as_envelope.model_violations.is_empty(), Event::parse(bytes).is_ok());
        for family in FAMILIES {
            for (event_type, model) in family.payloads {
                let result = validate_event(&document, event_type).expect("the types of families are known");
                assert_eq!(result.model_violations.is_empty(), model.accepts(&document));
            }
        }
    }
}

/// What is admitted can be folded, names its stream within bounds, and is refused with a reason otherwise.
pub fn admission(bytes: &[u8]) {
    match admit(bytes) {
        Ok(admitted) => {
            assert!(bytes.len() <= LONGEST_EVENT);
            let key = admitted.stream.as_str();
            assert!(!key.is_empty() && key.len() <= StreamKey::MAX_BYTES && !key.contains(char::is_control));
            let envelope = Envelope::parse(bytes).expect("what was admitted is an envelope");
            assert_eq!(admitted.sort_key, order::sort_key(&envelope));
            let mut reducer = (admitted.family.fold)();
            reducer.fold(Occurrence::from(&envelope)).expect("what was admitted can be folded");
            let folded = reducer.folded().expect("a state can be written");
            let resumed = (admitted.family.resume)(&folded).expect("a state can be gone on from");
            let again = resumed.folded().expect("a state can be written");
            assert_eq!((again.state.get(), again.memory.get()), (folded.state.get(), folded.memory.get()));
            (admitted.family.references)(&folded.state).expect("the files of a state can be read");
        }
        Err(refused) => {
            assert!(!refused.result.valid && !refused.to_string().is_empty());
            let found = refused.result.model_violations.len() + refused.result.schema_violations.len();
            assert!(found > 0);
        }
    }
}

/// A stream reduces, or fails with a kind that is known; a doubled stream comes to the same.
pub fn reduction(bytes: &[u8]) {
    // So few bytes that a stream of a few lines is spilled and merged.
    let limits = Limits { buffer_bytes: 1_000, spill_directory: None };
    for family in FAMILIES {
        let outcome = |bytes: &[u8]| match reduce(family, bytes, &limits) {
            Ok(state) => Ok(state.get().to_owned()),
            Err(ReduceError::Failed(failure)) => Err(failure.error),
            Err(ReduceError::Io(error)) => panic!("{error}"),
        };
        let once = outcome(bytes);
        let kinds = BTreeSet::from(["NamespaceMixedStreamError", "ValidationError"]);
        assert!(once.as_ref().map_or_else(|kind| kinds.contains(kind), |state| state.starts_with('{')));
        assert_eq!(outcome(&[bytes, b"\n", bytes].concat()), once);
    }
}

/// Takes any bytes, and panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target with its name.
pub const TARGETS: [(&str, Target); 4] =
    [("envelope", envelope), ("validator", validator), ("admission", admission), ("reduction", reduction)];
