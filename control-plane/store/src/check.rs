//! What every engine checks of the log, event by event: sequences without gap, digests and leaves that fit, payloads that
//! can be read. What is wrong becomes one line; the first hundred are kept.

use artifactstore_registry::{Event, leaf_hash, node::NodeEvent, payload_digest};
use artifactstore_types::{EventRecord, Sequence, SubjectKind};

use crate::Checked;

const MAX_FINDINGS: usize = 100;

/// A log being read from its first event.
#[derive(Debug, Default)]
pub(crate) struct LogCheck {
    last: Sequence,
    checked: Checked,
}

impl LogCheck {
    /// Reads the next event.
    pub(crate) fn read(&mut self, event: &EventRecord) {
        let at = event.sequence;
        if at != self.last + 1 {
            self.find(format!("event {at} follows event {}: the log has a gap", self.last));
        }
        self.last = at;
        self.checked.events += 1;
        if payload_digest(&event.payload) != event.payload_digest {
            self.find(format!("event {at}: its payload is not what its digest says"));
        }
        match leaf_hash(event) {
            Ok(leaf) if leaf == event.leaf_hash => {}
            Ok(_) => self.find(format!("event {at}: its columns are not what its leaf hash says")),
            Err(refused) => self.find(format!("event {at}: {refused}")),
        }
        let payload = match event.subject_kind {
            SubjectKind::Package => Event::of(event).map(drop),
            SubjectKind::Node => NodeEvent::of(event).map(drop),
        };
        if let Err(refused) = payload {
            self.find(format!("event {at}: {refused}"));
        }
    }

    /// Adds a finding.
    pub(crate) fn find(&mut self, finding: String) {
        if self.checked.findings.len() < MAX_FINDINGS {
            self.checked.findings.push(finding);
        }
    }

    /// What was found in a log that says it ends at `head`.
    pub(crate) fn finish(mut self, head: Sequence) -> Checked {
        if head != self.last {
            self.find(format!("the log ends at event {}, but its head says {head}", self.last));
        }
        self.checked.head = head;
        self.checked
    }
}
