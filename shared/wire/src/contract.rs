//! Contract events and the states of their streams. A state is JSON of any size: it is sent as a header and chunks.

use std::iter;

use artifactstore_types::{
    Algorithm, AppendedContractEvent, ContractOrigin, ContractState, ContractStream, Digest, Fault, Parity, PathParity,
};
use bytes::{Bytes, BytesMut};

use crate::{
    field, stream,
    v1::{self, append_stream_response, contract_state_part::Part},
};

impl From<ContractOrigin> for v1::ContractOrigin {
    fn from(origin: ContractOrigin) -> Self {
        Self { namespace: origin.namespace.to_string(), actor: origin.actor.to_string() }
    }
}

impl TryFrom<v1::ContractOrigin> for ContractOrigin {
    type Error = Fault;

    fn try_from(origin: v1::ContractOrigin) -> Result<Self, Fault> {
        Ok(Self {
            namespace: field::parsed_or_default("namespace", &origin.namespace)?,
            actor: field::parsed("actor", &origin.actor)?,
        })
    }
}

impl From<ContractStream> for v1::ContractStream {
    fn from(stream: ContractStream) -> Self {
        Self { namespace: stream.namespace.to_string(), family: stream.family.to_string(), key: stream.key.to_string() }
    }
}

impl TryFrom<v1::ContractStream> for ContractStream {
    type Error = Fault;

    fn try_from(stream: v1::ContractStream) -> Result<Self, Fault> {
        Ok(Self {
            namespace: field::parsed_or_default("namespace", &stream.namespace)?,
            family: field::parsed("family", &stream.family)?,
            key: field::parsed("key", &stream.key)?,
        })
    }
}

impl From<AppendedContractEvent> for v1::AppendedContractEvent {
    fn from(event: AppendedContractEvent) -> Self {
        Self {
            event_id: event.event_id,
            stream: Some(event.stream.into()),
            sequence: event.sequence,
            repeated: event.repeated,
        }
    }
}

impl TryFrom<v1::AppendedContractEvent> for AppendedContractEvent {
    type Error = Fault;

    fn try_from(event: v1::AppendedContractEvent) -> Result<Self, Fault> {
        Ok(Self {
            event_id: event.event_id,
            stream: field::converted("stream", event.stream)?,
            sequence: event.sequence,
            repeated: event.repeated,
        })
    }
}

impl From<Result<AppendedContractEvent, Fault>> for v1::AppendStreamResponse {
    fn from(result: Result<AppendedContractEvent, Fault>) -> Self {
        let result = match result {
            Ok(event) => append_stream_response::Result::Event(event.into()),
            Err(fault) => append_stream_response::Result::Fault(fault.into()),
        };
        Self { result: Some(result) }
    }
}

impl v1::AppendStreamResponse {
    /// What became of the event.
    ///
    /// # Errors
    /// A result that cannot be read; the fault of the event itself is within.
    pub fn decoded(self) -> Result<Result<AppendedContractEvent, Fault>, Fault> {
        match field::required("result", self.result)? {
            append_stream_response::Result::Event(event) => field::converted("event", Some(event)).map(Ok),
            append_stream_response::Result::Fault(fault) => field::converted("fault", Some(fault)).map(Err),
        }
    }
}

/// The parts that a state is sent as, in order.
pub fn state_parts(state: ContractState) -> impl Iterator<Item = v1::ContractStatePart> + Send {
    let header = Part::Header(v1::ContractStateHeader {
        stream: Some(state.stream.into()),
        sequence: state.sequence,
        event_count: state.event_count,
        failed: state.failed,
        size_bytes: state.json.len() as u64,
    });
    let chunks = stream::chunks(Bytes::from(state.json)).map(Part::Chunk);
    iter::once(header).chain(chunks).map(|part| v1::ContractStatePart { part: Some(part) })
}

/// Puts states together again from their parts.
#[derive(Debug, Default)]
pub struct StateAssembly {
    open: Option<Open>,
}

/// A state whose JSON has not come whole.
#[derive(Debug)]
struct Open {
    state: ContractState,
    json: BytesMut,
    missing: u64,
}

impl StateAssembly {
    /// Takes the next part, and gives the state that it completes.
    ///
    /// # Errors
    /// A part that does not follow from those before it, or a field that cannot be read.
    pub fn push(&mut self, part: Option<v1::ContractStatePart>) -> Result<Option<ContractState>, Fault> {
        let part = part.and_then(|part| part.part);
        let open = match (self.open.take(), field::required("part", part)?) {
            (None, Part::Header(header)) => Open::begin(header).map_err(|fault| field::within("part.header", fault))?,
            (Some(open), Part::Chunk(chunk)) if !chunk.is_empty() => open.go_on(&chunk)?,
            (None, Part::Chunk(_)) => return Err(stream::out_of_order("a chunk follows no header that needs it")),
            (Some(_), _) => return Err(stream::out_of_order("the JSON of a state does not go on")),
        };
        if open.missing > 0 {
            self.open = Some(open);
            return Ok(None);
        }
        let json = String::from_utf8(open.json.into()).map_err(|error| field::refused("part.chunk", error))?;
        Ok(Some(ContractState { json, ..open.state }))
    }

    /// Says that no part follows.
    ///
    /// # Errors
    /// A state whose JSON has not come whole.
    pub fn finish(&self) -> Result<(), Fault> {
        if self.open.is_some() { Err(stream::truncated()) } else { Ok(()) }
    }
}

impl Open {
    fn begin(header: v1::ContractStateHeader) -> Result<Self, Fault> {
        let state = ContractState {
            stream: field::converted("stream", header.stream)?,
            sequence: header.sequence,
            event_count: header.event_count,
            failed: header.failed,
            json: String::new(),
        };
        Ok(Self { state, json: BytesMut::new(), missing: header.size_bytes })
    }

    fn go_on(mut self, chunk: &[u8]) -> Result<Self, Fault> {
        let missing = self.missing.checked_sub(chunk.len() as u64);
        self.missing = missing.ok_or_else(|| stream::out_of_order("a state has more JSON than it says"))?;
        self.json.extend_from_slice(chunk);
        Ok(self)
    }
}

impl From<PathParity> for v1::PathParity {
    fn from(parity: PathParity) -> Self {
        let verdict = match parity.parity {
            Parity::Same => v1::Parity::Same,
            Parity::Missing => v1::Parity::Missing,
            Parity::Mutated => v1::Parity::Mutated,
            Parity::Unknown => v1::Parity::Unknown,
            Parity::Damaged => v1::Parity::Damaged,
            Parity::NotComparable => v1::Parity::NotComparable,
            Parity::Superseded => v1::Parity::Superseded,
            _ => v1::Parity::Unspecified,
        };
        Self {
            path: parity.path,
            parity: verdict.into(),
            expected: parity.expected,
            actual: parity.actual.map(|digest| digest.to_string()),
        }
    }
}

impl TryFrom<v1::PathParity> for PathParity {
    type Error = Fault;

    fn try_from(parity: v1::PathParity) -> Result<Self, Fault> {
        let verdict = match v1::Parity::try_from(parity.parity) {
            Ok(v1::Parity::Same) => Parity::Same,
            Ok(v1::Parity::Missing) => Parity::Missing,
            Ok(v1::Parity::Mutated) => Parity::Mutated,
            Ok(v1::Parity::Unknown) => Parity::Unknown,
            Ok(v1::Parity::Damaged) => Parity::Damaged,
            Ok(v1::Parity::NotComparable) => Parity::NotComparable,
            Ok(v1::Parity::Superseded) => Parity::Superseded,
            Ok(v1::Parity::Unspecified) | Err(_) => return Err(field::refused("parity", "it is not one known")),
        };
        let actual: Option<Digest> = field::parsed_if_given("actual", parity.actual.as_deref())?;
        if actual.is_some_and(|digest| digest.algorithm() != Algorithm::Sha256) {
            return Err(field::refused("actual", "it is no sha256 digest"));
        }
        Ok(Self { path: parity.path, parity: verdict, expected: parity.expected, actual })
    }
}

#[cfg(test)]
mod tests;
