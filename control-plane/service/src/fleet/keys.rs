//! The key of this control plane: it is trusted for a while, and for longer again and again while this control plane
//! lives. One that nobody uses any more ends by itself, so that a key is changed by starting with another one.

use artifactstore_dataplane::signing::{CLOCK_SKEW_SECONDS, KeyRing, PublicKey, SigningKey, Window};
use artifactstore_types::{ControlKey, Fault, Timestamp};

use super::Fleet;

/// In how many parts of its time a key is extended.
const PARTS: u32 = 12;

impl Fleet {
    /// What this control plane signs with.
    pub fn signing_key(&self) -> &SigningKey {
        &self.parts().signing_key
    }

    /// The keys that tickets are verified with: those of every control plane.
    pub(crate) fn ticket_keys(&self) -> KeyRing<()> {
        let mut ring = KeyRing::default();
        for ControlKey { public_key, not_before, not_after } in &self.roster().keys {
            let window = Window { opens_at: *not_before, closes_at: *not_after };
            let trusted = PublicKey::from_bytes(public_key).and_then(|key| ring.trust(key, (), window));
            if let Err(refused) = trusted {
                tracing::error!(%refused, "a key of a control plane is of no use");
            }
        }
        ring
    }

    /// How long a key that was extended need not be extended again, in microseconds.
    pub(super) fn key_pause_micros(&self) -> i64 {
        i64::try_from(self.options().key_seconds.saturating_mul(1_000_000) / u64::from(PARTS)).unwrap_or(i64::MAX)
    }

    /// The keys that are trusted now, this control plane's among them: a node that has been told of them takes its tokens.
    pub(super) async fn keys_with_own(&self) -> Result<Vec<ControlKey>, Fault> {
        let now = self.parts().clock.now();
        let keys = self.parts().store.list_control_keys(now).await?;
        if keys.iter().any(|key| key.public_key == *self.signing_key().public_key().bytes()) {
            return Ok(keys);
        }
        self.extend_key(now).await?;
        self.parts().store.list_control_keys(now).await
    }

    /// Has the key of this control plane trusted from now on, or for longer.
    pub(crate) async fn extend_key(&self, now: Timestamp) -> Result<(), Fault> {
        // Clocks of nodes may be behind.
        let skew = i64::try_from(CLOCK_SKEW_SECONDS * 1_000_000).unwrap_or_default();
        let key = ControlKey {
            public_key: *self.signing_key().public_key().bytes(),
            not_before: Timestamp::from_micros(now.micros() - skew).unwrap_or(now),
            not_after: Some(now.plus_seconds(self.options().key_seconds)),
        };
        self.parts().store.trust_control_key(&key).await
    }
}
