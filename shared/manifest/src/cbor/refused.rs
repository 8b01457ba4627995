//! Why bytes or values are refused as deterministic CBOR.

/// A rule of the encoding, or of the data model of ADR 0003, that bytes break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborRule {
    /// The bytes end inside an item, or a length is longer than what is left.
    #[error("bytes end inside an item")]
    Truncated,
    /// Something follows the item.
    #[error("bytes follow the item")]
    Trailing,
    /// A reserved initial byte (RFC 8949 §3).
    #[error("initial byte is reserved")]
    Reserved,
    /// A length that is not stated up front.
    #[error("length is indefinite")]
    Indefinite,
    /// A length or integer that has a shorter form.
    #[error("length or integer is not in its shortest form")]
    NotShortest,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// A map key that is not text.
    #[error("map key is not text")]
    KeyNotText,
    /// A map key that sorts before the one ahead of it.
    #[error("map keys are out of order")]
    KeyOrder,
    /// A map key that stands twice.
    #[error("map key stands twice")]
    DuplicateKey,
    /// Lists and maps nest deeper than [`super::MAX_DEPTH`].
    #[error("lists and maps nest too deep")]
    TooDeep,
    /// A floating-point number.
    #[error("floating-point numbers are not allowed")]
    Float,
    /// A tag.
    #[error("tags are not allowed")]
    Tag,
    /// A simple value other than `false`, `true` and `null`.
    #[error("simple values other than false, true and null are not allowed")]
    Simple,
    /// A byte string where the value must have a JSON form.
    #[error("byte strings are not allowed here")]
    ByteString,
    /// An integer beyond 64 signed bits where a [`artifactstore_types::Value`] is read.
    #[error("integer is beyond 64 signed bits")]
    IntegerTooLarge,
}

/// Why bytes are not deterministic CBOR of what was asked for, or a value has no such form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborRefused {
    /// A rule of the encoding is broken.
    #[error("{rule}, at byte {offset}")]
    Broken {
        /// The rule.
        rule: CborRule,
        /// Where the offending item begins, counted from 0.
        offset: usize,
    },
    /// The encoding is right, but it is not of the type asked for.
    #[error("not of the type asked for: {message}")]
    Shape {
        /// What the type's deserializer says; for people.
        message: String,
    },
    /// The value's own serializer failed.
    #[error("value cannot be written: {message}")]
    Unwritable {
        /// What it says; for people.
        message: String,
    },
}
