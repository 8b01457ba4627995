//! A run of events, each verified as it is folded: sequences without gap, a payload that fits its digest and can be read,
//! columns that fit their leaf hash. Pure; whoever reads the log cuts it into runs that are bounded in memory, and takes
//! the row changes of each where the last one's are.

use artifactstore_registry::{leaf_hash, payload_digest, view::ViewBatch};
use artifactstore_types::{EventRecord, Sequence};

use crate::Finding;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The sequence of the last event read.
    pub(crate) last: Sequence,
    /// How many events were read.
    pub(crate) events: u64,
    /// What those of them that can be read fold to.
    pub(crate) views: ViewBatch,
    /// What is wrong.
    pub(crate) findings: Vec<Finding>,
}

impl Run {
    /// A run that begins after this event.
    pub(crate) fn after(last: Sequence) -> Self {
        Self { last, ..Self::default() }
    }

    /// Reads the next event.
    pub(crate) fn read(&mut self, event: &EventRecord) {
        let sequence = event.sequence;
        self.pass(sequence);
        if payload_digest(&event.payload) != event.payload_digest {
            self.findings.push(Finding::PayloadAltered { sequence });
        }
        match leaf_hash(event) {
            Ok(leaf) if leaf == event.leaf_hash => {}
            Ok(_) => self.findings.push(Finding::ColumnsAltered { sequence }),
            Err(refused) => self.findings.push(Finding::EventUnreadable { sequence, reason: refused.to_string() }),
        }
        if let Err(refused) = self.views.fold(event) {
            self.findings.push(Finding::EventUnreadable { sequence, reason: refused.to_string() });
        }
    }

    /// Passes over an event that cannot even be taken from its row.
    pub(crate) fn skip(&mut self, sequence: Sequence, reason: String) {
        self.pass(sequence);
        self.findings.push(Finding::EventUnreadable { sequence, reason });
    }

    fn pass(&mut self, sequence: Sequence) {
        if sequence > self.last + 1 {
            self.findings.push(Finding::EventsMissing { first: self.last + 1, last: sequence - 1 });
        }
        self.last = sequence;
        self.events += 1;
    }
}
