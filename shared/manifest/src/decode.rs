//! A manifest from its CBOR form: the mirror image of `encode`, key by key in the one order there is. Whatever it accepts
//! encodes to the same bytes again.

use std::str::FromStr;

use artifactstore_types::{Algorithm, Digest, Location, Metadata, Provenance, Value};

use crate::{
    cbor::{self, Item, Reader, read_value},
    model::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary, StorageReceipt},
    refused::{ManifestRefused, WordRefused},
};

type Decoded<T> = Result<T, ManifestRefused>;

impl Manifest {
    /// Reads the canonical CBOR form.
    ///
    /// # Errors
    /// Bytes that are not deterministic CBOR, not of a version 1 manifest, or break a rule of [`Manifest::new`] or of the
    /// order of files and receipts.
    pub fn decode(bytes: &[u8]) -> Result<Self, ManifestRefused> {
        cbor::check(bytes)?;
        check_version(bytes)?;
        let mut fields = Fields(Reader::new(bytes));
        fields.map("a manifest of 6 keys", 6)?;
        let files = fields.list("files", file)?;
        let package = fields.section("package", package)?;
        let provenance = fields.section("provenance", provenance)?;
        fields.unsigned("manifest_version")?;
        let storage_receipts = fields.list("storage_receipts", receipt)?;
        let retention_summary = fields.section("retention_summary", retention)?;
        Self::in_order(package, files, storage_receipts, retention_summary, provenance)
    }
}

/// The version stands behind the files; it is looked for first, so that another version is refused as such.
fn check_version(bytes: &[u8]) -> Decoded<()> {
    let mut fields = Fields(Reader::new(bytes));
    let Item::Map(entries) = fields.0.next()? else { return layout("a map", 0) };
    for _ in 0..entries {
        if fields.0.key(None)? == "manifest_version" {
            return match fields.integer()? {
                Manifest::VERSION => Ok(()),
                other => Err(ManifestRefused::UnknownVersion(other)),
            };
        }
        fields.0.skip(1)?;
    }
    layout("manifest_version", fields.0.offset())
}

fn file(fields: &mut Fields<'_>) -> Decoded<FileEntry> {
    fields.map("a file of 6 keys", 6)?;
    fields.key("digests")?;
    fields.map("digests of 2 keys", 2)?;
    let blake3 = fields.digest("blake3", Algorithm::Blake3)?;
    let sha256 = fields.digest("sha256", Algorithm::Sha256)?;
    let executable = fields.bool("executable")?;
    let media_type = fields.word("media_type")?;
    let size_bytes = fields.unsigned("size_bytes")?;
    let relative_path = fields.word("relative_path")?;
    let file = FileEntry {
        relative_path,
        media_type,
        size_bytes,
        content_address: fields.word("content_address")?,
        sha256,
        executable,
    };
    if file.content_address.digest() == blake3 {
        Ok(file)
    } else {
        Err(ManifestRefused::AddressMismatch(file.relative_path))
    }
}

fn package(fields: &mut Fields<'_>) -> Decoded<PackageSection> {
    fields.map("a package of 9 keys", 9)?;
    let id = fields.word("id")?;
    let kind = fields.optional_word("kind")?;
    let name = fields.word("name")?;
    let subject = fields.word("subject")?;
    let metadata = fields.metadata("metadata")?;
    let producer = fields.word("producer")?;
    let namespace = fields.word("namespace")?;
    let created_at = fields.word("created_at")?;
    let finalized_at = fields.word("finalized_at")?;
    Ok(PackageSection { id, namespace, name, producer, subject, kind, created_at, finalized_at, metadata })
}

fn provenance(fields: &mut Fields<'_>) -> Decoded<ProvenanceSection> {
    fields.map("provenance of 4 keys", 4)?;
    let actor = fields.word("actor")?;
    let extra = fields.metadata("extra")?;
    let source_refs = fields.list("source_refs", |fields| fields.text("a source reference").map(str::to_owned))?;
    let producer_version = fields.optional_text("producer_version")?.map(str::to_owned);
    Ok(ProvenanceSection { actor, origin: Provenance { source_refs, producer_version, extra } })
}

fn receipt(fields: &mut Fields<'_>) -> Decoded<StorageReceipt> {
    fields.map("a storage receipt of 7 keys", 7)?;
    fields.key("key")?;
    let key = fields.text("key")?.to_owned();
    let length = fields.unsigned("length")?;
    let offset = fields.unsigned("offset")?;
    let node_id = fields.word("node_id")?;
    let stored_at = fields.word("stored_at")?;
    let backend_id = fields.word("backend_id")?;
    let content_address = fields.word("content_address")?;
    Ok(StorageReceipt { content_address, location: Location { backend_id, key, offset, length }, node_id, stored_at })
}

fn retention(fields: &mut Fields<'_>) -> Decoded<RetentionSummary> {
    fields.map("a retention summary of 2 keys", 2)?;
    Ok(RetentionSummary { class: fields.word("class")?, expires_at: fields.optional_word("expires_at")? })
}

fn layout<T>(expected: &'static str, offset: usize) -> Decoded<T> {
    Err(ManifestRefused::Layout { expected, offset })
}

/// Takes a manifest's fields one after the other; anything but the one expected is refused.
struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    fn map(&mut self, expected: &'static str, entries: usize) -> Decoded<()> {
        let offset = self.0.offset();
        if self.0.next()? == Item::Map(entries) { Ok(()) } else { layout(expected, offset) }
    }

    fn key(&mut self, key: &'static str) -> Decoded<()> {
        let offset = self.0.offset();
        if self.0.next()? == Item::Text(key) { Ok(()) } else { layout(key, offset) }
    }

    fn section<T>(&mut self, key: &'static str, part: impl FnOnce(&mut Self) -> Decoded<T>) -> Decoded<T> {
        self.key(key)?;
        part(self)
    }

    fn list<T>(&mut self, key: &'static str, part: impl Fn(&mut Self) -> Decoded<T>) -> Decoded<Vec<T>> {
        self.key(key)?;
        let offset = self.0.offset();
        let Item::List(items) = self.0.next()? else { return layout("a list", offset) };
        (0..items).map(|_| part(self)).collect()
    }

    fn text(&mut self, expected: &'static str) -> Decoded<&'a str> {
        let offset = self.0.offset();
        match self.0.next()? {
            Item::Text(text) => Ok(text),
            _ => layout(expected, offset),
        }
    }

    fn optional_text(&mut self, key: &'static str) -> Decoded<Option<&'a str>> {
        self.key(key)?;
        let offset = self.0.offset();
        match self.0.next()? {
            Item::Text(text) => Ok(Some(text)),
            Item::Null => Ok(None),
            _ => layout(key, offset),
        }
    }

    fn word<T: FromStr<Err: Into<WordRefused>>>(&mut self, key: &'static str) -> Decoded<T> {
        self.key(key)?;
        parse(key, self.text(key)?)
    }

    fn optional_word<T: FromStr<Err: Into<WordRefused>>>(&mut self, key: &'static str) -> Decoded<Option<T>> {
        self.optional_text(key)?.map(|text| parse(key, text)).transpose()
    }

    fn digest(&mut self, key: &'static str, algorithm: Algorithm) -> Decoded<Digest> {
        self.key(key)?;
        Digest::from_hex(algorithm, self.text(key)?)
            .map_err(|refused| ManifestRefused::Word { field: key, refused: refused.into() })
    }

    fn integer(&mut self) -> Decoded<u64> {
        let offset = self.0.offset();
        match self.0.next()? {
            Item::Unsigned(int) => Ok(int),
            _ => layout("an unsigned integer", offset),
        }
    }

    fn unsigned(&mut self, key: &'static str) -> Decoded<u64> {
        self.key(key)?;
        self.integer()
    }

    fn bool(&mut self, key: &'static str) -> Decoded<bool> {
        self.key(key)?;
        let offset = self.0.offset();
        match self.0.next()? {
            Item::Bool(bool) => Ok(bool),
            _ => layout("a boolean", offset),
        }
    }

    fn metadata(&mut self, key: &'static str) -> Decoded<Metadata> {
        self.key(key)?;
        let offset = self.0.offset();
        match read_value(&mut self.0, 2)? {
            Value::Map(entries) => Ok(entries),
            _ => layout("a map", offset),
        }
    }
}

fn parse<T: FromStr<Err: Into<WordRefused>>>(field: &'static str, text: &str) -> Decoded<T> {
    text.parse().map_err(|refused: T::Err| ManifestRefused::Word { field, refused: refused.into() })
}
