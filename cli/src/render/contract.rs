//! Contract events that were appended, the states of their streams, and how a state compares with a package.

use std::collections::BTreeMap;

use artifactstore_types::{AppendedContractEvent, ContractState, Fault, Parity, PathParity};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{fault, text};
use crate::{
    faults,
    output::{Output, Stop},
};

/// An event that is in the log, as JSON.
#[derive(Serialize)]
pub struct AppendedJson<'a> {
    line: u64,
    event_id: &'a str,
    family: &'a str,
    key: &'a str,
    namespace: &'a str,
    sequence: u64,
    repeated: bool,
}

/// An event that is in the log, as JSON.
pub fn appended_json(line: u64, event: &AppendedContractEvent) -> AppendedJson<'_> {
    AppendedJson {
        line,
        event_id: &event.event_id,
        family: event.stream.family.as_str(),
        key: event.stream.key.as_str(),
        namespace: event.stream.namespace.as_str(),
        sequence: event.sequence,
        repeated: event.repeated,
    }
}

/// An event that is in the log, on a line.
pub fn appended(event: &AppendedContractEvent) -> String {
    let AppendedContractEvent { event_id, stream, sequence, repeated } = event;
    let known = if *repeated { "  was there" } else { "" };
    text::safe(&format!("{sequence:>8}  {event_id:<36}  {} {}{known}", stream.family, stream.key)).replace('\n', " ")
}

#[derive(Serialize)]
struct RefusedJson<F> {
    line: u64,
    #[serde(flatten)]
    fault: F,
}

/// An event that was refused, as JSON.
pub fn refused_json(line: u64, refusal: &Fault) -> impl Serialize + '_ {
    RefusedJson { line, fault: fault::json(refusal) }
}

/// An event that was refused, on a line.
pub fn refused(line: u64, fault: &Fault) -> String {
    text::safe(&format!("line {line} refused[{}]: {}", fault.code, fault.message)).replace('\n', " ")
}

/// A state with what is said about it.
#[derive(Serialize)]
struct StateJson<'a> {
    family: &'a str,
    key: &'a str,
    namespace: &'a str,
    sequence: u64,
    event_count: u64,
    failed: bool,
    state: &'a RawValue,
}

/// Writes a state: it is JSON for people too.
pub fn show(output: &mut Output, state: &ContractState) -> Result<(), Stop> {
    let raw: &RawValue = serde_json::from_str(&state.json).map_err(faults::no_runtime)?;
    if !output.json {
        return output.object(&raw);
    }
    output.object(&StateJson {
        family: state.stream.family.as_str(),
        key: state.stream.key.as_str(),
        namespace: state.stream.namespace.as_str(),
        sequence: state.sequence,
        event_count: state.event_count,
        failed: state.failed,
        state: raw,
    })
}

/// A path that was compared, as JSON.
#[derive(Serialize)]
pub struct ParityJson<'a> {
    path: &'a str,
    parity: &'static str,
    expected: Option<&'a str>,
    actual: Option<String>,
}

/// A path that was compared, as JSON.
pub fn parity_json(found: &PathParity) -> ParityJson<'_> {
    ParityJson {
        path: &found.path,
        parity: found.parity.name(),
        expected: found.expected.as_deref(),
        actual: found.actual.map(|digest| digest.to_string()),
    }
}

/// A path that is not simply what it should be, on a line.
pub fn parity(found: &PathParity) -> Option<String> {
    let PathParity { path, parity, expected, actual } = found;
    let expected = expected.as_deref().unwrap_or("nothing");
    let detail = match parity {
        Parity::Same | Parity::Superseded => return None,
        Parity::Missing => "the package has no such file".to_owned(),
        Parity::Mutated => {
            let actual = actual.map_or_else(|| "other bytes".to_owned(), |digest| digest.to_string());
            format!("the state says {expected}, the package has {actual}")
        }
        Parity::Unknown => "the state does not speak of it".to_owned(),
        Parity::Damaged => "it is registered as the state says, but other bytes are stored, or none".to_owned(),
        _ => format!("{expected} is no SHA-256"),
    };
    Some(text::safe(&format!("{}: {path}: {detail}", parity.name())).replace('\n', " "))
}

/// How many paths compare how.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<&'static str, u64>,
    drift: u64,
}

impl Tally {
    /// Counts one path.
    pub fn count(&mut self, parity: Parity) {
        *self.counts.entry(parity.name()).or_default() += 1;
        self.drift += u64::from(parity.is_drift());
    }

    /// How many paths differ.
    pub fn drift(&self) -> u64 {
        self.drift
    }

    /// All counts on a line.
    pub fn shown(&self) -> String {
        let all: u64 = self.counts.values().sum();
        let each: Vec<_> = self.counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let each = if each.is_empty() { String::new() } else { format!(": {}", each.join(", ")) };
        format!("compared {}{each}", text::count(all, "path"))
    }
}
