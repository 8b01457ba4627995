//! What the registry records of nodes. Fields stand in canonical order, by the length of their name and then its bytes; a
//! field is never added, renamed or given another meaning.

use artifactstore_manifest::cbor;
use artifactstore_types::{
    BackendId, BackendKind, Endpoint, EventRecord, EventType, NodeBackend, NodeDescription, NodeId, NodeStatus,
    ProgramVersion, Timestamp, Zone,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::EventRefused;

/// One fact about a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// It is known, as it describes itself now.
    Registered(NodeRegistered),
    /// It is counted on.
    Activated,
    /// It is counted on no more.
    Suspected(NodeSuspected),
    /// It takes nothing new.
    Draining,
    /// It is gone for good.
    Removed,
}

/// `v1.node.registered`: what a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRegistered {
    zone: Option<Zone>,
    weight: u32,
    version: ProgramVersion,
    backends: Vec<RegisteredBackend>,
    endpoint: Endpoint,
    public_key: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegisteredBackend {
    kind: BackendKind,
    shared: bool,
    backend_id: BackendId,
}

impl From<&NodeDescription> for NodeRegistered {
    fn from(node: &NodeDescription) -> Self {
        let backend = |backend: &NodeBackend| RegisteredBackend {
            kind: backend.kind.clone(),
            shared: backend.shared,
            backend_id: backend.backend_id.clone(),
        };
        Self {
            zone: node.zone.clone(),
            weight: node.weight,
            version: node.version.clone(),
            backends: node.backends.iter().map(backend).collect(),
            endpoint: node.endpoint.clone(),
            public_key: Bytes::copy_from_slice(&node.public_key),
        }
    }
}

impl NodeRegistered {
    /// What the node of this id says of itself; `None` where its public key has not the length of one.
    pub fn description(&self, node_id: NodeId) -> Option<NodeDescription> {
        let backend = |backend: &RegisteredBackend| NodeBackend {
            backend_id: backend.backend_id.clone(),
            kind: backend.kind.clone(),
            shared: backend.shared,
        };
        Some(NodeDescription {
            node_id,
            public_key: self.public_key.as_ref().try_into().ok()?,
            endpoint: self.endpoint.clone(),
            backends: self.backends.iter().map(backend).collect(),
            zone: self.zone.clone(),
            weight: self.weight,
            version: self.version.clone(),
        })
    }
}

/// `v1.node.suspected`: since when nothing was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSuspected {
    /// When the node was heard last; nothing means never.
    pub last_heard_at: Option<Timestamp>,
}

/// A payload that says nothing: the type says it all.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

const REGISTERED: &str = "v1.node.registered";
const ACTIVATED: &str = "v1.node.activated";
const SUSPECTED: &str = "v1.node.suspected";
const DRAINING: &str = "v1.node.draining";
const REMOVED: &str = "v1.node.removed";

impl NodeEvent {
    /// Every type this program writes.
    pub const TYPES: [&'static str; 5] = [REGISTERED, ACTIVATED, SUSPECTED, DRAINING, REMOVED];

    /// Its type, such as `v1.node.registered`.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Registered(_) => REGISTERED,
            Self::Activated => ACTIVATED,
            Self::Suspected(_) => SUSPECTED,
            Self::Draining => DRAINING,
            Self::Removed => REMOVED,
        }
    }

    /// Where it leaves the node in its life.
    pub const fn status(&self) -> NodeStatus {
        match self {
            Self::Registered(_) => NodeStatus::Registered,
            Self::Activated => NodeStatus::Active,
            Self::Suspected(_) => NodeStatus::Suspect,
            Self::Draining => NodeStatus::Draining,
            Self::Removed => NodeStatus::Removed,
        }
    }

    /// Its payload.
    ///
    /// # Errors
    /// A value that canonical CBOR has no form for.
    pub fn encode(&self) -> Result<Bytes, EventRefused> {
        let encoded = match self {
            Self::Registered(payload) => cbor::to_vec(payload),
            Self::Suspected(payload) => cbor::to_vec(payload),
            Self::Activated | Self::Draining | Self::Removed => cbor::to_vec(&Nothing {}),
        };
        encoded
            .map(Bytes::from)
            .map_err(|error| EventRefused::Encoding { event_type: self.event_type(), reason: error.to_string() })
    }

    /// The event of this type and payload; `None` for a type this program does not know.
    ///
    /// # Errors
    /// A payload that is not canonical, or not what its type says.
    pub fn decode(event_type: &EventType, payload: &[u8]) -> Result<Option<Self>, EventRefused> {
        let nothing = |event: Self| cbor::from_slice(payload).map(|Nothing {}| event);
        let decoded = match event_type.as_str() {
            REGISTERED => cbor::from_slice(payload).map(Self::Registered),
            ACTIVATED => nothing(Self::Activated),
            SUSPECTED => cbor::from_slice(payload).map(Self::Suspected),
            DRAINING => nothing(Self::Draining),
            REMOVED => nothing(Self::Removed),
            _ => return Ok(None),
        };
        decoded
            .map(Some)
            .map_err(|error| EventRefused::Payload { event_type: event_type.to_string(), reason: error.to_string() })
    }

    /// The event in this record; `None` for a type this program does not know.
    ///
    /// # Errors
    /// As [`NodeEvent::decode`].
    pub fn of(record: &EventRecord) -> Result<Option<Self>, EventRefused> {
        Self::decode(&record.event_type, &record.payload)
    }
}
