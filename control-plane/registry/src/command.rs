//! What may be asked of the registry: imperative, complete, with ids and times already chosen by the caller, so that a
//! decision is a pure function of state, facts and command.

use artifactstore_types::{
    Actor, ContractOrigin, FileId, MediaType, NewPackage, PackageId, Receipt, RelativePath, Timestamp,
};
use bytes::Bytes;

use crate::NewContractEvent;

/// A change asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Of a package.
    Package(PackageCommand),
    /// Of streams of contract events.
    AppendContractEvents(AppendContractEvents),
}

impl From<PackageCommand> for Command {
    fn from(command: PackageCommand) -> Self {
        Self::Package(command)
    }
}

impl From<AppendContractEvents> for Command {
    fn from(command: AppendContractEvents) -> Self {
        Self::AppendContractEvents(command)
    }
}

/// See [`Command::AppendContractEvents`]. An event that is in the log already, byte for byte, is accepted again and changes
/// nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct AppendContractEvents {
    /// On whose behalf, and in which namespace.
    pub origin: ContractOrigin,
    /// When it was asked.
    pub at: Timestamp,
    /// The events, in the order in which they are to stand in the log, at most [`AppendContractEvents::MAX_EVENTS`].
    pub events: Vec<NewContractEvent>,
    /// Whether one refused event refuses all of them, or only itself.
    pub all_or_nothing: bool,
}

impl AppendContractEvents {
    /// How many events one command may bring.
    pub const MAX_EVENTS: usize = 10_000;
}

/// A change asked of a package.
#[derive(Clone, Debug, PartialEq)]
pub struct PackageCommand {
    /// The package it is about.
    pub package_id: PackageId,
    /// Who asks.
    pub actor: Actor,
    /// When it was asked.
    pub at: Timestamp,
    /// What is asked.
    pub request: Request,
}

/// What is asked of a package.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Make it.
    CreatePackage(NewPackage),
    /// Bind relative paths to durable blobs.
    CommitFiles(CommitFiles),
    /// Close it under this manifest.
    FinalizePackage(FinalizePackage),
    /// Give it up.
    FailPackage {
        /// Why, for people: 1 to 2,000 bytes.
        reason: String,
    },
}

/// See [`Request::CommitFiles`].
#[derive(Clone, Debug, PartialEq)]
pub struct CommitFiles {
    /// The files, at most [`CommitFiles::MAX_FILES`].
    pub files: Vec<NewFile>,
    /// Whether a path that exists is bound to the new blob instead of refused.
    pub replace: bool,
    /// Whether one refused file refuses all of them, or only itself.
    pub all_or_nothing: bool,
}

impl CommitFiles {
    /// How many files one command may bring.
    pub const MAX_FILES: usize = 10_000;
}

/// A relative path bound to a durable blob.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFile {
    /// The file's identity, should the path be new.
    pub file_id: FileId,
    /// Where in the package.
    pub relative_path: RelativePath,
    /// Its media type.
    pub media_type: MediaType,
    /// Whether its executable bit was set.
    pub executable: bool,
    /// The data plane's word that the bytes are durable.
    pub receipt: Receipt,
}

/// See [`Request::FinalizePackage`].
#[derive(Clone, Debug, PartialEq)]
pub struct FinalizePackage {
    /// The canonical CBOR manifest, built from the package as it was at `expected_revision`.
    pub manifest: Bytes,
    /// The revision the manifest was built from; another one is a conflict.
    pub expected_revision: u64,
}
