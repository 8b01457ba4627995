//! The manifest: canonical CBOR and its RFC 8785 projection.
