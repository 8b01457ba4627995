//! A manifest to its CBOR form, written straight from the parts in the order the format fixes: no tree is built and
//! nothing is sorted on the way. Layout and order are those of the crate's documentation; `decode` is the mirror image.

use artifactstore_types::{Name, Provenance};

use crate::{
    cbor::Writer,
    model::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt},
};

/// How every content address begins; see [`artifactstore_types::Algorithm::PRIMARY`].
const ADDRESS_PREFIX: &str = "blake3:";

impl Manifest {
    /// The canonical CBOR form, whose BLAKE3 digest is the package's identity. Equal manifests have equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(1024 + 400 * self.files().len() + 400 * self.storage_receipts().len());
        writer.map(6);
        writer.text("files");
        writer.list(self.files().len());
        for file in self.files() {
            write_file(&mut writer, file);
        }
        writer.text("package");
        write_package(&mut writer, self.package());
        writer.text("provenance");
        write_provenance(&mut writer, self.provenance());
        writer.text("manifest_version");
        writer.unsigned(Self::VERSION);
        writer.text("storage_receipts");
        writer.list(self.storage_receipts().len());
        for receipt in self.storage_receipts() {
            write_receipt(&mut writer, receipt);
        }
        writer.text("retention_summary");
        write_retention(&mut writer, self.retention_summary());
        writer.finish()
    }
}

fn write_file(writer: &mut Writer, file: &FileEntry) {
    writer.map(6);
    writer.text("digests");
    writer.map(2);
    writer.text("blake3");
    writer.hex("", file.content_address.bytes());
    writer.text("sha256");
    writer.hex("", file.sha256.bytes());
    writer.text("executable");
    writer.bool(file.executable);
    writer.text("media_type");
    writer.text(file.media_type.as_str());
    writer.text("size_bytes");
    writer.unsigned(file.size_bytes);
    writer.text("relative_path");
    writer.text(file.relative_path.as_str());
    writer.text("content_address");
    writer.hex(ADDRESS_PREFIX, file.content_address.bytes());
}

fn write_package(writer: &mut Writer, package: &PackageSection) {
    writer.map(9);
    writer.text("id");
    writer.text(&package.id.to_string());
    writer.text("kind");
    optional(writer, package.kind.as_ref().map(Name::as_str));
    writer.text("name");
    writer.text(package.name.as_str());
    writer.text("subject");
    writer.text(package.subject.as_str());
    writer.text("metadata");
    writer.metadata(&package.metadata);
    writer.text("producer");
    writer.text(package.producer.as_str());
    writer.text("namespace");
    writer.text(package.namespace.as_str());
    writer.text("created_at");
    writer.text(&package.created_at.to_string());
    writer.text("finalized_at");
    writer.text(&package.finalized_at.to_string());
}

fn write_provenance(writer: &mut Writer, provenance: &ProvenanceSection) {
    let Provenance { source_refs, producer_version, extra } = &provenance.origin;
    writer.map(4);
    writer.text("actor");
    writer.text(provenance.actor.as_str());
    writer.text("extra");
    writer.metadata(extra);
    writer.text("source_refs");
    writer.list(source_refs.len());
    for reference in source_refs {
        writer.text(reference);
    }
    writer.text("producer_version");
    optional(writer, producer_version.as_deref());
}

fn write_receipt(writer: &mut Writer, receipt: &StorageReceipt) {
    writer.map(7);
    writer.text("key");
    writer.text(&receipt.location.key);
    writer.text("length");
    writer.unsigned(receipt.location.length);
    writer.text("offset");
    writer.unsigned(receipt.location.offset);
    writer.text("node_id");
    writer.text(receipt.node_id.as_str());
    writer.text("stored_at");
    writer.text(&receipt.stored_at.to_string());
    writer.text("backend_id");
    writer.text(receipt.location.backend_id.as_str());
    writer.text("content_address");
    writer.hex(ADDRESS_PREFIX, receipt.content_address.bytes());
}

fn write_retention(writer: &mut Writer, retention: &RetentionSummary) {
    writer.map(2);
    writer.text("class");
    writer.text(retention.class.as_str());
    writer.text("expires_at");
    optional(writer, retention.expires_at.map(|time| time.to_string()).as_deref());
}

fn optional(writer: &mut Writer, text: Option<&str>) {
    match text {
        Some(text) => writer.text(text),
        None => writer.null(),
    }
}
