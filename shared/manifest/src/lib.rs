//! The manifest: the canonical statement of a finalized package. Its bytes are deterministic CBOR (RFC 8949 §4.2.1), the
//! BLAKE3 digest of those bytes is the package's identity, and an RFC 8785 JSON projection says the same to everyone else
//! (ADR 0003). Nothing here performs I/O.
//!
//! # Format, version 1
//!
//! Every key below is always there; an absent value is `null`. No other key is allowed. Keys are text; values are text,
//! integers within ±(2^53 − 1), booleans, null, lists and maps, never floats, so that JSON holds all of it unchanged.
//! Times are RFC 3339 in UTC with six decimals, as in `2026-01-31T23:59:59.000000Z`.
//!
//! | key | holds |
//! |---|---|
//! | `manifest_version` | `1` |
//! | `package.id` | UUID, hyphenated lower case |
//! | `package.namespace` | slug, `[a-z0-9][a-z0-9._-]*`, at most 64 characters |
//! | `package.name`, `.producer`, `.subject` | text of 1 to 512 bytes without control characters |
//! | `package.kind` | the same, or null |
//! | `package.created_at`, `.finalized_at` | time |
//! | `package.metadata` | map, nested at most 16 deep, at most 65,536 bytes |
//! | `files[]` | sorted by the bytes of `relative_path`, which is unique |
//! | `files[].relative_path` | `/`-separated path, NFC, at most 1,024 bytes; see [`artifactstore_types::RelativePath`] |
//! | `files[].media_type` | media type (RFC 6838) |
//! | `files[].size_bytes` | integer from 0 |
//! | `files[].content_address` | `blake3:` and 64 lower-case hexadecimal digits |
//! | `files[].digests.blake3`, `.sha256` | 64 lower-case hexadecimal digits each, the key being the algorithm; `blake3` is the digest in `content_address` |
//! | `files[].executable` | boolean |
//! | `storage_receipts[]` | sorted by `content_address`, `backend_id`, `key`, `offset`, then `length`, `node_id`, `stored_at`; unique |
//! | `storage_receipts[].content_address` | the blob |
//! | `storage_receipts[].backend_id`, `.node_id` | slugs |
//! | `storage_receipts[].key` | text: the stored object |
//! | `storage_receipts[].offset`, `.length` | integers from 0: the run of bytes in that object |
//! | `storage_receipts[].stored_at` | time |
//! | `retention_summary.class` | slug |
//! | `retention_summary.expires_at` | time, or null for never |
//! | `provenance.actor` | text of 1 to 512 bytes: who finalized it |
//! | `provenance.source_refs` | list of at most 64 texts of at most 512 bytes, in the producer's order |
//! | `provenance.producer_version` | text of at most 512 bytes, or null |
//! | `provenance.extra` | map, within the bounds of `metadata` |
//!
//! # Forms
//!
//! * **CBOR** ([`Manifest::encode`], [`Manifest::decode`]): definite lengths, shortest integers, keys sorted by their
//!   encodings, which for text is by length and then by bytes. Decoding refuses whatever it would not itself have written.
//! * **JSON** ([`Manifest::jcs`], [`Manifest::from_jcs`]): the same keys and values in the canonical form of RFC 8785; a
//!   projection, never the identity. Going there and back gives the same CBOR bytes.
//! * **Digest** ([`digest`]): BLAKE3 of the CBOR bytes, written `blake3:<hex>` like every address.
//!
//! A later version may add or change keys and says so in `manifest_version`; readers of version 1 refuse it as
//! [`ManifestRefused::UnknownVersion`]. What version 1 encodes to never changes: the golden vectors in `tests/golden` are
//! added to and never rewritten.
//!
//! # OCI
//!
//! ADR 0006 leaves OCI distribution out and nothing in its way. A content address is an OCI digest (`algorithm:hex`) as it
//! stands, and `sha256:` before `digests.sha256` is the one every registry knows; a file carries what a descriptor needs
//! (`mediaType`, `digest`, `size`); and the serialisation is byte-stable, so a manifest can itself be such a blob.
#![deny(missing_docs)]

pub mod cbor;
pub mod jcs;

mod decode;
mod encode;
mod model;
mod project;
mod refused;

#[cfg(test)]
mod tests;

use artifactstore_types::ContentAddress;

pub use model::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt};
pub use refused::{ManifestRefused, WordRefused};

/// The manifest digest: BLAKE3 of the canonical CBOR form. The bytes are taken as they are; [`Manifest::decode`] checks them.
pub fn digest(canonical_cbor: &[u8]) -> ContentAddress {
    ContentAddress::of(canonical_cbor)
}

/// The RFC 8785 projection of a manifest given in its canonical CBOR form.
///
/// # Errors
/// Bytes that [`Manifest::decode`] refuses.
pub fn to_json(canonical_cbor: &[u8]) -> Result<Vec<u8>, ManifestRefused> {
    Ok(Manifest::decode(canonical_cbor)?.jcs())
}
