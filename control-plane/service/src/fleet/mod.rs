//! Many nodes as one data plane, and the life of each: announcing itself, being heard, falling silent, draining.
//!
//! A [`Fleet`] keeps a roster: the nodes that the registry shows, what was heard of them here or elsewhere, and a way to
//! each. As a [`DataPlane`](artifactstore_dataplane::DataPlane) it places new bytes by the roster and finds old ones by
//! their backend; the use cases above it do not know that there are nodes. Invariants: what the roster holds may be a
//! little old, but never blocks anybody; whether a node may join, and what becomes of it, is decided by the registry.
//! How a node is reached is left to a [`Dial`].

mod announce;
mod keys;
mod plane;
mod roster;
mod troubled;
mod upkeep;

#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use artifactstore_dataplane::{
    DataPlane,
    signing::{JoinToken, SigningKey},
};
use artifactstore_store::RegistryStore;
use artifactstore_types::{
    Actor, BackendId, Clock, ControlKey, Endpoint, Fault, Ids, NodeDescription, NodeHeard, NodeId, NodeRecord,
    NodeStatus, Timestamp, Zone,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use announce::{JoinProof, Session, Update};
pub(crate) use plane::Placed;
pub use roster::{Member, Roster};

/// How a node is reached.
pub trait Dial: Send + Sync + 'static {
    /// The way to a node. Must not wait: a connection is made when it is needed.
    ///
    /// # Errors
    /// An endpoint that leads nowhere.
    fn dial(&self, node: &NodeDescription) -> Result<Arc<dyn DataPlane>, Fault>;
}

/// What a fleet is made of.
pub struct FleetParts {
    /// The database.
    pub store: Arc<dyn RegistryStore>,
    /// Where times come from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
    /// How nodes are reached.
    pub dial: Arc<dyn Dial>,
    /// What this control plane signs tickets with.
    pub signing_key: SigningKey,
}

/// What may be set.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// Who this control plane is, in events it causes itself and where a data plane has to have a name.
    pub name: NodeId,
    /// The same name, as that of who asks for a change.
    pub actor: Actor,
    /// The backend new blobs go to; `None` means the first of whichever node takes them.
    pub backend_id: Option<BackendId>,
    /// Where nodes are preferred to stand.
    pub zone: Option<Zone>,
    /// What nodes must have been given to join; `None` lets every one in.
    pub join_token: Option<JoinToken>,
    /// How often nodes are to send a heartbeat.
    pub heartbeat_interval: Duration,
    /// How long a node may be silent before nothing new is sent to it.
    pub silence: Duration,
    /// How often the registry is asked about nodes.
    pub refresh_interval: Duration,
    /// How long this control plane's key is trusted after it was last seen alive, in seconds. It must be longer than a
    /// ticket lives.
    pub key_seconds: u64,
}

impl FleetOptions {
    /// The usual bounds.
    pub fn new(name: NodeId, actor: Actor) -> Self {
        Self {
            name,
            actor,
            backend_id: None,
            zone: None,
            join_token: None,
            heartbeat_interval: Duration::from_secs(2),
            silence: Duration::from_secs(8),
            refresh_interval: Duration::from_secs(1),
            key_seconds: 3_600,
        }
    }
}

/// The nodes of a site. Cheap to clone; every clone is the same fleet.
#[derive(Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

struct Inner {
    parts: FleetParts,
    options: FleetOptions,
    roster: watch::Sender<Arc<Roster>>,
    /// Never held while anything is waited for.
    heard: Mutex<Heard>,
}

/// What this control plane knows before the registry does.
#[derive(Default)]
struct Heard {
    /// The last of each node.
    last: HashMap<NodeId, NodeHeard>,
    /// From when is what the registry has of each.
    written: HashMap<NodeId, Timestamp>,
    /// The streams on which nodes are heard, each under a number; a newer one ends the older.
    sessions: HashMap<NodeId, (u64, CancellationToken)>,
    /// How many streams there were.
    session_count: u64,
    /// The nodes whose stream broke off and is not back yet, and when it did.
    absent: HashMap<NodeId, Timestamp>,
    /// The ways to nodes, kept while they stay the same.
    ways: HashMap<NodeId, (Endpoint, Arc<dyn DataPlane>)>,
}

impl Fleet {
    /// A fleet that knows of no node yet; [`Fleet::run`] finds them.
    pub fn new(parts: FleetParts, options: FleetOptions) -> Self {
        let roster = watch::Sender::new(Arc::new(Roster::default()));
        Self { inner: Arc::new(Inner { parts, options, roster, heard: Mutex::default() }) }
    }

    /// The nodes as they are known now.
    pub fn roster(&self) -> Arc<Roster> {
        Arc::clone(&self.inner.roster.borrow())
    }

    /// How often nodes are to send a heartbeat.
    pub fn heartbeat_interval(&self) -> Duration {
        self.options().heartbeat_interval
    }

    pub(crate) fn options(&self) -> &FleetOptions {
        &self.inner.options
    }

    fn parts(&self) -> &FleetParts {
        &self.inner.parts
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Every change under it is one insertion or removal.
        self.inner.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes these the nodes and keys that are known, with what was heard here since they were written down.
    fn know(&self, nodes: Vec<NodeRecord>, keys: Vec<ControlKey>) {
        let (removed, nodes): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|node| node.status == NodeStatus::Removed);
        let removed: BTreeSet<_> = removed.into_iter().map(|node| node.description.node_id).collect();
        let mut heard = self.heard();
        let dial = &*self.parts().dial;
        let members = nodes.into_iter().filter_map(|node| heard.member(node, dial)).collect();
        heard.last.retain(|node_id, _| !removed.contains(node_id));
        heard.ways.retain(|node_id, _| !removed.contains(node_id));
        heard.absent.retain(|node_id, _| !removed.contains(node_id));
        drop(heard);
        self.inner.roster.send_replace(Arc::new(Roster { members, removed, keys, is_known: true }));
    }

    /// Makes this what is known of one node.
    fn know_one(&self, node: NodeRecord) {
        let Some(member) = self.heard().member(node, &*self.parts().dial) else { return };
        self.inner.roster.send_modify(|roster| {
            let roster = Arc::make_mut(roster);
            match roster.members.binary_search_by(|known| known.node_id().cmp(member.node_id())) {
                Ok(place) => roster.members[place] = member,
                Err(place) => roster.members.insert(place, member),
            }
        });
    }
}

impl Heard {
    /// What is known of a node, where this is what the registry has of it.
    fn member(&mut self, mut node: NodeRecord, dial: &dyn Dial) -> Option<Member> {
        let node_id = &node.description.node_id;
        if let Some(there) = &node.heard {
            self.written.insert(node_id.clone(), there.at);
        }
        if let Some(here) = self.last.get(node_id)
            && node.heard.as_ref().is_none_or(|there| there.at <= here.at)
        {
            node.heard = Some(here.clone());
        }
        // Heard elsewhere since, it is there, though its stream has not come back to this control plane.
        let heard_since = |then: &Timestamp| node.heard.as_ref().is_some_and(|heard| heard.at > *then);
        if self.absent.get(node_id).is_some_and(heard_since) {
            self.absent.remove(node_id);
        }
        let is_absent = self.absent.contains_key(node_id);
        Some(Member { plane: self.way_to(&node.description, dial)?, node, is_absent })
    }

    fn way_to(&mut self, node: &NodeDescription, dial: &dyn Dial) -> Option<Arc<dyn DataPlane>> {
        match self.ways.get(&node.node_id) {
            Some((endpoint, plane)) if *endpoint == node.endpoint => Some(Arc::clone(plane)),
            _ => {
                let dialled = dial.dial(node);
                let plane = dialled
                    .inspect_err(|fault| tracing::error!(node = %node.node_id, %fault, "there is no way to a node"))
                    .ok()?;
                self.ways.insert(node.node_id.clone(), (node.endpoint.clone(), Arc::clone(&plane)));
                Some(plane)
            }
        }
    }
}
