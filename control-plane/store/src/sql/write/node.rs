//! The columns of nodes, and of what is known of them beside the log.

use artifactstore_registry::{
    AnsweredTicket,
    view::{NodeRow, ViewBatch},
};
use artifactstore_types::{
    BackendHealth, ControlKey, Fault, NodeBackend, NodeDescription, NodeHeard, NodeHeartbeat, NodeId, NodeStatus,
    Timestamp, Zone,
};

use super::{all_signed, json, maybe_text, text, times};
use crate::sql::{
    decode::{BackendColumn, BackendHealthColumn, HeartbeatColumn},
    engine::Column,
};

/// Nodes that say something new of themselves.
pub(super) fn described_columns(views: &ViewBatch) -> Result<Vec<Column<'_>>, Fault> {
    let described: Vec<_> =
        views.nodes.iter().filter_map(|row| row.description.as_ref().map(|description| (row, description))).collect();
    let each = || described.iter().map(|(row, _)| *row);
    let said = || described.iter().map(|(_, description)| *description);
    Ok(vec![
        text(each().map(|row| row.node_id.as_str())),
        text(each().map(|row| row.status.unwrap_or(NodeStatus::Registered).name())),
        Column::Digest(said().map(|node| node.public_key).collect()),
        text(said().map(|node| node.endpoint.as_str())),
        maybe_text(said().map(|node| node.zone.as_ref().map(Zone::as_str))),
        all_signed(said().map(|node| node.weight.into()))?,
        text(said().map(|node| node.version.as_str())),
        json(said().map(backends))?,
        times(each().map(|row| row.registered_at)),
        all_signed(each().map(|row| row.revision))?,
        all_signed(each().map(|row| row.last_event_sequence))?,
    ])
}

/// Nodes that only move on in their lives.
pub(super) fn advanced_columns(views: &ViewBatch) -> Result<Vec<Column<'_>>, Fault> {
    let each = || views.nodes.iter().filter(|row: &&NodeRow| row.description.is_none());
    Ok(vec![
        text(each().map(|row| row.node_id.as_str())),
        maybe_text(each().map(|row| row.status.map(NodeStatus::name))),
        all_signed(each().map(|row| row.revision))?,
        all_signed(each().map(|row| row.last_event_sequence))?,
    ])
}

pub(super) fn heartbeat_columns(heard: &[(NodeId, NodeHeard)]) -> Result<Vec<Column<'_>>, Fault> {
    Ok(vec![
        text(heard.iter().map(|(node_id, _)| node_id.as_str())),
        times(heard.iter().map(|(_, heard)| heard.at)),
        json(heard.iter().map(|(_, heard)| heartbeat(&heard.heartbeat)))?,
    ])
}

pub(super) fn key_columns(keys: &[ControlKey]) -> Vec<Column<'static>> {
    vec![
        Column::Digest(keys.iter().map(|key| key.public_key).collect()),
        times(keys.iter().map(|key| key.not_before)),
        times(keys.iter().map(|key| key.not_after.unwrap_or(Timestamp::LATEST))),
    ]
}

/// Statements that nodes made under tickets.
pub(super) fn answered_columns(answered: &[(AnsweredTicket, Timestamp)]) -> Result<Vec<Column<'static>>, Fault> {
    Ok(vec![
        Column::Id(answered.iter().map(|(shown, _)| shown.ticket_id).collect()),
        all_signed(answered.iter().map(|(shown, _)| shown.part))?,
        Column::Digest(answered.iter().map(|(shown, _)| shown.fingerprint).collect()),
        times(answered.iter().map(|(_, at)| *at)),
    ])
}

fn backends(node: &NodeDescription) -> Vec<BackendColumn> {
    let column = |NodeBackend { backend_id, kind, shared }| BackendColumn { backend_id, kind, shared };
    node.backends.iter().cloned().map(column).collect()
}

fn heartbeat(heartbeat: &NodeHeartbeat) -> HeartbeatColumn {
    let NodeHeartbeat { load, backends, stopping } = heartbeat.clone();
    let backend = |BackendHealth { backend_id, reachable, reason, used_bytes, free_bytes }| BackendHealthColumn {
        backend_id,
        reachable,
        reason,
        used_bytes,
        free_bytes,
    };
    HeartbeatColumn {
        load_percent: load.load_percent,
        uploads: load.uploads,
        downloads: load.downloads,
        stopping,
        backends: backends.into_iter().map(backend).collect(),
    }
}
