//! What goes on by itself: asking the registry about nodes, writing down what was heard, extending this control plane's
//! key; and, in one control plane at a time, calling silent nodes suspect. Nothing here fails: what cannot be done now is
//! tried again, for as long as the process lives.

use std::time::Duration;

use artifactstore_registry::node::{NodeCommand, NodeRequest};
use artifactstore_types::{Fault, NodeHeard, NodeId, NodeRecord, NodeStatus, Timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{Fleet, Heard, roster::is_older, troubled::Troubled};

/// The lease under which nodes are called suspect.
const LEASE: &str = "nodes";
/// How long it is remembered what was stated under a ticket: longer than a statement is ever taken.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How often what is older is forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(10);

impl Fleet {
    /// Does all of it until `stop` is cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        stop.run_until_cancelled(async { tokio::join!(self.keep_roster(), self.keep_watch()) }).await;
        // What was heard last matters to those who stay.
        if let Err(fault) = self.write_down(Duration::ZERO).await {
            tracing::debug!(%fault, "what was heard last is not written down");
        }
    }

    async fn keep_roster(&self) {
        let mut troubled = Troubled::default();
        let mut ticks = interval(self.options().refresh_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut key_is_good_until = Timestamp::EARLIEST;
        loop {
            ticks.tick().await;
            let now = self.parts().clock.now();
            if now >= key_is_good_until && troubled.note("extending the key", self.extend_key(now).await) {
                let until = now.micros().saturating_add(self.key_pause_micros());
                key_is_good_until = Timestamp::from_micros(until).unwrap_or(Timestamp::LATEST);
            }
            troubled.note("writing down what was heard", self.write_down(self.options().heartbeat_interval).await);
            troubled.note("asking about nodes", self.refresh().await);
        }
    }

    /// Asks the registry about nodes and keys.
    pub async fn refresh(&self) -> Result<(), Fault> {
        let parts = self.parts();
        let nodes = parts.store.list_nodes().await?;
        let keys = parts.store.list_control_keys(parts.clock.now()).await?;
        self.know(nodes, keys);
        Ok(())
    }

    /// Writes down what was heard of nodes of which nothing as new is written down.
    pub(super) async fn write_down(&self, news: Duration) -> Result<(), Fault> {
        let news: Vec<_> = {
            let Heard { last, written, .. } = &*self.heard();
            let is_new = |node_id, heard: &NodeHeard| match written.get(node_id) {
                Some(at) => is_older(*at, heard.at, news),
                None => true,
            };
            let news = last.iter().filter(|(node_id, heard)| is_new(*node_id, heard));
            news.map(|(node_id, heard)| (node_id.clone(), heard.clone())).collect()
        };
        if news.is_empty() { Ok(()) } else { self.parts().store.record_heartbeats(&news).await }
    }

    /// Waits for the lease, and watches over the nodes for as long as it is held.
    async fn keep_watch(&self) {
        let mut troubled = Troubled::default();
        loop {
            let lease = self.parts().store.try_lease(LEASE).await;
            if let Ok(Some(lease)) = &lease {
                tracing::info!("watching over the nodes");
                tokio::select! {
                    () = lease.lost() => tracing::warn!("no longer watching over the nodes"),
                    () = self.watch_over() => {}
                }
            }
            troubled.note("taking the lease", lease);
            tokio::time::sleep(self.options().refresh_interval).await;
        }
    }

    async fn watch_over(&self) {
        let mut troubled = Troubled::default();
        let mut ticks = interval(self.options().refresh_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What others heard is written down with some delay, also after the database was gone.
        let patience = self.options().heartbeat_interval * 2;
        let mut since = Instant::now();
        let mut forgotten = None;
        loop {
            ticks.tick().await;
            let seen = self.parts().store.list_nodes().await;
            let judged = match seen {
                Ok(nodes) if since.elapsed() >= patience => self.suspect_silent(nodes).await,
                Ok(_) => Ok(()),
                Err(fault) => Err(fault),
            };
            if !troubled.note("watching over the nodes", judged) {
                since = Instant::now();
            }
            if forgotten.is_none_or(|at: Instant| at.elapsed() >= FORGET_EVERY) {
                let forgot = self.parts().store.forget_before(before(self.parts().clock.now(), REMEMBERED)).await;
                if troubled.note("forgetting old statements", forgot) {
                    forgotten = Some(Instant::now());
                }
            }
        }
    }

    /// Calls those of these nodes suspect of which nothing was heard for too long.
    pub(super) async fn suspect_silent(&self, nodes: Vec<NodeRecord>) -> Result<(), Fault> {
        let now = self.parts().clock.now();
        for node in nodes {
            let node_id = node.description.node_id.clone();
            if !matches!(node.status, NodeStatus::Registered | NodeStatus::Active) {
                continue;
            }
            let here = self.heard().last.get(&node_id).map(|heard| heard.at);
            let last = here.max(node.heard.map(|heard| heard.at));
            if is_older(last.unwrap_or(node.registered_at), now, self.options().silence) {
                self.change(node_id, NodeRequest::Suspect { last_heard_at: last }).await?;
            }
        }
        Ok(())
    }

    /// Asks the registry for a change in the name of this control plane, and knows at once what came of it.
    pub(super) async fn change(&self, node_id: NodeId, request: NodeRequest) -> Result<NodeRecord, Fault> {
        let parts = self.parts();
        let actor = self.options().actor.clone();
        let command = NodeCommand { node_id, actor, at: parts.clock.now(), request };
        let changed = parts.store.change_node(command).await?;
        for event in &changed.events {
            tracing::info!(node = %event.subject_id, event = %event.event_type, "a node has changed");
        }
        self.know_one(changed.node.clone());
        Ok(changed.node)
    }
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_sub(micros)).unwrap_or(Timestamp::EARLIEST)
}
