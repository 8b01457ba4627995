//! Appending contract events: each is new, or known byte for byte, or refused. Which stream it belongs to and where it
//! stands there follows from the event alone; that it keeps its contract was found out before.

use std::collections::HashMap;

use artifactstore_types::Sequence;

use crate::{AppendContractEvents, NewContractEvent, Refusal};

use super::{ContractFacts, KnownContractEvent, MAX_STREAM_BYTES, MAX_STREAM_EVENTS, facts::Extent};

/// What a command leads to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Appended<'c> {
    /// The events that are new, in order.
    pub(crate) events: Vec<Appending<'c>>,
    /// Those that were there already, by index, with their sequences.
    pub(crate) repeated: Vec<(usize, Sequence)>,
    /// Those that were refused, by index.
    pub(crate) refused: Vec<(usize, Refusal)>,
}

/// An event that is new.
#[derive(Clone, Debug)]
pub(crate) struct Appending<'c> {
    pub(crate) event: &'c NewContractEvent,
    /// Its stream.
    pub(crate) subject_id: String,
    /// How many events its stream has with it.
    pub(crate) revision: u64,
}

/// Decides which events of `command` are to be appended after the sequence `last`.
///
/// # Errors
/// What refuses the command as a whole.
pub(crate) fn decide<'c>(
    facts: &ContractFacts,
    command: &'c AppendContractEvents,
    last: Sequence,
) -> Result<Appended<'c>, Refusal> {
    let events = command.events.len();
    if events > AppendContractEvents::MAX_EVENTS {
        return Err(Refusal::TooManyContractEvents { events });
    }
    let mut draft = Draft { facts, command, next: last + 1, known: HashMap::new(), extents: HashMap::new() };
    let mut appended = Appended::default();
    for (index, event) in command.events.iter().enumerate() {
        match draft.take(event) {
            Ok(Taken::New(appending)) => appended.events.push(appending),
            Ok(Taken::Known(sequence)) => appended.repeated.push((index, sequence)),
            Err(refusal) if command.all_or_nothing => return Err(refusal),
            Err(refusal) => appended.refused.push((index, refusal)),
        }
    }
    Ok(appended)
}

enum Taken<'c> {
    New(Appending<'c>),
    Known(Sequence),
}

/// What is known with the events taken so far.
struct Draft<'f, 'c> {
    facts: &'f ContractFacts,
    command: &'c AppendContractEvents,
    next: Sequence,
    known: HashMap<&'c str, KnownContractEvent>,
    extents: HashMap<String, Extent>,
}

impl<'c> Draft<'_, 'c> {
    fn take(&mut self, event: &'c NewContractEvent) -> Result<Taken<'c>, Refusal> {
        let namespace = &self.command.origin.namespace;
        let id = event.event_id();
        if let Some(known) = self.known.get(id).copied().or_else(|| self.facts.find_event(namespace, id)) {
            return if known.digest == event.digest() {
                Ok(Taken::Known(known.sequence))
            } else {
                Err(Refusal::ContractEventDiffers { event_id: id.to_owned() })
            };
        }
        let subject_id = event.stream(namespace).to_string();
        let before = self.extents.get(&subject_id).copied();
        let extent = before.unwrap_or_else(|| self.facts.extent(&subject_id)).with(event);
        if extent.events > MAX_STREAM_EVENTS || extent.bytes > MAX_STREAM_BYTES {
            return Err(Refusal::StreamFull { stream: subject_id });
        }
        self.extents.insert(subject_id.clone(), extent);
        self.known.insert(id, KnownContractEvent { digest: event.digest(), sequence: self.next });
        self.next += 1;
        Ok(Taken::New(Appending { event, subject_id, revision: extent.events }))
    }
}
