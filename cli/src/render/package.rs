//! Packages.

use artifactstore_types::{
    Actor, ClassName, ContentAddress, Metadata, Name, Namespace, PackageId, PackageRecord, Producer, Subject,
    Timestamp, Value,
};
use serde::Serialize;

use super::{file, text};

/// A package as JSON.
#[derive(Serialize)]
pub struct PackageJson<'a> {
    package_id: PackageId,
    namespace: &'a Namespace,
    name: &'a Name,
    producer: &'a Producer,
    subject: &'a Subject,
    kind: Option<&'a Name>,
    class: &'a ClassName,
    status: &'static str,
    actor: &'a Actor,
    created_at: Timestamp,
    finalized_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    manifest_digest: Option<ContentAddress>,
    failure_reason: Option<&'a str>,
    file_count: u64,
    size_bytes: u64,
    metadata: &'a Metadata,
    provenance: ProvenanceJson<'a>,
    revision: u64,
    last_event_sequence: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<file::FileJson<'a>>>,
}

#[derive(Serialize)]
struct ProvenanceJson<'a> {
    source_refs: &'a [String],
    producer_version: Option<&'a str>,
    extra: &'a Metadata,
}

/// A package as JSON, with its files where they are wanted.
pub fn json<'a>(record: &'a PackageRecord, files: Option<Vec<file::FileJson<'a>>>) -> PackageJson<'a> {
    let package = &record.package;
    PackageJson {
        package_id: record.package_id,
        namespace: &package.namespace,
        name: &package.name,
        producer: &package.producer,
        subject: &package.subject,
        kind: package.kind.as_ref(),
        class: &package.class,
        status: record.status.name(),
        actor: &record.actor,
        created_at: record.created_at,
        finalized_at: record.finalized_at,
        expires_at: record.expires_at,
        manifest_digest: record.manifest_digest,
        failure_reason: record.failure_reason.as_deref(),
        file_count: record.file_count,
        size_bytes: record.size_bytes,
        metadata: &package.metadata,
        provenance: ProvenanceJson {
            source_refs: &package.provenance.source_refs,
            producer_version: package.provenance.producer_version.as_deref(),
            extra: &package.provenance.extra,
        },
        revision: record.revision,
        last_event_sequence: record.last_event_sequence,
        files,
    }
}

/// A package, a line for everything known of it.
pub fn shown(record: &PackageRecord) -> String {
    let package = &record.package;
    let provenance = &package.provenance;
    let metadata = package.metadata.iter().map(|(key, value)| format!("{key}={}", word(value))).collect::<Vec<_>>();
    let some = |values: &[String]| (!values.is_empty()).then(|| values.join(", "));
    text::fields(&[
        ("package", Some(record.package_id.to_string())),
        ("name", Some(package.name.to_string())),
        ("namespace", Some(package.namespace.to_string())),
        ("producer", Some(package.producer.to_string())),
        ("subject", Some(package.subject.to_string())),
        ("kind", text::optional(package.kind.as_ref())),
        ("class", Some(package.class.to_string())),
        ("status", Some(record.status.name().to_owned())),
        ("reason", record.failure_reason.clone()),
        ("files", Some(text::count(record.file_count, "file"))),
        ("size", Some(text::count(record.size_bytes, "byte"))),
        ("manifest", text::optional(record.manifest_digest)),
        ("created", Some(format!("{} by {}", record.created_at, record.actor))),
        ("finalized", text::optional(record.finalized_at)),
        ("expires", Some(text::optional(record.expires_at).unwrap_or_else(|| "never".to_owned()))),
        ("metadata", some(&metadata)),
        ("sources", some(&provenance.source_refs)),
        ("version", provenance.producer_version.clone()),
    ])
}

/// Packages in a table.
pub fn table(records: &[PackageRecord]) -> String {
    let header = ["PACKAGE", "STATUS", "CREATED", "FILES", "SIZE", "CLASS", "PRODUCER", "SUBJECT", "NAME"];
    let row = |record: &PackageRecord| {
        vec![
            record.package_id.to_string(),
            record.status.name().to_owned(),
            text::second(record.created_at),
            record.file_count.to_string(),
            text::size(record.size_bytes),
            record.package.class.to_string(),
            record.package.producer.to_string(),
            record.package.subject.to_string(),
            record.package.name.to_string(),
        ]
    };
    text::table(&header, records.iter().map(row))
}

fn word(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}
