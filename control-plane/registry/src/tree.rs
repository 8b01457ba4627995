//! The paths of a package as far as a decision has to know them: which are files, and which are directories because a
//! file lies below. Two files may not share a path, and a file may not stand where a directory does: such a package
//! could never be written back to a directory.

use std::collections::{HashMap, HashSet};

use artifactstore_types::RelativePath;

use crate::facts::FileFact;

/// Some files of one package, or all of them, and the directories they imply.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: HashMap<String, FileFact>,
    directories: HashSet<String>,
    /// Whether these are all files the package has: a path that is not here is not there either.
    complete: bool,
}

impl Tree {
    /// The tree of a package without files.
    pub(crate) fn empty() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Whether it has every file of its package.
    pub(crate) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// How many files it has.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The file at this path.
    pub(crate) fn find(&self, path: &RelativePath) -> Option<&FileFact> {
        self.files.get(path.as_str())
    }

    /// Whether something lies below this path.
    pub(crate) fn is_directory(&self, path: &RelativePath) -> bool {
        self.directories.contains(path.as_str())
    }

    /// The file that stands where this path has a directory, if there is one.
    pub(crate) fn file_above(&self, path: &RelativePath) -> Option<String> {
        ancestors(path).find(|ancestor| self.files.contains_key(*ancestor)).map(str::to_owned)
    }

    /// Adds a file, or binds it anew.
    pub(crate) fn insert(&mut self, path: &RelativePath, fact: FileFact) {
        for ancestor in ancestors(path) {
            if !self.directories.contains(ancestor) {
                self.directories.insert(ancestor.to_owned());
            }
        }
        self.files.insert(path.as_str().to_owned(), fact);
    }

    /// Says that something lies below this path.
    pub(crate) fn insert_directory(&mut self, path: String) {
        self.directories.insert(path);
    }
}

/// The directories a path implies, the innermost first: of `a/b/c`, `a/b` and `a`.
pub(crate) fn ancestors(path: &RelativePath) -> impl Iterator<Item = &str> {
    let text = path.as_str();
    text.rmatch_indices('/').map(|(at, _)| &text[..at])
}
