//! Documents with known verdicts and streams with known states.
//!
//! Each family brings its own, compiled in; a directory in the published layout, with a `manifest.json` at its root,
//! is read the same way. What the documents prove is left to whoever validates and reduces them.

mod manifest;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::catalogue::FAMILIES;
use crate::model::Repr;
pub use manifest::{ExpectedResult, Manifest, ManifestEntry};

const MANIFEST: &str = "manifest.json";
const REPLAY_STREAM: &str = "replay_stream";
const REDUCER_OUTPUT: &str = "reducer_output";

/// One document with its verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct FixtureCase {
    /// Its identifier in the manifest.
    pub id: String,
    /// The document.
    pub payload: Value,
    /// Whether it is valid.
    pub expected_valid: bool,
    /// The type to validate it as.
    pub event_type: String,
    /// What it shows.
    pub notes: String,
    /// The version of the contract that it came with.
    pub min_version: String,
}

/// Why a fixture could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// No fixtures of this category are known.
    #[error("Unknown fixture category: {}", Repr(.0))]
    UnknownCategory(String),
    /// The manifest calls a fixture something that is neither document, stream nor state.
    #[error("Unknown fixture type {} of {}", Repr(fixture_type), Repr(id))]
    UnknownFixtureType {
        /// The fixture.
        id: String,
        /// What it is called.
        fixture_type: String,
    },
    /// The manifest has no fixture of this identifier.
    #[error("Unknown fixture id: {}", Repr(.0))]
    UnknownId(String),
    /// The fixture is of another type than was asked for.
    #[error("Fixture {} is no {wanted}", Repr(id))]
    OtherType {
        /// The fixture.
        id: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The manifest names a file that is not there.
    #[error("Fixture file not found: {}", .0.display())]
    FileNotFound(PathBuf),
    /// The manifest names a file outside the fixtures.
    #[error("Fixture path {} leaves the fixtures", Repr(.0))]
    PathRefused(String),
    /// A file could not be read.
    #[error("could not read fixture {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        error: io::Error,
    },
    /// A file is not the JSON it should be.
    #[error("fixture {} is malformed", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: serde_json::Error,
    },
}

/// A manifest and the files it names.
#[derive(Debug)]
pub struct FixtureSet {
    manifest: Manifest,
    files: Files,
}

#[derive(Debug)]
enum Files {
    CompiledIn,
    Directory(PathBuf),
}

/// The documents of one category, from the families' own fixtures.
///
/// # Errors
/// An unknown category.
pub fn load_fixtures(category: &str) -> Result<Vec<FixtureCase>, FixtureError> {
    FixtureSet::compiled_in()?.load_fixtures(category)
}

/// The events of one replay stream, from the families' own fixtures.
///
/// # Errors
/// An unknown identifier, or one that names no replay stream.
pub fn load_replay_stream(id: &str) -> Result<Vec<Value>, FixtureError> {
    FixtureSet::compiled_in()?.load_replay_stream(id)
}

impl FixtureSet {
    /// The families' own fixtures. Each family has a manifest; together they are one.
    ///
    /// # Errors
    /// A manifest that is none, which a test rules out.
    pub fn compiled_in() -> Result<Self, FixtureError> {
        let mut manifest = Manifest::default();
        let texts = FAMILIES.iter().flat_map(|family| family.fixtures).filter(|(path, _)| *path == MANIFEST);
        for (path, text) in texts {
            manifest.extend(parse(path, text)?);
        }
        Ok(Self { manifest, files: Files::CompiledIn })
    }

    /// The fixtures of a directory with a `manifest.json`.
    ///
    /// # Errors
    /// A manifest that is absent, cannot be read or is none.
    pub fn open(directory: &Path) -> Result<Self, FixtureError> {
        let files = Files::Directory(directory.to_owned());
        let manifest = parse(MANIFEST, &files.read(MANIFEST)?)?;
        Ok(Self { manifest, files })
    }

    /// What the manifest says.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Every category with fixtures: those of the families and those the manifest has beside.
    pub fn list_categories(&self) -> BTreeSet<&str> {
        let own = FAMILIES.iter().map(|family| family.category);
        own.chain(self.manifest.fixtures.iter().map(ManifestEntry::category)).collect()
    }

    /// The documents of one category, in the order of the manifest; streams and states are passed over.
    ///
    /// # Errors
    /// An unknown category, a fixture of unknown type, or a file that is absent, cannot be read or is no JSON.
    pub fn load_fixtures(&self, category: &str) -> Result<Vec<FixtureCase>, FixtureError> {
        if !self.list_categories().contains(category) {
            return Err(FixtureError::UnknownCategory(category.to_owned()));
        }
        let mut cases = Vec::new();
        for entry in self.manifest.fixtures.iter().filter(|entry| entry.category() == category) {
            match entry.fixture_type.as_deref() {
                Some(REPLAY_STREAM | REDUCER_OUTPUT) => {}
                Some(other) => {
                    let (id, fixture_type) = (entry.id.clone(), other.to_owned());
                    return Err(FixtureError::UnknownFixtureType { id, fixture_type });
                }
                None => cases.push(FixtureCase {
                    id: entry.id.clone(),
                    payload: parse(&entry.path, &self.files.read(&entry.path)?)?,
                    expected_valid: entry.expected_result == ExpectedResult::Valid,
                    event_type: entry.event_type.clone(),
                    notes: entry.notes.clone(),
                    min_version: entry.min_version.clone(),
                }),
            }
        }
        Ok(cases)
    }

    /// The events of one replay stream; blank lines are passed over.
    ///
    /// # Errors
    /// An unknown identifier, one that names no replay stream, or a file that is absent, cannot be read or is no JSONL.
    pub fn load_replay_stream(&self, id: &str) -> Result<Vec<Value>, FixtureError> {
        let (path, text) = self.load_typed(id, REPLAY_STREAM)?;
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| parse(path, line)).collect()
    }

    /// The state that a reducer must give for some replay stream.
    ///
    /// # Errors
    /// An unknown identifier, one that names no state, or a file that is absent, cannot be read or is no JSON.
    pub fn load_reducer_output(&self, id: &str) -> Result<Value, FixtureError> {
        let (path, text) = self.load_typed(id, REDUCER_OUTPUT)?;
        parse(path, &text)
    }

    fn load_typed(&self, id: &str, wanted: &'static str) -> Result<(&str, Cow<'static, str>), FixtureError> {
        let entry = self.manifest.fixtures.iter().find(|entry| entry.id == id);
        let entry = entry.ok_or_else(|| FixtureError::UnknownId(id.to_owned()))?;
        if entry.fixture_type.as_deref() != Some(wanted) {
            return Err(FixtureError::OtherType { id: id.to_owned(), wanted });
        }
        Ok((&entry.path, self.files.read(&entry.path)?))
    }
}

impl Files {
    fn read(&self, path: &str) -> Result<Cow<'static, str>, FixtureError> {
        let place = Path::new(path);
        if !place.components().all(|component| matches!(component, Component::Normal(_))) {
            return Err(FixtureError::PathRefused(path.to_owned()));
        }
        match self {
            Self::CompiledIn => {
                let mut files = FAMILIES.iter().flat_map(|family| family.fixtures);
                let found = files.find(|(known, _)| *known == path);
                found.map(|(_, text)| Cow::Borrowed(*text)).ok_or_else(|| FixtureError::FileNotFound(place.to_owned()))
            }
            Self::Directory(directory) => {
                let path = directory.join(place);
                match fs::read_to_string(&path) {
                    Ok(text) => Ok(Cow::Owned(text)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FixtureError::FileNotFound(path)),
                    Err(error) => Err(FixtureError::Io { path, error }),
                }
            }
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &str, text: &str) -> Result<T, FixtureError> {
    serde_json::from_str(text).map_err(|error| FixtureError::Malformed { path: path.into(), error })
}
