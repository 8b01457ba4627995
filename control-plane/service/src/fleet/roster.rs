//! Which nodes there are, as this control plane knows it now: what the registry shows and what was heard since. A value;
//! whoever learns more hands a new one on.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use artifactstore_dataplane::{
    DataPlane,
    signing::{KeyRing, PublicKey, Window},
};
use artifactstore_types::{BackendHealth, BackendId, ControlKey, NodeId, NodeRecord, NodeStatus, Timestamp};

use crate::placement::{self, PlacementKey};

/// A node and the way to it.
#[derive(Clone)]
pub struct Member {
    /// What is known of it.
    pub node: NodeRecord,
    /// Where its bytes go.
    pub plane: Arc<dyn DataPlane>,
    /// Whether its stream to this control plane broke off and is not back yet.
    pub is_absent: bool,
}

/// The nodes, and the keys that control planes sign with.
#[derive(Clone, Default)]
pub struct Roster {
    /// The nodes, in the order of their ids.
    pub members: Vec<Member>,
    /// The ids of those that were removed.
    pub removed: BTreeSet<NodeId>,
    /// The keys.
    pub keys: Vec<ControlKey>,
    /// Whether the registry has answered yet. Until then, what is not here may be there all the same.
    pub is_known: bool,
}

impl Member {
    /// Its identity.
    pub fn node_id(&self) -> &NodeId {
        &self.node.description.node_id
    }

    /// Whether it was heard less than `silence` ago, and has not broken off since.
    pub fn is_heard(&self, now: Timestamp, silence: Duration) -> bool {
        !self.is_absent && self.node.heard.as_ref().is_some_and(|heard| !is_older(heard.at, now, silence))
    }

    /// How it is, as placement sees it.
    fn placeable(&self, now: Timestamp, silence: Duration) -> placement::Node {
        let NodeRecord { description, status, heard, .. } = &self.node;
        // A node that is silent, or says that it stops, gets nothing new even before the registry calls it suspect.
        let speaks = self.is_heard(now, silence) && heard.as_ref().is_some_and(|heard| !heard.heartbeat.stopping);
        let status = if status.takes_new_work() && !speaks { NodeStatus::Suspect } else { *status };
        placement::Node {
            node_id: description.node_id.clone(),
            status,
            backend_ids: self.reachable_backends().cloned().collect(),
            zone: description.zone.clone(),
            weight: description.weight,
            load_percent: heard.as_ref().map_or(0, |heard| heard.heartbeat.load.load_percent),
        }
    }

    fn reachable_backends(&self) -> impl Iterator<Item = &BackendId> {
        let said = self.node.heard.as_ref().map_or(&[][..], |heard| &heard.heartbeat.backends);
        let announced = self.node.description.backends.iter().map(|backend| &backend.backend_id);
        announced.filter(|id| said.iter().any(|backend| backend.backend_id == **id && backend.reachable))
    }

    /// How soon it is asked for what it keeps: the healthy first, one that is silent last.
    fn rank(&self, now: Timestamp, silence: Duration) -> (bool, u8) {
        let status = match self.node.status {
            NodeStatus::Active => 0,
            NodeStatus::Draining => 1,
            NodeStatus::Registered => 2,
            NodeStatus::Suspect => 3,
            NodeStatus::Removed => 4,
        };
        (!self.is_heard(now, silence), status)
    }
}

impl Roster {
    /// The member of that id.
    pub fn find(&self, node_id: &NodeId) -> Option<&Member> {
        let place = self.members.binary_search_by(|member| member.node_id().cmp(node_id)).ok()?;
        self.members.get(place)
    }

    /// The stream of this node broke off.
    pub(super) fn miss(&mut self, node_id: &NodeId) {
        if let Some(member) = self.members.iter_mut().find(|member| member.node_id() == node_id) {
            member.is_absent = true;
        }
    }

    /// Every member, as placement sees it.
    pub fn placeable(&self, now: Timestamp, silence: Duration) -> Vec<placement::Node> {
        self.members.iter().map(|member| member.placeable(now, silence)).collect()
    }

    /// Who can be asked for what lies on a backend, the best first. Among equals the key decides, so that reads spread.
    pub fn readers(
        &self,
        backend_id: Option<&BackendId>,
        key: &PlacementKey,
        now: Timestamp,
        silence: Duration,
    ) -> Vec<&Member> {
        let has_it = |member: &&Member| match backend_id {
            Some(backend_id) => member.node.description.find_backend(backend_id).is_some(),
            None => true,
        };
        let mut readers: Vec<_> = self.members.iter().filter(has_it).collect();
        readers.sort_by_cached_key(|member| (member.rank(now, silence), key.with(member.node_id())));
        readers
    }

    /// How each backend is: reachable while one node that was heard reaches it.
    pub fn backend_health(&self, now: Timestamp, silence: Duration) -> Vec<BackendHealth> {
        let mut found: Vec<BackendHealth> = Vec::new();
        for member in &self.members {
            for announced in &member.node.description.backends {
                let health = member.health_of(&announced.backend_id, now, silence);
                match found.iter_mut().find(|known| known.backend_id == health.backend_id) {
                    None => found.push(health),
                    Some(known) if !known.reachable && health.reachable => *known = health,
                    Some(_) => {}
                }
            }
        }
        found.sort_by(|left, right| left.backend_id.cmp(&right.backend_id));
        found
    }

    /// The keys that receipts are verified with.
    pub fn receipt_keys(&self) -> KeyRing<NodeId> {
        let mut ring = KeyRing::default();
        for member in &self.members {
            let trusted = PublicKey::from_bytes(&member.node.description.public_key)
                .and_then(|key| ring.trust(key, member.node_id().clone(), Window::from(Timestamp::EARLIEST)));
            if let Err(refused) = trusted {
                tracing::error!(node = %member.node_id(), %refused, "receipts of this node cannot be verified");
            }
        }
        ring
    }
}

impl Member {
    fn health_of(&self, backend_id: &BackendId, now: Timestamp, silence: Duration) -> BackendHealth {
        let heard = self.node.heard.as_ref().filter(|_| self.is_heard(now, silence));
        let said = heard.and_then(|heard| heard.heartbeat.backends.iter().find(|said| said.backend_id == *backend_id));
        said.cloned().unwrap_or_else(|| BackendHealth {
            backend_id: backend_id.clone(),
            reachable: false,
            reason: Some(format!("node {} is not heard", self.node_id())),
            used_bytes: None,
            free_bytes: None,
        })
    }
}

/// Whether `then` is more than `silence` before `now`. What comes from a clock ahead of this one is not.
pub fn is_older(then: Timestamp, now: Timestamp, silence: Duration) -> bool {
    let micros = i64::try_from(silence.as_micros()).unwrap_or(i64::MAX);
    now.micros().saturating_sub(then.micros()) > micros
}
