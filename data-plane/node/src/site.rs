//! What the control planes told this node: whose word to trust, and whether it takes new work. Each tells all of it on its
//! own stream; what holds is what those that are heard now say together, or, where none is heard, what was said last.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use artifactstore_dataplane::signing::{KeyRing, PublicKey, Window};
use artifactstore_types::{ControlKey, Endpoint, NodeStatus};
use tokio::sync::watch;

/// What the site wants of this node. Clones are the same one.
#[derive(Clone)]
pub struct Site {
    planes: Arc<Mutex<BTreeMap<Endpoint, Plane>>>,
    keys: watch::Sender<KeyRing<()>>,
    status: watch::Sender<NodeStatus>,
}

/// How a control plane is, seen from here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plane {
    /// Whether it hears this node now.
    pub heard: bool,
    /// Why not, where that is known.
    pub reason: Option<String>,
    keys: Vec<ControlKey>,
}

impl Site {
    /// A site of these control planes, of which nothing was heard yet.
    pub fn new(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        let planes = endpoints.into_iter().map(|endpoint| (endpoint, Plane::default())).collect();
        Self {
            planes: Arc::new(Mutex::new(planes)),
            keys: watch::Sender::new(KeyRing::default()),
            status: watch::Sender::new(NodeStatus::Registered),
        }
    }

    /// The keys that tickets and control tokens are verified with.
    pub fn keys(&self) -> watch::Receiver<KeyRing<()>> {
        self.keys.subscribe()
    }

    /// Whether uploads may be begun.
    pub fn takes_uploads(&self) -> bool {
        !matches!(*self.status.borrow(), NodeStatus::Draining | NodeStatus::Removed)
    }

    /// Whether any key is trusted: without one nobody can be let in.
    pub fn is_known(&self) -> bool {
        self.keys.borrow().iter().next().is_some()
    }

    /// Each control plane, as it is seen from here.
    pub fn planes(&self) -> Vec<(Endpoint, Plane)> {
        self.lock().iter().map(|(endpoint, plane)| (endpoint.clone(), plane.clone())).collect()
    }

    /// A control plane told its keys.
    pub fn trust(&self, endpoint: &Endpoint, keys: Vec<ControlKey>) {
        let mut planes = self.lock();
        planes.insert(endpoint.clone(), Plane { heard: true, reason: None, keys });
        let told = planes.values().filter(|plane| plane.heard).flat_map(|plane| &plane.keys);
        self.keys.send_replace(ring(told));
    }

    /// A control plane told where this node is in its life.
    pub fn set_status(&self, status: NodeStatus) {
        let before = self.status.send_replace(status);
        if before != status {
            tracing::info!(status = status.name(), "the control plane says what this node is to do");
        }
    }

    /// A control plane is not heard any more. What it told holds until another one tells otherwise.
    pub fn lose(&self, endpoint: &Endpoint, reason: String) {
        let mut planes = self.lock();
        let plane = planes.entry(endpoint.clone()).or_default();
        plane.heard = false;
        plane.reason = Some(reason);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Endpoint, Plane>> {
        // Every change is one assignment, or two that say nothing wrong in between.
        self.planes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ring<'a>(keys: impl Iterator<Item = &'a ControlKey>) -> KeyRing<()> {
    let mut ring = KeyRing::default();
    for key in keys {
        let window = Window { opens_at: key.not_before, closes_at: key.not_after };
        let trusted = PublicKey::from_bytes(&key.public_key).and_then(|public| ring.trust(public, (), window));
        if let Err(refused) = trusted {
            tracing::warn!(%refused, "a control plane told a key that cannot be trusted");
        }
    }
    ring
}

#[cfg(test)]
mod tests {
    use artifactstore_dataplane::signing::{KeyId, SigningKey};
    use artifactstore_types::Timestamp;

    use super::*;

    fn endpoint(port: u16) -> Endpoint {
        format!("http://127.0.0.1:{port}").parse().unwrap()
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    fn key(secret: u8) -> ControlKey {
        let public_key = *SigningKey::from_secret(&[secret; 32]).public_key().bytes();
        ControlKey { public_key, not_before: at(0), not_after: None }
    }

    fn id(secret: u8) -> KeyId {
        SigningKey::from_secret(&[secret; 32]).key_id()
    }

    fn trusted(site: &Site) -> Vec<KeyId> {
        let mut ids: Vec<_> = site.keys().borrow().iter().map(|key| key.public_key.key_id()).collect();
        ids.sort();
        ids
    }

    fn ids(secrets: &[u8]) -> Vec<KeyId> {
        let mut ids: Vec<_> = secrets.iter().map(|secret| id(*secret)).collect();
        ids.sort();
        ids
    }

    #[test]
    fn trusts_what_those_that_are_heard_say_together() {
        let site = Site::new([endpoint(1), endpoint(2)]);
        assert!(!site.is_known());
        site.trust(&endpoint(1), vec![key(1), key(2)]);
        site.trust(&endpoint(2), vec![key(2), key(3)]);
        assert_eq!(trusted(&site), ids(&[1, 2, 3]));
        site.lose(&endpoint(1), "gone".to_owned());
        assert_eq!(trusted(&site), ids(&[1, 2, 3]));
        site.trust(&endpoint(2), vec![key(3)]);
        assert_eq!(trusted(&site), ids(&[3]));
    }

    #[test]
    fn trusts_what_was_said_last_while_nobody_is_heard() {
        let site = Site::new([endpoint(1)]);
        site.trust(&endpoint(1), vec![key(1)]);
        site.lose(&endpoint(1), "gone".to_owned());
        assert_eq!(trusted(&site), ids(&[1]));
        assert_eq!(site.planes()[0].1.reason.as_deref(), Some("gone"));
    }

    #[test]
    fn a_key_that_is_none_is_passed_over() {
        let site = Site::new([endpoint(1)]);
        site.trust(&endpoint(1), vec![ControlKey { public_key: [0; 32], ..key(1) }, key(2)]);
        assert_eq!(trusted(&site), ids(&[2]));
    }

    #[test]
    fn the_window_of_a_key_is_kept() {
        let site = Site::new([endpoint(1)]);
        site.trust(&endpoint(1), vec![ControlKey { not_before: at(5), not_after: Some(at(9)), ..key(1) }]);
        let keys = site.keys();
        let keys = keys.borrow();
        for (time, is_trusted) in [(4, false), (5, true), (8, true), (9, false)] {
            assert_eq!(keys.trusted_at(id(1), at(time)).is_ok(), is_trusted, "{time}");
        }
    }

    #[test]
    fn begins_no_uploads_while_it_drains() {
        let site = Site::new([endpoint(1)]);
        for (status, takes) in [
            (NodeStatus::Active, true),
            (NodeStatus::Draining, false),
            (NodeStatus::Suspect, true),
            (NodeStatus::Removed, false),
        ] {
            site.set_status(status);
            assert_eq!(site.takes_uploads(), takes, "{status:?}");
        }
    }
}
