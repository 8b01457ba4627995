//! A stream of envelopes, one JSON object a line, to the state of a family.
//!
//! The stream may be in any order and of any length; what is held in memory is the state, one line, and fixed buffers.
//! That takes two questions apart. *In which order do events count?* is answered by an external sort on the events'
//! keys. *Which event of one identifier counts?* is the one with the least key, wherever in the stream the others are;
//! it is answered by a second external sort, of identifiers with keys, which yields the keys of the events that do not
//! count, in the order in which the first sort will meet them. Nothing is spilled to a temporary file until a buffer is
//! full, and a stream that is already in order costs no more than being written and read once.
//!
//! Envelopes are read before anything is folded, so an envelope that cannot be read outranks any fault of a payload.

mod losers;
mod runs;
mod sorter;

#[cfg(test)]
mod tests;

use std::io::{self, BufRead};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::catalogue::{EventSelection, Family, FoldError, Occurrence, Payload};
use crate::envelope::{Envelope, Event};
use crate::lines::{LONGEST_LINE, Line, Lines};
use crate::model::{Model, ValidationError};
use crate::order;
use losers::Losers;
use sorter::{Sorted, Sorter};

/// How much memory a reduction may use beside the state, and where it spills.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of events held before they are spilled. Identifiers are held in half as much.
    pub buffer_bytes: usize,
    /// Where temporary files are made; the system's temporary directory if none. They have no name and vanish with the
    /// process.
    pub spill_directory: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { buffer_bytes: 16 << 20, spill_directory: None }
    }
}

/// Why a stream has no state, as consumers read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{error}: {message}")]
pub struct ReduceFailure {
    /// `ValidationError` or `NamespaceMixedStreamError`.
    pub error: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

impl From<FoldError> for ReduceFailure {
    fn from(failure: FoldError) -> Self {
        Self { error: failure.kind, message: failure.to_string() }
    }
}

/// Why a reduction ended without a state.
#[derive(Debug, thiserror::Error)]
pub enum ReduceError {
    /// The stream has none.
    #[error(transparent)]
    Failed(#[from] ReduceFailure),
    /// The stream could not be read, or a temporary file not be used.
    #[error("could not read or spill the stream")]
    Io(#[from] io::Error),
}

impl From<ValidationError> for ReduceError {
    fn from(error: ValidationError) -> Self {
        Self::Failed(FoldError::from(error).into())
    }
}

/// Reduces a stream of envelopes to the state of a family, as JSON with its fields in the order of the contract.
///
/// # Errors
/// A stream without a state, with the kind and message of the failure, or one that could not be read.
pub fn reduce(family: &Family, reader: impl BufRead, limits: &Limits) -> Result<Box<RawValue>, ReduceError> {
    let (mut events, mut losers) = sort(family, reader, limits)?;
    let mut reducer = (family.fold)();
    let mut last = Vec::new();
    while let Some((key, body)) = events.advance()? {
        // Events with equal keys are repetitions of one event: the first to arrive counts.
        if key != last && !losers.contain(key)? {
            reducer.fold(occurrence(family, key, body)).map_err(ReduceFailure::from)?;
        }
        if key != last {
            last.clear();
            last.extend_from_slice(key);
        }
    }
    Ok(reducer.folded().map_err(io::Error::from)?.state)
}

/// Reads every envelope; gives the events in order and the keys of those that do not count.
fn sort(family: &Family, reader: impl BufRead, limits: &Limits) -> Result<(Sorted, Losers), ReduceError> {
    let Limits { buffer_bytes, spill_directory } = limits;
    let mut events = Sorter::new(*buffer_bytes, spill_directory.clone());
    let mut identities = Sorter::new(buffer_bytes / 2, spill_directory.clone());
    let mut lines = Lines::new(reader, LONGEST_LINE);
    let mut key = Vec::new();
    let mut body = Vec::new();
    while let Some((number, line)) = lines.read()? {
        let envelope = match line {
            Line::Text(text) => Envelope::parse(text),
            Line::TooLong => {
                let reason = format!("longer than {LONGEST_LINE} bytes");
                Err(ValidationError::json_invalid(Event::NAME, &reason))
            }
        };
        let envelope = envelope.map_err(|error| error.at(format!("line {number}")))?;
        body.clear();
        let own = family.payloads.iter().position(|(event_type, _)| *event_type == envelope.event_type);
        match own.and_then(|position| u8::try_from(position).ok()) {
            Some(position) => {
                body.push(position);
                body.extend_from_slice(envelope.payload.as_bytes());
            }
            None if family.selection == EventSelection::CountsItsOwn => continue,
            None => {}
        }
        key.clear();
        order::write_clock_and_time(&mut key, &envelope);
        let id = envelope.event_id.as_str().as_bytes();
        events.push(&[&key, id], &body)?;
        identities.push(&[id, &[0], &key], &[])?;
    }
    let losers = Losers::find(identities.finish()?, limits)?;
    Ok((events.finish()?, losers))
}

/// The event behind a key, as [`order::sort_key`] makes it. The body is the type's position
/// in the family and the payload; that of a foreign event is empty.
fn occurrence<'a>(family: &Family, key: &'a [u8], body: &'a [u8]) -> Occurrence<'a> {
    let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).unwrap_or_default();
    let event_id = key.get(8..).and_then(|rest| rest.rsplit(|byte| *byte == 0).next()).map(text).unwrap_or_default();
    let (event_type, payload) = match body.split_first() {
        Some((position, payload)) => {
            (family.payloads.get(usize::from(*position)).map_or("", |(event_type, _)| *event_type), text(payload))
        }
        None => ("", "{}"),
    };
    Occurrence { event_id, event_type, payload: Payload::Text(payload) }
}
