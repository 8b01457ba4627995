//! A decided command becomes events and row changes. Pure; the store that holds the log's lock loads every node, calls
//! this once, and writes the result.

use artifactstore_types::{EventId, EventRecord, EventType, Ids, Namespace, NodeRecord, Sequence, SubjectKind};

use super::{NodeCommand, NodeEvent, NodeRefusal, decide::decide};
use crate::{EventRefused, Unsealed, seal, view::ViewBatch};

/// A decided command, not yet written.
#[derive(Clone, Debug, Default)]
pub struct NodeDecided {
    /// The events to append, in order.
    pub events: Vec<EventRecord>,
    /// The row changes they mean.
    pub views: ViewBatch,
}

impl NodeDecided {
    /// Decides `command` on a log whose last sequence is `head`. `nodes` must hold every node that was ever known.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(
        head: Sequence,
        nodes: &[NodeRecord],
        command: &NodeCommand,
        ids: &dyn Ids,
    ) -> Result<Self, NodeRefusal> {
        let revision =
            nodes.iter().find(|node| node.description.node_id == command.node_id).map_or(0, |node| node.revision);
        let mut decided = Self::default();
        for (place, event) in (1..).zip(decide(nodes, command)?) {
            let record = seal(Unsealed {
                sequence: head + place,
                event_id: EventId::new(ids.next()),
                namespace: Namespace::of_site(),
                event_type: event_type(&event)?,
                subject_kind: SubjectKind::Node,
                subject_id: command.node_id.to_string(),
                subject_revision: revision + place,
                actor: command.actor.clone(),
                recorded_at: command.at,
                payload: event.encode()?,
            })?;
            decided.views.fold(&record)?;
            decided.events.push(record);
        }
        Ok(decided)
    }
}

fn event_type(event: &NodeEvent) -> Result<EventType, EventRefused> {
    let name = event.event_type();
    EventType::new(name).map_err(|refused| EventRefused::Encoding { event_type: name, reason: refused.to_string() })
}
