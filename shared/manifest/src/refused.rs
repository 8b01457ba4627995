//! Why bytes are not a manifest, or parts do not make one.

use artifactstore_types::{
    ContentAddress, ContentAddressRefused, DigestRefused, IdRefused, NameRefused, PathRefused, ProvenanceRefused,
    RelativePath, TimestampRefused, ValueRefused,
};

use crate::{cbor::CborRefused, jcs::JsonRefused};

/// Why bytes are not a manifest, or parts do not make one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestRefused {
    /// The bytes are not deterministic CBOR.
    #[error("manifest is not deterministic CBOR: {0}")]
    Cbor(#[from] CborRefused),
    /// The text is not RFC 8785 JSON.
    #[error("manifest is not canonical JSON: {0}")]
    Json(#[from] JsonRefused),
    /// It says it is of a version other than 1.
    #[error("manifest version {0} is not known; 1 is")]
    UnknownVersion(u64),
    /// Something other than what the layout has at this place.
    #[error("manifest layout: expected {expected}, at byte {offset}")]
    Layout {
        /// The key or kind of item the layout has here.
        expected: &'static str,
        /// Where the other item begins in the CBOR form, counted from 0.
        offset: usize,
    },
    /// A text that is not a word of the kind its field holds.
    #[error("manifest field `{field}`: {refused}")]
    Word {
        /// The key of the field.
        field: &'static str,
        /// What is wrong with the text.
        refused: WordRefused,
    },
    /// An integer beyond 2^53 − 1.
    #[error("manifest field `{field}` is beyond 2^53 − 1")]
    IntegerTooLarge {
        /// The key of the field.
        field: &'static str,
    },
    /// Metadata out of bounds.
    #[error("manifest field `metadata`: {0}")]
    Metadata(ValueRefused),
    /// Provenance out of bounds.
    #[error("manifest field `provenance`: {0}")]
    Provenance(#[from] ProvenanceRefused),
    /// Two files at one path.
    #[error("file {0} stands twice")]
    DuplicatePath(RelativePath),
    /// Files that are not sorted by the bytes of their paths.
    #[error("file {0} is out of order")]
    FileOrder(RelativePath),
    /// A file whose `digests.blake3` is not the digest in its `content_address`.
    #[error("file {0} has a BLAKE3 digest that is not its content address")]
    AddressMismatch(RelativePath),
    /// A file whose SHA-256 is a digest of another algorithm.
    #[error("file {0} has a digest of another algorithm in place of its SHA-256")]
    NotSha256(RelativePath),
    /// A storage receipt that is out of order or stands twice.
    #[error("storage receipt of {0} is out of order or stands twice")]
    ReceiptOrder(ContentAddress),
}

/// Why a text is not the word its field holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordRefused {
    /// Not a name.
    #[error(transparent)]
    Name(#[from] NameRefused),
    /// Not an identifier.
    #[error(transparent)]
    Id(#[from] IdRefused),
    /// Not a relative path.
    #[error(transparent)]
    Path(#[from] PathRefused),
    /// Not a content address.
    #[error(transparent)]
    Address(#[from] ContentAddressRefused),
    /// Not a digest.
    #[error(transparent)]
    Digest(#[from] DigestRefused),
    /// Not a time.
    #[error(transparent)]
    Time(#[from] TimestampRefused),
}
