//! Ed25519 keys (RFC 8032): the ones that sign tickets, control tokens and receipts, and the rings of those that are trusted.
//!
//! A key names itself: its [`KeyId`] is a digest of the public key, so nobody hands names out and two keys never share
//! one. Keys rotate with overlap: the next key is trusted before the last one stops being so, and both verify in between
//! ([`KeyRing::rotate`]). Secrets are never shown, and randomness comes from a source that the caller passes.

mod announcement;
mod file;
pub(crate) mod jws;
mod key;
mod refused;
mod ring;

#[cfg(test)]
mod tests;

pub use announcement::{Announcement, JoinToken, Nonce};
pub use key::{KeyId, PublicKey, Signature, SigningKey};
pub use refused::{KeyFileRefused, KeyRefused, SignatureRefused};
pub use ring::{KeyRing, TrustedKey, Window};

/// How far the clocks of two machines may be apart, in seconds, before what one signs is refused by the other.
pub const CLOCK_SKEW_SECONDS: u64 = 30;
