//! Which public keys are trusted, whose they are, and when. Invariant: a key is in the ring once, under the name it gives
//! itself. The ring is a value: whoever changes it hands the changed one on.

use std::collections::BTreeMap;

use artifactstore_types::Timestamp;

use super::{
    key::{KeyId, PublicKey},
    refused::KeyRefused,
};

/// When a key is trusted: from `opens_at`, to before `closes_at`. It is held against the time at which something signed is
/// presented, never against a time that the signer wrote into it, so a key that leaked stops mattering when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment at which the key is trusted.
    pub opens_at: Timestamp,
    /// The first moment at which it is no longer; `None` means it is not known yet.
    pub closes_at: Option<Timestamp>,
}

impl Window {
    /// The window that opens at `opens_at` and stays open.
    pub const fn from(opens_at: Timestamp) -> Self {
        Self { opens_at, closes_at: None }
    }

    /// Whether it is open at `at`.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.opens_at <= at && !self.is_over(at)
    }

    fn is_over(&self, at: Timestamp) -> bool {
        self.closes_at.is_some_and(|closes_at| closes_at <= at)
    }
}

/// A public key, whose it is, and when it is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey<Holder> {
    /// The key.
    pub public_key: PublicKey,
    /// Who signs with it.
    pub holder: Holder,
    /// When it is trusted.
    pub window: Window,
}

/// The public keys that are trusted. A ring for tickets has no need to tell holders apart (`KeyRing<()>`); in one for
/// receipts each key belongs to one node (`KeyRing<NodeId>`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing<Holder> {
    keys: BTreeMap<KeyId, TrustedKey<Holder>>,
}

impl<Holder> Default for KeyRing<Holder> {
    fn default() -> Self {
        Self { keys: BTreeMap::new() }
    }
}

impl<Holder> KeyRing<Holder> {
    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl<Holder: PartialEq> KeyRing<Holder> {
    /// Trusts a key, or changes the window of one that is trusted already.
    ///
    /// # Errors
    /// A key that the ring knows as somebody else's.
    pub fn trust(&mut self, public_key: PublicKey, holder: Holder, window: Window) -> Result<(), KeyRefused> {
        let key_id = public_key.key_id();
        if self.keys.get(&key_id).is_some_and(|known| known.holder != holder) {
            return Err(KeyRefused::HeldByAnother(key_id));
        }
        self.keys.insert(key_id, TrustedKey { public_key, holder, window });
        Ok(())
    }

    /// Lets a holder's next key follow: it is trusted from `at`, and the keys the holder had before until
    /// `overlap_seconds` after. The overlap must be at least as long as anything the old key signed may still be
    /// presented. A window that closes sooner stays as it is.
    ///
    /// # Errors
    /// A key that the ring knows as somebody else's; nothing is changed.
    pub fn rotate(
        &mut self,
        next: PublicKey,
        holder: &Holder,
        at: Timestamp,
        overlap_seconds: u64,
    ) -> Result<(), KeyRefused>
    where
        Holder: Clone,
    {
        self.trust(next, holder.clone(), Window::from(at))?;
        let closes_at = at.plus_seconds(overlap_seconds);
        for (key_id, known) in &mut self.keys {
            if known.holder == *holder && *key_id != next.key_id() {
                known.window.closes_at = Some(known.window.closes_at.map_or(closes_at, |sooner| sooner.min(closes_at)));
            }
        }
        Ok(())
    }

    /// Trusts none of a holder's keys any more.
    pub fn distrust(&mut self, holder: &Holder) {
        self.keys.retain(|_, known| known.holder != *holder);
    }

    /// Forgets the keys whose window is over at `now`.
    pub fn forget_closed(&mut self, now: Timestamp) {
        self.keys.retain(|_, known| !known.window.is_over(now));
    }

    /// The key of that name, if it is trusted at `at`.
    ///
    /// # Errors
    /// A name the ring does not know, and a key whose window is not open.
    pub fn trusted_at(&self, key_id: KeyId, at: Timestamp) -> Result<&TrustedKey<Holder>, KeyRefused> {
        let known = self.keys.get(&key_id).ok_or(KeyRefused::Unknown(key_id))?;
        if known.window.is_open(at) { Ok(known) } else { Err(KeyRefused::OutsideWindow(key_id)) }
    }

    /// Every key, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &TrustedKey<Holder>> {
        self.keys.values()
    }
}
