//! A manifest to and from its JSON projection (RFC 8785): the same keys and values as the CBOR form, by way of a [`Value`].

use artifactstore_types::{Metadata, Provenance, Value};

use crate::{
    cbor, jcs,
    model::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt},
    refused::ManifestRefused,
};

impl Manifest {
    /// The RFC 8785 projection.
    pub fn jcs(&self) -> Vec<u8> {
        jcs::encode_checked(&map([
            ("manifest_version", int(Self::VERSION)),
            ("package", package(self.package())),
            ("files", Value::List(self.files().iter().map(file).collect())),
            ("storage_receipts", Value::List(self.storage_receipts().iter().map(receipt).collect())),
            ("retention_summary", retention(self.retention_summary())),
            ("provenance", provenance(self.provenance())),
        ]))
    }

    /// Reads the RFC 8785 projection; as strict as [`Manifest::decode`].
    ///
    /// # Errors
    /// Text that is not in canonical form, or not of a version 1 manifest.
    pub fn from_jcs(bytes: &[u8]) -> Result<Self, ManifestRefused> {
        Self::decode(&cbor::encode(&jcs::decode(bytes)?))
    }
}

fn package(package: &PackageSection) -> Value {
    map([
        ("id", text(&package.id)),
        ("namespace", text(&package.namespace)),
        ("name", text(&package.name)),
        ("producer", text(&package.producer)),
        ("subject", text(&package.subject)),
        ("kind", optional(package.kind.as_ref())),
        ("created_at", text(&package.created_at)),
        ("finalized_at", text(&package.finalized_at)),
        ("metadata", Value::Map(package.metadata.clone())),
    ])
}

fn file(file: &FileEntry) -> Value {
    let digests = map([("blake3", text(&file.content_address.hex())), ("sha256", text(&file.sha256.hex()))]);
    map([
        ("relative_path", text(&file.relative_path)),
        ("media_type", text(&file.media_type)),
        ("size_bytes", int(file.size_bytes)),
        ("content_address", text(&file.content_address)),
        ("digests", digests),
        ("executable", Value::Bool(file.executable)),
    ])
}

fn receipt(receipt: &StorageReceipt) -> Value {
    map([
        ("content_address", text(&receipt.content_address)),
        ("backend_id", text(&receipt.location.backend_id)),
        ("key", text(&receipt.location.key)),
        ("offset", int(receipt.location.offset)),
        ("length", int(receipt.location.length)),
        ("node_id", text(&receipt.node_id)),
        ("stored_at", text(&receipt.stored_at)),
    ])
}

fn retention(retention: &RetentionSummary) -> Value {
    map([("class", text(&retention.class)), ("expires_at", optional(retention.expires_at.as_ref()))])
}

fn provenance(provenance: &ProvenanceSection) -> Value {
    let Provenance { source_refs, producer_version, extra } = &provenance.origin;
    map([
        ("actor", text(&provenance.actor)),
        ("source_refs", Value::List(source_refs.iter().map(text).collect())),
        ("producer_version", optional(producer_version.as_ref())),
        ("extra", Value::Map(extra.clone())),
    ])
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Metadata>())
}

fn text(word: &impl ToString) -> Value {
    Value::Text(word.to_string())
}

fn optional(word: Option<&impl ToString>) -> Value {
    word.map_or(Value::Null, text)
}

/// Every integer of a manifest is at most 2^53 − 1.
fn int(int: u64) -> Value {
    Value::Int(int.cast_signed())
}
