//! A node on its stream: it shows that it has its key and may join, is heard, and is told what changes. Messages are the
//! handler's; what they mean is here.

use std::sync::Arc;

use artifactstore_dataplane::signing::{Announcement, Nonce, Signature};
use artifactstore_registry::node::NodeRequest;
use artifactstore_types::{
    Algorithm, Category, ControlKey, Fault, NodeDescription, NodeHeard, NodeHeartbeat, NodeId, NodeStatus,
};
use futures::{StreamExt as _, stream, stream::BoxStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Fleet, Roster};
use crate::faults;

/// The longest reason kept for a backend that cannot be reached, in bytes.
const MAX_REASON_BYTES: usize = 512;

/// What a node shows in answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinProof {
    /// That it has the key it announces.
    pub signature: Signature,
    /// That it was given the join token.
    pub join_proof: Option<[u8; 32]>,
}

/// What a node is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// These keys replace all that were told before.
    Keys(Vec<ControlKey>),
    /// Where it is in its life now.
    Status(NodeStatus),
}

/// A node that is known, on its stream. Dropping it is the end of the stream.
pub struct Session {
    fleet: Fleet,
    node_id: NodeId,
    number: u64,
    superseded: CancellationToken,
    status: NodeStatus,
    keys: Vec<ControlKey>,
}

impl Fleet {
    /// Bytes that were never sent before, for a node to sign.
    pub fn challenge(&self) -> Nonce {
        let ids = [self.parts().ids.next(), self.parts().ids.next()];
        *Algorithm::Blake3.digest(&ids.map(uuid_bytes).concat()).bytes()
    }

    /// Lets a node join that describes itself so and shows this in answer to the challenge.
    ///
    /// # Errors
    /// A wrong proof; whatever the registry refuses; the database.
    pub async fn join(&self, node: NodeDescription, nonce: Nonce, proof: &JoinProof) -> Result<Session, Fault> {
        let node_id = node.node_id.clone();
        let announced = Announcement::new(&node, nonce).map_err(|refused| faults::not_proven(&node_id, &refused))?;
        announced.verify(&proof.signature).map_err(|refused| faults::not_proven(&node_id, &refused))?;
        if let Some(token) = &self.options().join_token {
            let admitted = proof.join_proof.is_some_and(|proof| announced.admits(token, &proof));
            if !admitted {
                return Err(faults::not_admitted(&node_id));
            }
        }
        let record = self.change(node_id.clone(), NodeRequest::Announce(node)).await?;
        let superseded = CancellationToken::new();
        let number = {
            let mut heard = self.heard();
            heard.session_count += 1;
            let number = heard.session_count;
            if let Some((_, older)) = heard.sessions.insert(node_id.clone(), (number, superseded.clone())) {
                older.cancel();
            }
            heard.absent.remove(&node_id);
            number
        };
        self.know_one(record.clone());
        let keys = self.keys_with_own().await?;
        Ok(Session { fleet: self.clone(), node_id, number, superseded, status: record.status, keys })
    }
}

impl Session {
    /// Where the node was in its life when it joined.
    pub const fn status(&self) -> NodeStatus {
        self.status
    }

    /// The keys that were trusted when it joined.
    pub fn keys(&self) -> &[ControlKey] {
        &self.keys
    }

    /// The node.
    pub const fn node_id(&self) -> &NodeId {
        &self.node_id
    }

    /// Takes note of a heartbeat. What the registry has to know of it and cannot be told now, is told with a later one.
    ///
    /// # Errors
    /// A node that is not taken any more.
    pub async fn hear(&self, mut heartbeat: NodeHeartbeat) -> Result<(), Fault> {
        for reason in heartbeat.backends.iter_mut().filter_map(|backend| backend.reason.as_mut()) {
            reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
        }
        let stopping = heartbeat.stopping;
        let heard = NodeHeard { at: self.fleet.parts().clock.now(), heartbeat };
        self.fleet.heard().last.insert(self.node_id.clone(), heard.clone());
        let roster = self.fleet.roster();
        let status = roster.find(&self.node_id).map(|member| member.node.status);
        let request = match (status, stopping) {
            (Some(NodeStatus::Registered | NodeStatus::Suspect), false) => NodeRequest::Activate,
            (Some(NodeStatus::Registered | NodeStatus::Active), true) => {
                NodeRequest::Suspect { last_heard_at: Some(heard.at) }
            }
            _ => return Ok(()),
        };
        match self.tell(heard, request).await {
            Err(fault) if fault.category == Category::FailedPrecondition => Err(fault),
            Err(fault) => {
                tracing::warn!(node = %self.node_id, %fault, "the registry is not told how the node is; it is tried again");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Tells the registry first what was heard, so that nobody judges by what was heard before.
    async fn tell(&self, heard: NodeHeard, request: NodeRequest) -> Result<(), Fault> {
        self.fleet.parts().store.record_heartbeats(&[(self.node_id.clone(), heard)]).await?;
        self.fleet.change(self.node_id.clone(), request).await.map(drop)
    }

    /// What the node has to be told from now on. The last item says why there is no more.
    pub fn updates(&self) -> BoxStream<'static, Result<Update, Fault>> {
        let watching = Watching {
            node_id: self.node_id.clone(),
            rosters: self.fleet.inner.roster.subscribe(),
            superseded: self.superseded.clone(),
            status: self.status,
            keys: self.keys.clone(),
            over: false,
        };
        stream::unfold(watching, |mut watching| async move {
            if watching.over {
                return None;
            }
            let update = watching.next().await;
            watching.over = update.is_err();
            Some((update, watching))
        })
        .boxed()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut heard = self.fleet.heard();
        if heard.sessions.get(&self.node_id).is_none_or(|(number, _)| *number != self.number) {
            return;
        }
        heard.sessions.remove(&self.node_id);
        heard.absent.insert(self.node_id.clone(), self.fleet.parts().clock.now());
        drop(heard);
        self.fleet.inner.roster.send_modify(|roster| Arc::make_mut(roster).miss(&self.node_id));
    }
}

/// What a node was told, and where the news come from.
struct Watching {
    node_id: NodeId,
    rosters: watch::Receiver<Arc<Roster>>,
    superseded: CancellationToken,
    status: NodeStatus,
    keys: Vec<ControlKey>,
    over: bool,
}

impl Watching {
    async fn next(&mut self) -> Result<Update, Fault> {
        loop {
            let roster = Arc::clone(&self.rosters.borrow_and_update());
            if roster.removed.contains(&self.node_id) {
                return Err(faults::node_removed(&self.node_id));
            }
            if !roster.keys.is_empty() && roster.keys != self.keys {
                self.keys.clone_from(&roster.keys);
                return Ok(Update::Keys(self.keys.clone()));
            }
            let status = roster.find(&self.node_id).map_or(self.status, |member| member.node.status);
            if status != self.status {
                self.status = status;
                return Ok(Update::Status(status));
            }
            tokio::select! {
                () = self.superseded.cancelled() => return Err(faults::session_superseded(&self.node_id)),
                changed = self.rosters.changed() => changed.map_err(|_| faults::session_superseded(&self.node_id))?,
            }
        }
    }
}

fn uuid_bytes(id: uuid::Uuid) -> [u8; 16] {
    *id.as_bytes()
}
