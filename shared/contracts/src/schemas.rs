//! JSON Schemas, generated from the types and checked in beside them.
//!
//! The text is canonical: sorted members, two spaces, one line break at the end. What is checked in is what
//! [`crate::validator`] enforces, and a test holds both to the types, so a change of a type cannot leave its schema
//! behind unnoticed.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::catalogue::{self, ENVELOPE, ENVELOPE_SCHEMA, FAMILIES, ModelEntry};

/// Where a schema's `$id` begins: the name of the contract.
const ID_PREFIX: &str = "spec-kitty-events/";
const SUFFIX: &str = ".schema.json";

/// One schema as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFile {
    /// Its name, such as `event.schema.json`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The schema of one model, generated from its type.
pub fn generate(model: &ModelEntry) -> SchemaFile {
    let mut schema = model.json_schema();
    schema.insert("$id".to_owned(), format!("{ID_PREFIX}{}", model.schema).into());
    let mut text = format!("{:#}", sorted(schema.to_value()));
    text.push('\n');
    SchemaFile { name: format!("{}{SUFFIX}", model.schema), text }
}

/// The schema of every model, by file name.
pub fn generate_all() -> Vec<SchemaFile> {
    let mut files: Vec<_> = catalogue::models().map(generate).collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

/// Every checked-in schema, by file name, as compiled into this crate.
pub fn checked_in() -> impl Iterator<Item = (&'static str, &'static str)> {
    let families = FAMILIES.iter().flat_map(|family| family.schemas.iter().copied());
    std::iter::once(ENVELOPE_SCHEMA).chain(families)
}

/// The checked-in schema of one model.
pub(crate) fn find_checked_in(model: &ModelEntry) -> Option<&'static str> {
    let stem = |name: &'static str| name.strip_suffix(SUFFIX);
    checked_in().find(|(name, _)| stem(name) == Some(model.schema)).map(|(_, text)| text)
}

/// Sorts members at every depth, whatever order the JSON library keeps.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.into_iter().map(|(name, member)| (name, sorted(member))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        scalar => scalar,
    }
}

/// Writes every schema into one directory, which is created if need be. Returns what was written.
///
/// # Errors
/// What the file system refuses.
pub fn write(directory: &Path) -> io::Result<Vec<PathBuf>> {
    write_files(directory, &generate_all())
}

/// Writes every schema to where it is checked in: the envelope's and each family's folder below the crate's `src`.
///
/// # Errors
/// What the file system refuses.
pub fn write_in_tree(src: &Path) -> io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (folder, files) in tree() {
        written.extend(write_files(&src.join(folder), &files)?);
    }
    Ok(written)
}

/// Compares every schema in one directory with the types.
///
/// # Errors
/// Drift, or what the file system refuses.
pub fn check(directory: &Path) -> Result<(), CheckError> {
    let mut drift = Vec::new();
    compare(directory, &generate_all(), &mut drift)?;
    refuse(drift)
}

/// Compares every schema with the types where it is checked in, below the crate's `src`.
///
/// # Errors
/// Drift, or what the file system refuses.
pub fn check_in_tree(src: &Path) -> Result<(), CheckError> {
    let mut drift = Vec::new();
    for (folder, files) in tree() {
        compare(&src.join(folder), &files, &mut drift)?;
    }
    refuse(drift)
}

/// Compares the schemas compiled into this crate with its types. Needs no file.
///
/// # Errors
/// Drift.
pub fn check_compiled_in() -> Result<(), CheckError> {
    let present: Vec<_> = checked_in().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let mut drift = Vec::new();
    difference(Path::new(""), &generate_all(), present, &mut drift);
    refuse(drift)
}

/// Each folder below `src` that holds schemas, with what it should hold.
fn tree() -> Vec<(PathBuf, Vec<SchemaFile>)> {
    let mut tree = vec![(PathBuf::from("envelope/schemas"), vec![generate(&ENVELOPE)])];
    for family in FAMILIES {
        let folder = Path::new("catalogue").join(family.name.replace('-', "_")).join("schemas");
        tree.push((folder, family.models().map(generate).collect()));
    }
    tree
}

fn write_files(directory: &Path, files: &[SchemaFile]) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(directory)?;
    let mut written = Vec::new();
    for file in files {
        let path = directory.join(&file.name);
        fs::write(&path, &file.text)?;
        written.push(path);
    }
    Ok(written)
}

fn compare(directory: &Path, expected: &[SchemaFile], drift: &mut Vec<Drift>) -> Result<(), CheckError> {
    let refused = |error| CheckError::Io { path: directory.to_owned(), error };
    let mut present = Vec::new();
    for entry in fs::read_dir(directory).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if let Some(name) = entry.file_name().to_str().filter(|name| name.ends_with(SUFFIX)) {
            let bytes = fs::read(entry.path()).map_err(refused)?;
            present.push((name.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    difference(directory, expected, present, drift);
    Ok(())
}

fn difference(directory: &Path, expected: &[SchemaFile], present: Vec<(String, String)>, drift: &mut Vec<Drift>) {
    let mut unmatched: BTreeSet<&str> = expected.iter().map(|file| file.name.as_str()).collect();
    let mut note = |name: &str, kind| drift.push(Drift { file: directory.join(name), kind });
    for (name, text) in present {
        match expected.iter().find(|file| file.name == name) {
            None => note(&name, DriftKind::Unexpected),
            Some(file) if file.text != text => note(&name, DriftKind::Differs),
            Some(_) => {}
        }
        if let Some(file) = expected.iter().find(|file| file.name == name) {
            unmatched.remove(file.name.as_str());
        }
    }
    for name in unmatched {
        note(name, DriftKind::Missing);
    }
}

fn refuse(drift: Vec<Drift>) -> Result<(), CheckError> {
    if drift.is_empty() { Ok(()) } else { Err(CheckError::Drift(drift)) }
}

/// One schema file that is not what the types say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The file.
    pub file: PathBuf,
    /// How it differs.
    pub kind: DriftKind,
}

/// How a schema file differs from the types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftKind {
    /// It is not there.
    Missing,
    /// It says something else.
    Differs,
    /// No type has this schema.
    Unexpected,
}

impl fmt::Display for Drift {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            DriftKind::Missing => "is missing",
            DriftKind::Differs => "differs from the types",
            DriftKind::Unexpected => "belongs to no type",
        };
        write!(out, "{} {kind}", self.file.display())
    }
}

/// Why a check of schemas did not pass.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Files and types differ.
    #[error("{} schema(s) drifted: {}", .0.len(), .0.iter().map(Drift::to_string).collect::<Vec<_>>().join("; "))]
    Drift(Vec<Drift>),
    /// A directory or file could not be read.
    #[error("could not read schemas in {}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the file system said.
        #[source]
        error: io::Error,
    },
}

#[cfg(test)]
mod tests;
