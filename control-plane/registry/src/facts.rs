//! What decisions need to know beside the state of their package: retention classes, and which of the paths they touch
//! are taken. [`Needs`] says what to load for a batch of commands; whoever has loaded it fills [`Facts`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use artifactstore_types::{
    ClassName, ContentAddress, FileId, FileRecord, MediaType, PackageId, RelativePath, RetentionClass,
};

use crate::{
    AnsweredTicket, Prepared, Request, TicketUuid,
    event::Event,
    tree::{Tree, ancestors},
};

/// What is known of a file that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// Its identity.
    pub file_id: FileId,
    /// Its blob.
    pub content_address: ContentAddress,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its media type.
    pub media_type: MediaType,
    /// Whether its executable bit is set.
    pub executable: bool,
}

impl From<&FileRecord> for FileFact {
    fn from(file: &FileRecord) -> Self {
        Self {
            file_id: file.file_id,
            content_address: file.content_address,
            size_bytes: file.size_bytes,
            media_type: file.media_type.clone(),
            executable: file.executable,
        }
    }
}

/// What to load before a batch of commands can be decided. Paths of packages without files need not be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The state of these packages.
    pub packages: BTreeSet<PackageId>,
    /// The files at these paths, where there are any: the paths themselves, and each directory they imply.
    pub files: BTreeSet<(PackageId, String)>,
    /// Whether any file lies below these paths.
    pub directories: BTreeSet<(PackageId, String)>,
    /// Whether the retention classes are needed.
    pub classes: bool,
    /// What was stated under these parts of these tickets, where anything was.
    pub tickets: BTreeSet<(TicketUuid, u64)>,
}

impl Needs {
    /// What these commands need.
    pub fn of(commands: &[Prepared]) -> Self {
        let mut needs = Self::default();
        for command in commands.iter().map(|prepared| &prepared.command) {
            needs.packages.insert(command.package_id);
            match &command.request {
                Request::CommitFiles(commit) => {
                    needs.tickets.extend(commit.answered.iter().map(|answered| (answered.ticket_id, answered.part)));
                    for file in &commit.files {
                        needs.touch(command.package_id, &file.relative_path);
                    }
                }
                Request::CreatePackage(_) | Request::FinalizePackage(_) => needs.classes = true,
                Request::FailPackage { .. } => {}
            }
        }
        needs
    }

    fn touch(&mut self, package: PackageId, path: &RelativePath) {
        self.directories.insert((package, path.as_str().to_owned()));
        self.files.insert((package, path.as_str().to_owned()));
        for ancestor in ancestors(path) {
            if !self.files.insert((package, ancestor.to_owned())) {
                break;
            }
        }
    }

    /// Forgets the paths of packages that are not among `with_files`.
    pub fn keep_paths_of(&mut self, with_files: impl Fn(PackageId) -> bool) {
        self.files.retain(|(package, _)| with_files(*package));
        self.directories.retain(|(package, _)| with_files(*package));
    }
}

/// What is known, loaded as [`Needs`] asked and kept current by the events decided since.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    classes: BTreeMap<ClassName, RetentionClass>,
    trees: HashMap<PackageId, Tree>,
    answered: HashMap<(TicketUuid, u64), [u8; 32]>,
}

impl Facts {
    /// These classes exist.
    pub fn add_classes(&mut self, classes: impl IntoIterator<Item = RetentionClass>) {
        self.classes.extend(classes.into_iter().map(|class| (class.name.clone(), class)));
    }

    /// This file exists.
    pub fn add_file(&mut self, package: PackageId, path: &RelativePath, fact: FileFact) {
        self.trees.entry(package).or_default().insert(path, fact);
    }

    /// Something lies below this path.
    pub fn add_directory(&mut self, package: PackageId, path: String) {
        self.trees.entry(package).or_default().insert_directory(path);
    }

    /// This was stated under this part of this ticket.
    pub fn add_answered(&mut self, answered: AnsweredTicket) {
        self.answered.insert((answered.ticket_id, answered.part), answered.fingerprint);
    }

    /// What was stated under this part of this ticket.
    pub(crate) fn find_answered(&self, ticket_id: TicketUuid, part: u64) -> Option<&[u8; 32]> {
        self.answered.get(&(ticket_id, part))
    }

    /// The class of that name.
    pub(crate) fn find_class(&self, name: &ClassName) -> Option<&RetentionClass> {
        self.classes.get(name)
    }

    /// What is known of the paths of a package.
    pub(crate) fn tree(&self, package: PackageId) -> Option<&Tree> {
        self.trees.get(&package)
    }

    /// Keeps what is known current.
    pub(crate) fn apply(&mut self, package: PackageId, event: &Event) {
        let file = match event {
            Event::FileIngested(file) => file,
            Event::FileReplaced(file) => &file.current,
            _ => return,
        };
        self.add_file(package, file.relative_path(), file.fact());
    }
}
