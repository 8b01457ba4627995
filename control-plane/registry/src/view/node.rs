//! The rows of nodes. Each event says by itself where it leaves the node, so a row needs nothing of what was there before
//! but, where the node says nothing new of itself, what it said.

use artifactstore_types::{EventRecord, NodeDescription, NodeId, NodeRecord, NodeStatus, Sequence, Timestamp};

use super::ViewBatch;
use crate::{EventRefused, node::NodeEvent};

/// What happens to one node: it is added or changed as a whole where it is described, and otherwise only moves on in its
/// life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// The node.
    pub node_id: NodeId,
    /// What it says of itself now, if that is new.
    pub description: Option<NodeDescription>,
    /// When it announced itself first: what stands there already stays.
    pub registered_at: Timestamp,
    /// Its new status, if that changes.
    pub status: Option<NodeStatus>,
    /// How many events it has had.
    pub revision: u64,
    /// The sequence of the last of them.
    pub last_event_sequence: Sequence,
}

impl NodeRow {
    /// The row as it is after this; `None` where there is none and this does not say what is in it.
    pub fn apply(self, row: Option<NodeRecord>) -> Option<NodeRecord> {
        let Self { node_id: _, description, registered_at, status, revision, last_event_sequence } = self;
        match (row, description) {
            (Some(row), description) => Some(NodeRecord {
                description: description.unwrap_or(row.description),
                status: status.unwrap_or(row.status),
                revision,
                last_event_sequence,
                ..row
            }),
            (None, Some(description)) => Some(NodeRecord {
                description,
                status: status.unwrap_or(NodeStatus::Registered),
                registered_at,
                revision,
                last_event_sequence,
                heard: None,
            }),
            (None, None) => None,
        }
    }
}

impl ViewBatch {
    /// Folds one event of a node more.
    pub(super) fn fold_node(&mut self, record: &EventRecord) -> Result<(), EventRefused> {
        let refused = |reason: String| EventRefused::Payload { event_type: record.event_type.to_string(), reason };
        let node_id: NodeId =
            record.subject_id.parse().map_err(|error| refused(format!("subject is no node: {error}")))?;
        let event = NodeEvent::of(record)?;
        let description = match &event {
            Some(NodeEvent::Registered(registered)) => {
                let description = registered.description(node_id.clone());
                Some(description.ok_or_else(|| refused("a public key has 32 bytes".to_owned()))?)
            }
            _ => None,
        };
        let later = NodeRow {
            node_id,
            description,
            registered_at: record.recorded_at,
            status: event.as_ref().map(NodeEvent::status),
            revision: record.subject_revision,
            last_event_sequence: record.sequence,
        };
        // Few nodes change, so that looking for one is no work.
        match self.nodes.iter_mut().find(|earlier| earlier.node_id == later.node_id) {
            None => self.nodes.push(later),
            Some(earlier) => {
                earlier.description = later.description.or_else(|| earlier.description.take());
                earlier.status = later.status.or(earlier.status);
                earlier.revision = later.revision;
                earlier.last_event_sequence = later.last_event_sequence;
            }
        }
        Ok(())
    }
}
