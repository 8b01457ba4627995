//! What decisions need to know beside the state of their package: retention classes, and which of the paths they touch
//! are taken. [`Needs`] says what to load for a batch of commands; whoever has loaded it fills [`Facts`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use artifactstore_types::{
    ClassName, ContentAddress, FileId, FileRecord, MediaType, Namespace, PackageId, RelativePath, RetentionClass,
};

use crate::{
    Command, PackageCommand, Prepared, Request,
    contract::ContractFacts,
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

/// The packages that these commands are about: whose state, and whose paths as far as they are known, have to be at hand
/// before anything else.
pub fn packages_of(commands: &[Prepared]) -> BTreeSet<PackageId> {
    let package = |prepared: &Prepared| match &prepared.command {
        Command::Package(command) => Some(command.package_id),
        Command::AppendContractEvents(_) => None,
    };
    commands.iter().filter_map(package).collect()
}

/// What to load before a batch of commands can be decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The files at these paths, where there are any: the paths themselves, and each directory they imply.
    pub files: BTreeSet<(PackageId, String)>,
    /// Whether any file lies below these paths.
    pub directories: BTreeSet<(PackageId, String)>,
    /// Whether the retention classes are needed.
    pub classes: bool,
    /// The contract events with these identifiers, those that are in the log; and of those that are not, the states of the
    /// streams they belong to: namespace, identifier, subject id of the stream.
    pub contract_events: BTreeSet<(Namespace, String, String)>,
}

impl Needs {
    /// What these commands need beyond what is known.
    pub fn of(commands: &[Prepared], known: &Facts) -> Self {
        let mut needs = Self::default();
        for prepared in commands {
            match &prepared.command {
                Command::Package(command) => needs.add_package(command, known),
                Command::AppendContractEvents(append) => {
                    let namespace = &append.origin.namespace;
                    for event in &append.events {
                        let subject_id = event.stream(namespace).to_string();
                        needs.contract_events.insert((namespace.clone(), event.event_id().to_owned(), subject_id));
                    }
                }
            }
        }
        needs
    }

    fn add_package(&mut self, command: &PackageCommand, known: &Facts) {
        match &command.request {
            Request::CommitFiles(_) if known.knows_paths_of(command.package_id) => {}
            Request::CommitFiles(commit) => {
                for file in &commit.files {
                    self.touch(command.package_id, &file.relative_path);
                }
            }
            Request::CreatePackage(_) | Request::FinalizePackage(_) => self.classes = true,
            Request::FailPackage { .. } => {}
        }
    }

    /// Whether nothing has to be loaded.
    pub fn are_none(&self) -> bool {
        self.files.is_empty() && !self.classes && self.contract_events.is_empty()
    }

    /// The streams to which events that are not in the log would be added.
    pub fn grown_streams<'n>(&'n self, facts: &ContractFacts) -> BTreeSet<&'n str> {
        let new = self.contract_events.iter().filter(|(namespace, event_id, _)| !facts.knows(namespace, event_id));
        new.map(|(_, _, subject_id)| subject_id.as_str()).collect()
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
}

/// What is known, loaded as [`Needs`] asked and kept current by the events decided since.
#[derive(Debug, Default)]
pub struct Facts {
    classes: BTreeMap<ClassName, RetentionClass>,
    trees: HashMap<PackageId, Tree>,
    /// What is known of contract events.
    pub contracts: ContractFacts,
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

    /// This package has no files.
    pub fn add_empty(&mut self, package: PackageId) {
        self.trees.insert(package, Tree::empty());
    }

    /// This package has these files and no others, as [`Facts::into_trees`] gave them.
    pub fn add_tree(&mut self, package: PackageId, tree: Tree) {
        self.trees.insert(package, tree);
    }

    /// Whether every path of this package is known, so that none has to be loaded.
    pub fn knows_paths_of(&self, package: PackageId) -> bool {
        self.trees.get(&package).is_some_and(Tree::is_complete)
    }

    /// The trees that are complete: what the next decision about these packages needs to know of paths.
    pub fn into_trees(self) -> impl Iterator<Item = (PackageId, Tree)> {
        self.trees.into_iter().filter(|(_, tree)| tree.is_complete())
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
            Event::PackageCreated(_) => return self.add_empty(package),
            _ => return,
        };
        self.add_file(package, file.relative_path(), file.fact());
    }
}
