//! Making control tokens, on the side of a control plane.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use artifactstore_types::{Clock, NodeId};

use super::{Claims, MICROS, TYPE, refused::ControlTokenRefused};
use crate::signing::{SigningKey, jws};

/// How long a control token lives, in seconds.
pub const LIFETIME_SECONDS: i64 = 300;

/// The text of a control token: whoever has it may do anything with that node, so it is shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlToken(String);

impl ControlToken {
    /// The text, to be sent to the node it is for.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for ControlToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControlToken(…)")
    }
}

/// The control tokens of one control plane for one node. Clones share the token that is in use.
#[derive(Clone)]
pub struct ControlTokens {
    key: SigningKey,
    node_id: NodeId,
    clock: Arc<dyn Clock>,
    current: Arc<Mutex<Option<Current>>>,
}

struct Current {
    token: ControlToken,
    /// In seconds since the epoch, as this side's clock had it.
    issued: i64,
}

impl ControlTokens {
    /// Tokens for `node_id`, signed with the control plane's key.
    pub fn new(key: SigningKey, node_id: NodeId, clock: Arc<dyn Clock>) -> Self {
        Self { key, node_id, clock, current: Arc::default() }
    }

    /// The node they are for.
    pub const fn node_id(&self) -> &NodeId {
        &self.node_id
    }

    /// A token with at least half of its life before it.
    ///
    /// # Errors
    /// None that a token can cause; what a serializer may say is `Malformed`.
    pub fn token(&self) -> Result<ControlToken, ControlTokenRefused> {
        let now = self.clock.now().micros().div_euclid(MICROS);
        // What is in it is whole, whatever panicked beside it.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            // A clock that was set back makes a new one, too.
            Some(held) if (held.issued..held.issued.saturating_add(LIFETIME_SECONDS / 2)).contains(&now) => {
                Ok(held.token.clone())
            }
            _ => {
                let claims = Claims { aud: self.node_id.clone(), iat: now, exp: now.saturating_add(LIFETIME_SECONDS) };
                let token = ControlToken(jws::sign(TYPE, &claims, &self.key)?);
                *current = Some(Current { token: token.clone(), issued: now });
                Ok(token)
            }
        }
    }
}

impl fmt::Debug for ControlTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlTokens({})", self.node_id)
    }
}
