//! Nodes: what they say of themselves, how they are, and what the registry shows; and the keys of control planes.

use artifactstore_types::{
    ControlKey, Fault, NodeBackend, NodeDescription, NodeHeard, NodeHeartbeat, NodeLoad, NodeRecord, NodeStatus,
};
use bytes::Bytes;

use crate::{field, limits, time, v1};

impl From<NodeStatus> for v1::NodeStatus {
    fn from(status: NodeStatus) -> Self {
        match status {
            NodeStatus::Registered => Self::Registered,
            NodeStatus::Active => Self::Active,
            NodeStatus::Suspect => Self::Suspect,
            NodeStatus::Draining => Self::Draining,
            NodeStatus::Removed => Self::Removed,
        }
    }
}

/// The status with this number; 0 says none.
///
/// # Errors
/// A number that is no status.
pub fn node_status_if_given(number: i32) -> Result<Option<NodeStatus>, Fault> {
    match v1::NodeStatus::try_from(number) {
        Ok(v1::NodeStatus::Unspecified) => Ok(None),
        Ok(v1::NodeStatus::Registered) => Ok(Some(NodeStatus::Registered)),
        Ok(v1::NodeStatus::Active) => Ok(Some(NodeStatus::Active)),
        Ok(v1::NodeStatus::Suspect) => Ok(Some(NodeStatus::Suspect)),
        Ok(v1::NodeStatus::Draining) => Ok(Some(NodeStatus::Draining)),
        Ok(v1::NodeStatus::Removed) => Ok(Some(NodeStatus::Removed)),
        Err(_) => Err(field::refused("status", format_args!("{number} is not a node status"))),
    }
}

/// The status with this number.
///
/// # Errors
/// A number that is no status.
pub fn node_status(number: i32) -> Result<NodeStatus, Fault> {
    field::required("status", node_status_if_given(number)?)
}

impl From<NodeBackend> for v1::NodeBackend {
    fn from(backend: NodeBackend) -> Self {
        Self { backend_id: backend.backend_id.to_string(), kind: backend.kind.to_string(), shared: backend.shared }
    }
}

impl TryFrom<v1::NodeBackend> for NodeBackend {
    type Error = Fault;

    fn try_from(backend: v1::NodeBackend) -> Result<Self, Fault> {
        Ok(Self {
            backend_id: field::parsed("backend_id", &backend.backend_id)?,
            kind: field::parsed("kind", &backend.kind)?,
            shared: backend.shared,
        })
    }
}

impl From<NodeDescription> for v1::NodeDescription {
    fn from(node: NodeDescription) -> Self {
        Self {
            node_id: node.node_id.to_string(),
            public_key: Bytes::copy_from_slice(&node.public_key),
            endpoint: node.endpoint.to_string(),
            backends: node.backends.into_iter().map(Into::into).collect(),
            zone: node.zone.map(|zone| zone.to_string()),
            weight: node.weight,
            version: node.version.to_string(),
        }
    }
}

impl TryFrom<v1::NodeDescription> for NodeDescription {
    type Error = Fault;

    fn try_from(node: v1::NodeDescription) -> Result<Self, Fault> {
        let node = Self {
            node_id: field::parsed("node_id", &node.node_id)?,
            public_key: field::raw("public_key", &node.public_key)?,
            endpoint: field::parsed("endpoint", &node.endpoint)?,
            backends: field::converted_list("backends", node.backends, Self::MAX_BACKENDS)?,
            zone: field::parsed_if_given("zone", node.zone.as_deref())?,
            weight: node.weight,
            version: field::parsed("version", &node.version)?,
        };
        node.check().map_err(field::refused_itself)?;
        Ok(node)
    }
}

impl From<NodeLoad> for v1::NodeLoad {
    fn from(load: NodeLoad) -> Self {
        Self { load_percent: load.load_percent.into(), uploads: load.uploads, downloads: load.downloads }
    }
}

impl TryFrom<v1::NodeLoad> for NodeLoad {
    type Error = Fault;

    fn try_from(load: v1::NodeLoad) -> Result<Self, Fault> {
        let load_percent = u8::try_from(load.load_percent).ok().filter(|percent| *percent <= 100);
        let load_percent = load_percent.ok_or_else(|| field::refused("load_percent", "it is at most 100"))?;
        Ok(Self { load_percent, uploads: load.uploads, downloads: load.downloads })
    }
}

impl From<NodeHeartbeat> for v1::NodeHeartbeat {
    fn from(heartbeat: NodeHeartbeat) -> Self {
        Self {
            load: Some(heartbeat.load.into()),
            backends: heartbeat.backends.into_iter().map(Into::into).collect(),
            stopping: heartbeat.stopping,
        }
    }
}

impl TryFrom<v1::NodeHeartbeat> for NodeHeartbeat {
    type Error = Fault;

    fn try_from(heartbeat: v1::NodeHeartbeat) -> Result<Self, Fault> {
        Ok(Self {
            load: field::converted("load", heartbeat.load)?,
            backends: field::converted_list("backends", heartbeat.backends, NodeDescription::MAX_BACKENDS)?,
            stopping: heartbeat.stopping,
        })
    }
}

impl From<NodeRecord> for v1::NodeRecord {
    fn from(record: NodeRecord) -> Self {
        let heard = record.heard.map(|NodeHeard { at, heartbeat }| v1::NodeHeard {
            at: Some(time::encode(at)),
            heartbeat: Some(heartbeat.into()),
        });
        Self {
            description: Some(record.description.into()),
            status: v1::NodeStatus::from(record.status).into(),
            registered_at: Some(time::encode(record.registered_at)),
            revision: record.revision,
            last_event_sequence: record.last_event_sequence,
            heard,
        }
    }
}

impl TryFrom<v1::NodeRecord> for NodeRecord {
    type Error = Fault;

    fn try_from(record: v1::NodeRecord) -> Result<Self, Fault> {
        Ok(Self {
            description: field::converted("description", record.description)?,
            status: node_status(record.status)?,
            registered_at: time::decode("registered_at", record.registered_at)?,
            revision: record.revision,
            last_event_sequence: record.last_event_sequence,
            heard: record.heard.map(NodeHeard::try_from).transpose().map_err(|fault| field::within("heard", fault))?,
        })
    }
}

impl TryFrom<v1::NodeHeard> for NodeHeard {
    type Error = Fault;

    fn try_from(heard: v1::NodeHeard) -> Result<Self, Fault> {
        Ok(Self { at: time::decode("at", heard.at)?, heartbeat: field::converted("heartbeat", heard.heartbeat)? })
    }
}

impl From<Vec<NodeRecord>> for v1::ListNodesResponse {
    fn from(nodes: Vec<NodeRecord>) -> Self {
        Self { nodes: nodes.into_iter().map(Into::into).collect() }
    }
}

impl TryFrom<v1::ListNodesResponse> for Vec<NodeRecord> {
    type Error = Fault;

    fn try_from(nodes: v1::ListNodesResponse) -> Result<Self, Fault> {
        field::converted_list("nodes", nodes.nodes, limits::NODES)
    }
}

impl From<ControlKey> for v1::ControlKey {
    fn from(key: ControlKey) -> Self {
        Self {
            public_key: Bytes::copy_from_slice(&key.public_key),
            not_before: Some(time::encode(key.not_before)),
            not_after: key.not_after.map(time::encode),
        }
    }
}

impl TryFrom<v1::ControlKey> for ControlKey {
    type Error = Fault;

    fn try_from(key: v1::ControlKey) -> Result<Self, Fault> {
        Ok(Self {
            public_key: field::raw("public_key", &key.public_key)?,
            not_before: time::decode("not_before", key.not_before)?,
            not_after: time::decode_if_given("not_after", key.not_after)?,
        })
    }
}

impl From<Vec<ControlKey>> for v1::ControlKeys {
    fn from(keys: Vec<ControlKey>) -> Self {
        Self { keys: keys.into_iter().map(Into::into).collect() }
    }
}

impl TryFrom<v1::ControlKeys> for Vec<ControlKey> {
    type Error = Fault;

    fn try_from(keys: v1::ControlKeys) -> Result<Self, Fault> {
        field::converted_list("keys", keys.keys, limits::CONTROL_KEYS)
    }
}

#[cfg(test)]
mod tests;
