//! Receipts under a node's signature: what a client carries from the node to the control plane.
//!
//! A node states, under the ticket it was shown, which blobs it made durable. The statement is a `COSE_Sign1` (RFC 9052
//! §4.2) with Ed25519 over deterministic CBOR (RFC 8949 §4.2.1), of exactly one form: whatever would have been written
//! differently is refused. One statement holds one receipt, or, for a batch, as many as became durable together, so that
//! the price of a signature is paid once for all of them. The control plane verifies it at commit, against the ticket it
//! answers ([`ReceiptVerifier`]); that a ticket is not answered twice is for the committer to find out, with
//! [`check_replay`] and a store of its own.
//!
//! # Form
//!
//! Tag 18, and a list of four: the protected header `{1: -8, 4: key id, 16: "artifactstore-receipt+cbor"}` (algorithm
//! EdDSA, key, type), an empty unprotected header, the payload, the signature. There is no external data. The payload:
//!
//! | key | holds |
//! |---|---|
//! | `node` | text: the node |
//! | `part` | integer from 0: which of the statements under this ticket |
//! | `ticket` | 16 bytes: the ticket's id |
//! | `receipts` | list of 1 to [`MAX_RECEIPTS`] maps |
//! | `receipts[].key` | text: the stored object |
//! | `receipts[].size`, `.length` | integers, equal: the blob's size, and how much of the object it takes |
//! | `receipts[].blake3`, `.sha256` | 32 bytes each |
//! | `receipts[].offset` | integer: the blob's first byte in the object |
//! | `receipts[].backend` | text: the backend |
//! | `receipts[].stored_at` | integer: when it became durable, in microseconds since the Unix epoch |
//! | `signed_at` | integer: when this was said, likewise |

mod envelope;
mod payload;
mod refused;
mod replay;
mod statement;
mod verifier;

#[cfg(test)]
mod tests;

pub use envelope::SignedReceipt;
pub use refused::ReceiptRefused;
pub use replay::{Fingerprint, Presented, check_replay};
pub use statement::{MAX_KEY_BYTES, MAX_RECEIPTS, Statement};
pub use verifier::ReceiptVerifier;
