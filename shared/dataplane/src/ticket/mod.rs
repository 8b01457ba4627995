//! Tickets: signed permission to move one named thing through one node for a while.
//!
//! The control plane issues one, the client carries it to the node, the node verifies it: nobody asks anybody. On the way
//! it is a compact JWT (RFC 7519) signed with Ed25519 (RFC 8037), of exactly one form; see [`TicketVerifier`] for what is
//! refused. It lives for minutes: an upload that takes longer goes on under the ticket it began with, one that starts
//! again gets a new ticket. Whether a ticket was used before is not known here; what a receipt under it says twice is
//! found out where receipts are committed ([`crate::signed_receipt::check_replay`]).
//!
//! # Form
//!
//! Header: `alg` (`EdDSA`), `kid` (the key's name), `typ` (`artifactstore-ticket+jwt`); claims: all of these, no others.
//!
//! | claim | holds |
//! |---|---|
//! | `jti` | the ticket's id, a UUID |
//! | `aud` | the one node that takes it |
//! | `iat`, `exp` | issued and expiring, in whole seconds since the Unix epoch |
//! | `ns`, `pkg` | the namespace and the package on whose behalf |
//! | `op` | `ingest` or `serve` |
//! | `what` | `{"path": …}`, `{"blob": …}`, or `"batch"`; see [`Target`] |
//! | `max` | how many bytes may move, at most |
//! | `be` | the backend they go to or come from |

mod id;
mod permission;
mod refused;
mod token;
mod verifier;

#[cfg(test)]
pub(crate) mod tests;

pub use artifactstore_types::TicketToken;
pub use id::TicketId;
pub use permission::{MAX_LIFETIME_SECONDS, Operation, Permission, Target, Ticket};
pub use refused::TicketRefused;
pub use verifier::TicketVerifier;
