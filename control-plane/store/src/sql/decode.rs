//! Rows to records. A value that breaks a rule of the domain is its own fault, which names table, column and row: the
//! database was changed by something else, or is damaged.

mod log;
mod node;

use std::{fmt::Display, str::FromStr};

use artifactstore_registry::{FileFact, Package, contract::KnownContractEvent, view::ContractStateRow};
use artifactstore_types::{
    Algorithm, ContentAddress, Digest, Fault, FileId, FileRecord, Location, Metadata, Namespace, NewPackage, PackageId,
    PackageRecord, PackageStatus, Provenance, RelativePath, RetentionClass, Sequence, StoredLocation, SubjectKind,
    Timestamp,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::engine::Columns;
use crate::faults;

pub(super) use log::{ends, event, event_id, event_place, log_end, migration, payload, row_difference};

pub(super) use node::{BackendColumn, BackendHealthColumn, HeartbeatColumn, answered, control_key, node};

/// How a package's provenance is written in its column.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvenanceColumn {
    pub(super) source_refs: Vec<String>,
    pub(super) producer_version: Option<String>,
    pub(super) extra: Metadata,
}

/// Reads the columns of one row from left to right.
struct Reader<'r, R> {
    table: &'static str,
    columns: &'static [&'static str],
    row: &'r R,
    at: usize,
}

impl<'r, R: Columns> Reader<'r, R> {
    fn new(table: &'static str, columns: &'static [&'static str], row: &'r R) -> Self {
        Self { table, columns, row, at: 0 }
    }

    /// Reads the next column with `get` and takes it through `parse`.
    fn next<T, V>(
        &mut self,
        get: impl FnOnce(&'r R, usize) -> Result<T, sqlx::Error>,
        parse: impl FnOnce(T) -> Result<V, String>,
    ) -> Result<V, Fault> {
        let at = self.at;
        self.at += 1;
        get(self.row, at)
            .map_err(|_| "it is missing, or of another type than it should be".to_owned())
            .and_then(parse)
            .map_err(|rule| self.bad(at, &rule))
    }

    fn bad(&self, at: usize, rule: &str) -> Fault {
        let column = self.columns.get(at).copied().unwrap_or("?");
        faults::bad_row(self.table, column, &key(self.row), rule)
    }

    fn word<T: FromStr<Err: Display>>(&mut self) -> Result<T, Fault> {
        self.next(R::text, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    fn maybe_word<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>, Fault> {
        self.next(R::maybe_text, |text| text.map(str::parse).transpose().map_err(|error: T::Err| error.to_string()))
    }

    fn text(&mut self) -> Result<String, Fault> {
        self.next(R::text, |text| Ok(text.to_owned()))
    }

    fn maybe_text(&mut self) -> Result<Option<String>, Fault> {
        self.next(R::maybe_text, |text| Ok(text.map(str::to_owned)))
    }

    fn json<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Fault> {
        self.next(R::text, |text| serde_json::from_str(text).map_err(|error| error.to_string()))
    }

    fn flag(&mut self) -> Result<bool, Fault> {
        self.next(R::flag, Ok)
    }

    fn int(&mut self) -> Result<i64, Fault> {
        self.next(R::int, Ok)
    }

    fn count(&mut self) -> Result<u64, Fault> {
        self.next(R::int, |int| u64::try_from(int).map_err(|_| format!("{int} is less than nothing")))
    }

    fn maybe_count(&mut self) -> Result<Option<u64>, Fault> {
        self.next(R::maybe_int, |int| {
            int.map(|int| u64::try_from(int).map_err(|_| format!("{int} is less than nothing"))).transpose()
        })
    }

    fn time(&mut self) -> Result<Timestamp, Fault> {
        self.next(R::int, time)
    }

    fn maybe_time(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.next(R::maybe_int, |int| int.map(time).transpose())
    }

    fn raw<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.next(R::bytes, raw)
    }

    fn maybe_raw<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Fault> {
        self.next(R::maybe_bytes, |bytes| bytes.map(raw).transpose())
    }

    fn bytes(&mut self) -> Result<Bytes, Fault> {
        self.next(R::bytes, |bytes| Ok(Bytes::copy_from_slice(bytes)))
    }

    fn kind(&mut self) -> Result<SubjectKind, Fault> {
        self.next(R::text, |text| SubjectKind::find(text).ok_or_else(|| format!("{text} is no kind of subject")))
    }

    fn status(&mut self) -> Result<PackageStatus, Fault> {
        self.next(R::text, |text| PackageStatus::find(text).ok_or_else(|| format!("{text} is no status")))
    }
}

fn time(micros: i64) -> Result<Timestamp, String> {
    Timestamp::from_micros(micros).map_err(|refused| refused.to_string())
}

fn raw<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes.try_into().map_err(|_| format!("it has {} bytes, not {N}", bytes.len()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A package, as the statements that read one give its columns.
pub(super) fn package(row: &impl Columns) -> Result<PackageRecord, Fault> {
    const COLUMNS: &[&str] = &[
        "package_id",
        "namespace",
        "name",
        "producer",
        "subject",
        "kind",
        "retention_class",
        "metadata",
        "provenance",
        "actor",
        "status",
        "created_at",
        "finalized_at",
        "manifest_digest",
        "failure_reason",
        "current_expires_at",
        "file_count",
        "size_bytes",
        "revision",
        "last_event_sequence",
    ];
    let mut read = Reader::new("artifact_packages", COLUMNS, row);
    let package_id = PackageId::from_bytes(read.raw()?);
    let package = NewPackage {
        namespace: read.word()?,
        name: read.word()?,
        producer: read.word()?,
        subject: read.word()?,
        kind: read.maybe_word()?,
        class: read.word()?,
        metadata: read.json()?,
        provenance: read.json().map(|column: ProvenanceColumn| Provenance {
            source_refs: column.source_refs,
            producer_version: column.producer_version,
            extra: column.extra,
        })?,
    };
    Ok(PackageRecord {
        package_id,
        package,
        actor: read.word()?,
        status: read.status()?,
        created_at: read.time()?,
        finalized_at: read.maybe_time()?,
        manifest_digest: read.maybe_raw()?.map(ContentAddress::from_blake3),
        failure_reason: read.maybe_text()?,
        expires_at: read.maybe_time()?,
        file_count: read.count()?,
        size_bytes: read.count()?,
        revision: read.count()?,
        last_event_sequence: read.count()?,
    })
}

/// What decisions need to know of a package, as `find_states` gives it.
pub(super) fn state(row: &impl Columns) -> Result<Package, Fault> {
    const COLUMNS: &[&str] = &[
        "package_id",
        "namespace",
        "retention_class",
        "status",
        "created_at",
        "manifest_digest",
        "current_expires_at",
        "file_count",
        "size_bytes",
        "revision",
        "last_event_sequence",
    ];
    let mut read = Reader::new("artifact_packages", COLUMNS, row);
    Ok(Package {
        package_id: PackageId::from_bytes(read.raw()?),
        namespace: read.word()?,
        class: read.word()?,
        status: read.status()?,
        created_at: read.time()?,
        manifest_digest: read.maybe_raw()?.map(ContentAddress::from_blake3),
        expires_at: read.maybe_time()?,
        file_count: read.count()?,
        size_bytes: read.count()?,
        revision: read.count()?,
        last_event_sequence: read.count()?,
    })
}

/// A path of a package, as `find_paths` gives it: a file, or a directory where there is none.
pub(super) fn path(row: &impl Columns) -> Result<(PackageId, RelativePath, Option<FileFact>), Fault> {
    const COLUMNS: &[&str] =
        &["package_id", "relative_path", "file_id", "media_type", "executable", "size_bytes", "digest_primary"];
    let mut read = Reader::new("artifact_files", COLUMNS, row);
    let package = PackageId::from_bytes(read.raw()?);
    let path = read.word()?;
    let Some(file_id) = read.maybe_raw()? else { return Ok((package, path, None)) };
    let fact = FileFact {
        file_id: FileId::from_bytes(file_id),
        media_type: read.word()?,
        executable: read.flag()?,
        size_bytes: read.count()?,
        content_address: ContentAddress::from_blake3(read.raw()?),
    };
    Ok((package, path, Some(fact)))
}

/// The columns of a file, and those of a location of its blob that may follow.
const FILE_COLUMNS: &[&str] = &[
    "file_id",
    "package_id",
    "relative_path",
    "media_type",
    "executable",
    "size_bytes",
    "digest_primary",
    "digest_sha256",
    "created_at",
    "backend_id",
    "storage_key",
    "byte_offset",
    "byte_length",
    "node_id",
    "stored_at",
];

/// A file, as the statements that read one give its columns.
pub(super) fn file(row: &impl Columns) -> Result<FileRecord, Fault> {
    read_file(&mut Reader::new("artifact_files", FILE_COLUMNS, row))
}

fn read_file<R: Columns>(read: &mut Reader<'_, R>) -> Result<FileRecord, Fault> {
    Ok(FileRecord {
        file_id: FileId::from_bytes(read.raw()?),
        package_id: PackageId::from_bytes(read.raw()?),
        relative_path: read.word()?,
        media_type: read.word()?,
        executable: read.flag()?,
        size_bytes: read.count()?,
        content_address: ContentAddress::from_blake3(read.raw()?),
        sha256: Digest::new(Algorithm::Sha256, read.raw()?),
        created_at: read.time()?,
    })
}

/// A file and one location of its blob, if there is any, as `list_placed_files` gives them.
pub(super) fn placed_file(row: &impl Columns) -> Result<(FileRecord, Option<StoredLocation>), Fault> {
    let mut read = Reader::new("artifact_files", FILE_COLUMNS, row);
    let file = read_file(&mut read)?;
    let Some(backend_id) = read.maybe_word()? else { return Ok((file, None)) };
    let location = Location { backend_id, key: read.text()?, offset: read.count()?, length: read.count()? };
    let content_address = file.content_address;
    let stored = StoredLocation { content_address, location, node_id: read.word()?, stored_at: read.time()? };
    Ok((file, Some(stored)))
}

/// A location, as `list_locations` gives it.
pub(super) fn location(row: &impl Columns) -> Result<StoredLocation, Fault> {
    const COLUMNS: &[&str] =
        &["content_address", "backend_id", "storage_key", "byte_offset", "byte_length", "node_id", "stored_at"];
    let mut read = Reader::new("storage_locations", COLUMNS, row);
    Ok(StoredLocation {
        content_address: read.word()?,
        location: Location {
            backend_id: read.word()?,
            key: read.text()?,
            offset: read.count()?,
            length: read.count()?,
        },
        node_id: read.word()?,
        stored_at: read.time()?,
    })
}

/// A retention class, as `list_classes` gives it.
pub(super) fn class(row: &impl Columns) -> Result<RetentionClass, Fault> {
    let mut read = Reader::new("retention_classes", &["name", "description", "duration_seconds"], row);
    Ok(RetentionClass { name: read.word()?, description: read.text()?, duration_seconds: read.maybe_count()? })
}

/// A contract event that is in the log, as `find_contract_events` gives it.
pub(super) fn contract_event(row: &impl Columns) -> Result<(Namespace, String, KnownContractEvent), Fault> {
    let mut read = Reader::new("contract_events", &["namespace", "event_id", "digest", "sequence"], row);
    let (namespace, event_id) = (read.word()?, read.text()?);
    Ok((namespace, event_id, KnownContractEvent { digest: read.raw()?, sequence: read.count()? }))
}

/// The state of a stream, as `find_contract_states` gives it.
pub(super) fn contract_state(row: &impl Columns) -> Result<ContractStateRow, Fault> {
    const COLUMNS: &[&str] =
        &["subject_id", "event_count", "size_bytes", "last_key", "last_event_sequence", "failed", "state", "memory"];
    let mut read = Reader::new("contract_states", COLUMNS, row);
    Ok(ContractStateRow {
        subject_id: read.text()?,
        event_count: read.count()?,
        size_bytes: read.count()?,
        last_key: read.bytes()?.into(),
        last_event_sequence: read.count()?,
        failed: read.flag()?,
        state: read.text()?,
        memory: read.text()?,
    })
}

/// An event at its place in its stream.
pub(super) struct StreamEvent {
    pub(super) subject_id: String,
    pub(super) sort_key: Vec<u8>,
    pub(super) sequence: Sequence,
    pub(super) payload: Bytes,
}

/// An event of a stream, as `list_stream_events` and `list_streams_events` give it.
pub(super) fn stream_event(row: &impl Columns) -> Result<StreamEvent, Fault> {
    let mut read = Reader::new("contract_events", &["subject_id", "sort_key", "sequence", "payload"], row);
    Ok(StreamEvent {
        subject_id: read.text()?,
        sort_key: read.bytes()?.into(),
        sequence: read.count()?,
        payload: read.bytes()?,
    })
}

/// A number that stands alone in its row, and cannot be less than nothing.
pub(super) fn count(table: &'static str, column: &'static [&'static str], row: &impl Columns) -> Result<u64, Fault> {
    Reader::new(table, column, row).count()
}

/// The first column, whatever it is, as people can look for it.
pub(super) fn key(row: &impl Columns) -> String {
    // SQLite gives a text out as bytes too.
    let key = row.text(0).map(str::to_owned).or_else(|_| row.bytes(0).map(hex));
    key.or_else(|_| row.int(0).map(|key| key.to_string())).unwrap_or_else(|_| "?".to_owned())
}
