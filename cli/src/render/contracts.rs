//! Schemas and fixtures of contracts. Results of validation and states are JSON for people too, and shown as they are.

use std::path::Path;

use artifactstore_contracts::{
    fixtures::{ExpectedResult, ManifestEntry},
    schemas::{Drift, DriftKind, SchemaFile},
};
use serde::Serialize;
use serde_json::Value;

use super::text;

/// A schema as JSON.
#[derive(Serialize)]
pub struct SchemaJson<'a> {
    name: &'a str,
    schema: Value,
}

/// A schema as JSON.
pub fn schema_json(file: &SchemaFile) -> serde_json::Result<SchemaJson<'_>> {
    Ok(SchemaJson { name: &file.name, schema: serde_json::from_str(&file.text)? })
}

/// A file that was written, as JSON.
#[derive(Serialize)]
pub struct WrittenJson {
    path: String,
}

/// A file that was written, as JSON.
pub fn written_json(path: &Path) -> WrittenJson {
    WrittenJson { path: path.display().to_string() }
}

/// A file that was written.
pub fn written(path: &Path) -> String {
    text::safe(&path.display().to_string()).into_owned()
}

/// How schemas differ from the types, as JSON.
#[derive(Serialize)]
pub struct DriftJson {
    identical: bool,
    drift: Vec<DriftedJson>,
}

#[derive(Serialize)]
struct DriftedJson {
    file: String,
    kind: &'static str,
}

/// How schemas differ from the types, as JSON.
pub fn drift_json(drift: &[Drift]) -> DriftJson {
    let drifted = |it: &Drift| DriftedJson { file: it.file.display().to_string(), kind: kind(it.kind) };
    DriftJson { identical: drift.is_empty(), drift: drift.iter().map(drifted).collect() }
}

const fn kind(kind: DriftKind) -> &'static str {
    match kind {
        DriftKind::Missing => "missing",
        DriftKind::Differs => "differs",
        DriftKind::Unexpected => "unexpected",
    }
}

/// How schemas differ from the types, a line each.
pub fn drift(drift: &[Drift]) -> String {
    if drift.is_empty() {
        return "every schema says what its type says".to_owned();
    }
    drift.iter().map(|it| text::safe(&it.to_string()).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Fixtures in a table.
pub fn fixtures(entries: &[&ManifestEntry]) -> String {
    let row = |entry: &&ManifestEntry| {
        let expected = match entry.expected_result {
            ExpectedResult::Valid => "valid",
            ExpectedResult::Invalid => "invalid",
        };
        vec![entry.id.clone(), expected.to_owned(), entry.event_type.clone(), entry.path.clone()]
    };
    text::table(&["ID", "EXPECTED", "TYPE", "PATH"], entries.iter().map(row))
}
