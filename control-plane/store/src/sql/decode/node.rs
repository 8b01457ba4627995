//! Rows of nodes, and of what is known of them beside the log, to records.

use artifactstore_registry::AnsweredTicket;
use artifactstore_types::{
    BackendHealth, BackendId, BackendKind, ControlKey, Fault, NodeBackend, NodeDescription, NodeHeard, NodeHeartbeat,
    NodeLoad, NodeRecord, NodeStatus,
};
use serde::{Deserialize, Serialize};

use super::{Columns, Reader};

/// How a node's backend is written in its column.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sql) struct BackendColumn {
    pub(in crate::sql) backend_id: BackendId,
    pub(in crate::sql) kind: BackendKind,
    pub(in crate::sql) shared: bool,
}

/// How a heartbeat is written in its column. One of a newer program may say more.
#[derive(Serialize, Deserialize)]
pub(in crate::sql) struct HeartbeatColumn {
    pub(in crate::sql) load_percent: u8,
    pub(in crate::sql) uploads: u32,
    pub(in crate::sql) downloads: u32,
    pub(in crate::sql) stopping: bool,
    pub(in crate::sql) backends: Vec<BackendHealthColumn>,
}

/// How the health of a backend is written in a heartbeat's column.
#[derive(Serialize, Deserialize)]
pub(in crate::sql) struct BackendHealthColumn {
    pub(in crate::sql) backend_id: BackendId,
    pub(in crate::sql) reachable: bool,
    pub(in crate::sql) reason: Option<String>,
    pub(in crate::sql) used_bytes: Option<u64>,
    pub(in crate::sql) free_bytes: Option<u64>,
}

impl From<HeartbeatColumn> for NodeHeartbeat {
    fn from(column: HeartbeatColumn) -> Self {
        let HeartbeatColumn { load_percent, uploads, downloads, stopping, backends } = column;
        let backend = |BackendHealthColumn { backend_id, reachable, reason, used_bytes, free_bytes }| BackendHealth {
            backend_id,
            reachable,
            reason,
            used_bytes,
            free_bytes,
        };
        let load = NodeLoad { load_percent, uploads, downloads };
        Self { load, backends: backends.into_iter().map(backend).collect(), stopping }
    }
}

/// A node, as `list_nodes` gives it.
pub(in crate::sql) fn node(row: &impl Columns) -> Result<NodeRecord, Fault> {
    const COLUMNS: &[&str] = &[
        "node_id",
        "status",
        "public_key",
        "endpoint",
        "zone",
        "weight",
        "version",
        "backends",
        "registered_at",
        "revision",
        "last_event_sequence",
        "heard_at",
        "heartbeat",
    ];
    let mut read = Reader::new("nodes", COLUMNS, row);
    let node_id = read.word()?;
    let status = read
        .next(Columns::text, |text| NodeStatus::find(text).ok_or_else(|| format!("{text} is no status of a node")))?;
    let public_key = read.raw()?;
    let (endpoint, zone) = (read.word()?, read.maybe_word()?);
    let weight = read.next(Columns::int, |int| u32::try_from(int).map_err(|_| format!("{int} is no weight")))?;
    let version = read.word()?;
    let backend = |BackendColumn { backend_id, kind, shared }| NodeBackend { backend_id, kind, shared };
    let backends: Vec<BackendColumn> = read.json()?;
    let backends = backends.into_iter().map(backend).collect();
    let (registered_at, revision, last_event_sequence) = (read.time()?, read.count()?, read.count()?);
    let heard = match read.maybe_time()? {
        Some(at) => Some(NodeHeard { at, heartbeat: read.json::<HeartbeatColumn>()?.into() }),
        None => None,
    };
    let description = NodeDescription { node_id, public_key, endpoint, backends, zone, weight, version };
    Ok(NodeRecord { description, status, registered_at, revision, last_event_sequence, heard })
}

/// A key of a control plane, as `list_control_keys` gives it.
pub(in crate::sql) fn control_key(row: &impl Columns) -> Result<ControlKey, Fault> {
    let mut read = Reader::new("control_plane_keys", &["public_key", "not_before", "not_after"], row);
    Ok(ControlKey { public_key: read.raw()?, not_before: read.time()?, not_after: Some(read.time()?) })
}

/// What was stated under a ticket, as `find_answered` gives it.
pub(in crate::sql) fn answered(row: &impl Columns) -> Result<AnsweredTicket, Fault> {
    let mut read = Reader::new("answered_tickets", &["ticket_id", "part", "fingerprint"], row);
    Ok(AnsweredTicket { ticket_id: read.raw()?, part: read.count()?, fingerprint: read.raw()? })
}
