//! What is known of contract events: which are in the log, and how far the streams are that a batch adds to. Loaded as
//! [`crate::Needs`] asks, and kept current by what is decided since.

use std::collections::HashMap;

use artifactstore_types::{Namespace, Sequence};

use super::StreamFolding;
use crate::{NewContractEvent, view::ContractStateRow};

/// A contract event that is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownContractEvent {
    /// BLAKE3 of its text.
    pub digest: [u8; 32],
    /// Its place in the log.
    pub sequence: Sequence,
}

/// How much a stream holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Extent {
    /// The same with one event more.
    pub(crate) fn with(self, event: &NewContractEvent) -> Self {
        Self { events: self.events + 1, bytes: self.bytes.saturating_add(event.text().len() as u64) }
    }
}

/// A stream that was there before the batch.
#[derive(Debug)]
pub(crate) enum KnownStream {
    /// It can be folded on from here.
    Folding(Box<StreamFolding>),
    /// Its state cannot be gone on from: the log has to be asked.
    Unreadable,
}

/// What is known.
#[derive(Debug, Default)]
pub struct ContractFacts {
    events: HashMap<Namespace, HashMap<String, KnownContractEvent>>,
    streams: HashMap<String, KnownStream>,
    extents: HashMap<String, Extent>,
}

impl ContractFacts {
    /// This event is in the log.
    pub fn add_event(&mut self, namespace: Namespace, event_id: String, known: KnownContractEvent) {
        self.events.entry(namespace).or_default().insert(event_id, known);
    }

    /// This stream is there, with this state.
    pub fn add_state(&mut self, row: ContractStateRow) {
        let subject_id = row.subject_id.clone();
        self.extents.insert(subject_id.clone(), Extent { events: row.event_count, bytes: row.size_bytes });
        let stream =
            StreamFolding::resume(row).map_or(KnownStream::Unreadable, |it| KnownStream::Folding(Box::new(it)));
        self.streams.insert(subject_id, stream);
    }

    /// This stream is there, folded as far as it goes.
    pub fn add_folding(&mut self, folding: StreamFolding) {
        self.extents.insert(folding.subject_id().to_owned(), folding.extent());
        self.streams.insert(folding.subject_id().to_owned(), KnownStream::Folding(Box::new(folding)));
    }

    /// Whether this event is in the log.
    pub fn knows(&self, namespace: &Namespace, event_id: &str) -> bool {
        self.find_event(namespace, event_id).is_some()
    }

    pub(crate) fn find_event(&self, namespace: &Namespace, event_id: &str) -> Option<KnownContractEvent> {
        self.events.get(namespace)?.get(event_id).copied()
    }

    pub(crate) fn extent(&self, subject_id: &str) -> Extent {
        self.extents.get(subject_id).copied().unwrap_or_default()
    }

    /// This event is appended.
    pub(crate) fn append(
        &mut self,
        namespace: &Namespace,
        event: &NewContractEvent,
        subject_id: &str,
        sequence: Sequence,
    ) {
        let known = KnownContractEvent { digest: event.digest(), sequence };
        self.add_event(namespace.clone(), event.event_id().to_owned(), known);
        self.extents.insert(subject_id.to_owned(), self.extent(subject_id).with(event));
    }

    /// The streams as far as they were folded: what the next decision about them needs to know.
    pub fn into_foldings(self) -> impl Iterator<Item = StreamFolding> {
        self.streams.into_values().filter_map(|stream| match stream {
            KnownStream::Folding(folding) => Some(*folding),
            KnownStream::Unreadable => None,
        })
    }

    /// The stream as it was loaded, which nothing of this batch is in yet.
    pub(crate) fn take_stream(&mut self, subject_id: &str) -> Option<KnownStream> {
        self.streams.remove(subject_id)
    }
}
