//! Binding paths to durable blobs. Each file is held against the files the package has and those before it in the same
//! command. What a receipt says must be consistent, and within what the columns, the manifest and JSON can hold.

use artifactstore_types::{Algorithm, MAX_SAFE_INTEGER, RelativePath};

use crate::{
    CommitFiles, Decision, Event, Facts, FileFact, NewFile, Package, PackageCommand, Refusal,
    event::{FileIngested, FileReplaced, Replaced},
    tree::Tree,
};

use super::require_open;

/// How many files a package may have: what a manifest of it can still be built from in memory and sent in one message.
pub const MAX_FILES_PER_PACKAGE: u64 = 250_000;

/// The largest number a manifest can hold.
const MAX_BYTES: u64 = MAX_SAFE_INTEGER.unsigned_abs();
const MAX_KEY_BYTES: usize = 1024;

pub(super) fn decide(
    package: &Package,
    facts: &Facts,
    command: &PackageCommand,
    commit: &CommitFiles,
) -> Result<Decision, Refusal> {
    require_open(package)?;
    if commit.files.len() > CommitFiles::MAX_FILES {
        return Err(Refusal::CommandTooLarge { files: commit.files.len() });
    }
    let mut draft = Draft {
        known: facts.tree(package.package_id),
        added: Tree::default(),
        file_count: package.file_count,
        size_bytes: package.size_bytes,
    };
    let mut decision = Decision::new(command.at, Vec::with_capacity(commit.files.len()));
    for (index, file) in commit.files.iter().enumerate() {
        match draft.bind(file, commit.replace) {
            Ok(event) => decision.events.push(event),
            Err(refusal) if commit.all_or_nothing => return Err(refusal),
            Err(refusal) => decision.refused.push((index, refusal)),
        }
    }
    Ok(decision)
}

/// The package as it is after the files decided so far.
struct Draft<'a> {
    known: Option<&'a Tree>,
    added: Tree,
    file_count: u64,
    size_bytes: u64,
}

impl Draft<'_> {
    fn bind(&mut self, new: &NewFile, replace: bool) -> Result<Event, Refusal> {
        check_receipt(new)?;
        let path = &new.relative_path;
        let existing = self.find(path).cloned();
        let old_size = existing.as_ref().map_or(0, |file| file.size_bytes);
        let size_bytes = self.size_bytes.saturating_sub(old_size).saturating_add(new.receipt.digests.size_bytes);
        if size_bytes > MAX_BYTES {
            return Err(Refusal::TooManyBytes);
        }
        let (event, file) = match existing {
            Some(_) if !replace => return Err(Refusal::PathExists(path.clone())),
            Some(old) => {
                let replaced = Replaced { size_bytes: old.size_bytes, content_address: old.content_address };
                let event = FileReplaced::new(new, old.file_id, replaced);
                let fact = event.current.fact();
                (Event::FileReplaced(event), fact)
            }
            None if self.file_count >= MAX_FILES_PER_PACKAGE => return Err(Refusal::TooManyFiles),
            None => {
                self.require_free(path)?;
                self.file_count += 1;
                let event = FileIngested::from(new);
                let fact = event.fact();
                (Event::FileIngested(event), fact)
            }
        };
        self.size_bytes = size_bytes;
        self.added.insert(path, file);
        Ok(event)
    }

    fn find(&self, path: &RelativePath) -> Option<&FileFact> {
        self.added.find(path).or_else(|| self.known?.find(path))
    }

    /// Refuses a path that a directory has already, or whose directory is a file.
    fn require_free(&self, path: &RelativePath) -> Result<(), Refusal> {
        let refuse = |other| Err(Refusal::PathIsDirectory { path: path.clone(), other });
        for tree in self.known.into_iter().chain([&self.added]) {
            if tree.is_directory(path) {
                return refuse(format!("{path}/…"));
            }
            if let Some(file) = tree.file_above(path) {
                return refuse(file);
            }
        }
        Ok(())
    }
}

fn check_receipt(new: &NewFile) -> Result<(), Refusal> {
    let digests = &new.receipt.digests;
    let location = &new.receipt.location;
    let rule = if digests.blake3.algorithm() != Algorithm::Blake3 || digests.sha256.algorithm() != Algorithm::Sha256 {
        "a digest is of another algorithm than its place"
    } else if location.length != digests.size_bytes {
        "the length at the location is not the size of the blob"
    } else if location.offset.saturating_add(location.length) > MAX_BYTES {
        "the location ends beyond 2^53 − 1 bytes"
    } else if location.key.is_empty() || location.key.len() > MAX_KEY_BYTES {
        "a key has 1 to 1,024 bytes"
    } else if location.key.chars().any(char::is_control) {
        "a key has no control characters"
    } else {
        return Ok(());
    };
    Err(Refusal::BadReceipt { path: new.relative_path.clone(), rule })
}
