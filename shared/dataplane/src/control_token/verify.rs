//! When a control token is taken, on the side of a node.

use artifactstore_types::{NodeId, Timestamp};

use super::{Claims, ControlToken, MAX_LIFETIME_SECONDS, MICROS, TYPE, refused::ControlTokenRefused};
use crate::signing::{CLOCK_SKEW_SECONDS, KeyRing, jws};

/// Verifies control tokens with the control planes' keys.
#[derive(Clone, Debug, Default)]
pub struct ControlTokenVerifier {
    /// The keys that are trusted.
    pub keys: KeyRing<()>,
}

impl ControlTokenVerifier {
    /// Whether whoever shows this token at this node now is a control plane of the site.
    ///
    /// # Errors
    /// Each thing that can be wrong is a refusal of its own; see [`ControlTokenRefused`].
    pub fn verify(&self, token: &ControlToken, node_id: &NodeId, now: Timestamp) -> Result<(), ControlTokenRefused> {
        let Claims { aud, iat, exp } = jws::verified(TYPE, token.expose(), &self.keys, now)?;
        let life = exp.checked_sub(iat).ok_or(ControlTokenRefused::Claims)?;
        if !(1..=MAX_LIFETIME_SECONDS).contains(&life) {
            return Err(ControlTokenRefused::Claims);
        }
        let skew = i64::try_from(CLOCK_SKEW_SECONDS).unwrap_or_default();
        let now = now.micros().div_euclid(MICROS);
        if iat.saturating_sub(skew) > now {
            return Err(ControlTokenRefused::NotYetValid);
        }
        if exp.saturating_add(skew) <= now {
            return Err(ControlTokenRefused::Expired);
        }
        if aud == *node_id { Ok(()) } else { Err(ControlTokenRefused::OtherNode) }
    }
}
