//! Control tokens: how a node knows that a call of the SPI comes from a control plane of its site.
//!
//! A control plane signs one with its own key; the node verifies it with the keys it was told when it registered. On the
//! way it is a compact JWT signed with Ed25519, of exactly one form, in `authorization: Bearer …` of every call. It lives
//! for minutes and permits the whole SPI of one node, so it is made anew when half of its life is over ([`ControlTokens`]).
//!
//! # Form
//!
//! Header: `alg` (`EdDSA`), `kid` (the key's name), `typ` (`artifactstore-control+jwt`); claims: `aud` (the one node that
//! takes it), `iat`, `exp` (issued and expiring, in whole seconds since the Unix epoch), and no others.

mod issue;
mod refused;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

pub use issue::{ControlToken, ControlTokens, LIFETIME_SECONDS};
pub use refused::ControlTokenRefused;
pub use verify::ControlTokenVerifier;

use artifactstore_types::NodeId;
use serde::{Deserialize, Serialize};

/// Says what is signed, so that nothing else signed with the same key passes for a control token (RFC 8725 §3.11).
const TYPE: &str = "artifactstore-control+jwt";
/// The longest life of a control token that is taken, in seconds.
const MAX_LIFETIME_SECONDS: i64 = 600;
const MICROS: i64 = 1_000_000;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: NodeId,
    iat: i64,
    exp: i64,
}
