//! Why a command, or one file of it, is refused: every rule of the registry, and the [`Fault`] each becomes.

use artifactstore_types::{
    Category, ClassName, ContentAddress, FamilyName, Fault, PackageStatus, ProvenanceRefused, RelativePath, Retry,
    ValueRefused,
};

use crate::{
    AppendContractEvents, CommitFiles, MAX_FILES_PER_PACKAGE, MAX_STREAM_BYTES, MAX_STREAM_EVENTS, event::EventRefused,
};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[
    ("AS-REG-0001", "no package has this id"),
    ("AS-REG-0002", "a package has this id already"),
    ("AS-REG-0003", "the package is finalized and takes no change"),
    ("AS-REG-0004", "the package was given up or deleted and takes no change"),
    ("AS-REG-0005", "the package has changed since the manifest was built"),
    ("AS-REG-0006", "the path exists in the package"),
    ("AS-REG-0007", "the path would be both a file and a directory"),
    ("AS-REG-0008", "the package would have too many files"),
    ("AS-REG-0009", "the command brings too many files"),
    ("AS-REG-0010", "the retention class does not exist"),
    ("AS-REG-0011", "the metadata is out of bounds"),
    ("AS-REG-0012", "the provenance is out of bounds"),
    ("AS-REG-0013", "the reason of a failure is empty, too long or has control characters"),
    ("AS-REG-0014", "the receipt contradicts itself or is out of bounds"),
    ("AS-REG-0015", "the manifest is not canonical or not of this package"),
    ("AS-REG-0016", "the package would have too many bytes"),
    ("AS-REG-0017", "an event cannot be encoded"),
    ("AS-REG-0018", "the contract event breaks its contract"),
    ("AS-REG-0019", "the contract event is in the log with other bytes"),
    ("AS-REG-0020", "the stream takes no more contract events"),
    ("AS-REG-0021", "the command brings too many contract events"),
    ("AS-REG-0022", "there is no contract family of this name"),
    ("AS-REG-0023", "the stream has no state"),
];

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No package has this id.
    #[error("no package has this id")]
    PackageNotFound,
    /// A package has this id already.
    #[error("a package has this id already")]
    PackageExists,
    /// The package is finalized.
    #[error("the package is finalized under manifest {manifest_digest} and takes no change")]
    PackageFinalized {
        /// Its identity for ever.
        manifest_digest: ContentAddress,
    },
    /// The package is closed without being finalized.
    #[error("the package is {} and takes no change", .0.name())]
    PackageClosed(PackageStatus),
    /// The package has changed since the caller looked.
    #[error("the package is at revision {found}, not {expected}")]
    RevisionConflict {
        /// What the caller built on.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// The path exists.
    #[error("path {0} exists in the package; say replace to bind it anew")]
    PathExists(RelativePath),
    /// The path is taken as the other kind of thing.
    #[error("path {path} cannot be a file beside {other}: one would be a file and a directory at once")]
    PathIsDirectory {
        /// The path refused.
        path: RelativePath,
        /// What stands in its way.
        other: String,
    },
    /// The package is full.
    #[error("a package has at most {MAX_FILES_PER_PACKAGE} files")]
    TooManyFiles,
    /// The package is full.
    #[error("a package has at most 2^53 − 1 bytes")]
    TooManyBytes,
    /// The command is too large.
    #[error("at most {} files are committed at once, not {files}", CommitFiles::MAX_FILES)]
    CommandTooLarge {
        /// How many it brings.
        files: usize,
    },
    /// No such class.
    #[error("retention class {0} does not exist")]
    UnknownClass(ClassName),
    /// Metadata out of bounds.
    #[error("metadata: {0}")]
    Metadata(ValueRefused),
    /// Provenance out of bounds.
    #[error("provenance: {0}")]
    Provenance(ProvenanceRefused),
    /// The reason is empty, too long, or not text to show.
    #[error("a reason has 1 to 2,000 bytes and no control characters but line breaks and tabs")]
    BadReason,
    /// The receipt contradicts itself, or says what cannot be kept.
    #[error("receipt for {path}: {rule}")]
    BadReceipt {
        /// The file's path.
        path: RelativePath,
        /// What it breaks.
        rule: &'static str,
    },
    /// The manifest is not one, not canonical, or not of this package.
    #[error("manifest: {0}")]
    BadManifest(String),
    /// A payload has no canonical form.
    #[error(transparent)]
    Event(#[from] EventRefused),
    /// A contract event, or what it carries, is not what its contract says.
    #[error("{reason}")]
    BrokenContract {
        /// Its identifier, where it has one that can be read.
        event_id: Option<String>,
        /// Everything that is wrong with it.
        reason: String,
    },
    /// A contract event of that identifier is in the log, and it is another one.
    #[error("contract event {event_id} is in the log with other bytes")]
    ContractEventDiffers {
        /// Its identifier.
        event_id: String,
    },
    /// The stream is full.
    #[error("stream {stream} is full: it has at most {MAX_STREAM_EVENTS} events of {MAX_STREAM_BYTES} bytes together")]
    StreamFull {
        /// Its subject id.
        stream: String,
    },
    /// The command is too large.
    #[error("at most {} contract events are appended at once, not {events}", AppendContractEvents::MAX_EVENTS)]
    TooManyContractEvents {
        /// How many it brings.
        events: usize,
    },
    /// No such family.
    #[error("there is no contract family {family}; there are {}", known.join(" and "))]
    UnknownFamily {
        /// What was asked for.
        family: FamilyName,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// Nothing can be read of a state.
    #[error("the stream has no state: {0}")]
    NoState(String),
}

impl Refusal {
    /// The fault it is outside the registry; `about` is what the command was about, where the refusal does not know better.
    pub fn into_fault(self, operation: &'static str, about: impl std::fmt::Display) -> Fault {
        let (code, category) = self.kind();
        let retry = match category {
            Category::Conflict => Retry::AfterReload,
            _ => Retry::Never,
        };
        let message = format!("{operation}: {self}");
        let fault = Fault::new(code, category, message).with_retry(retry);
        match &self {
            Self::PathExists(path) | Self::PathIsDirectory { path, .. } | Self::BadReceipt { path, .. } => {
                fault.about(path)
            }
            Self::UnknownClass(class) => fault.about(class),
            Self::BrokenContract { event_id: Some(event_id), .. } | Self::ContractEventDiffers { event_id } => {
                fault.about(event_id)
            }
            Self::StreamFull { stream } => fault.about(stream),
            Self::UnknownFamily { family, .. } => fault.about(family),
            _ => fault.about(about),
        }
    }

    const fn kind(&self) -> (&'static str, Category) {
        match self {
            Self::PackageNotFound => ("AS-REG-0001", Category::NotFound),
            Self::PackageExists => ("AS-REG-0002", Category::AlreadyExists),
            Self::PackageFinalized { .. } => ("AS-REG-0003", Category::FailedPrecondition),
            Self::PackageClosed(_) => ("AS-REG-0004", Category::FailedPrecondition),
            Self::RevisionConflict { .. } => ("AS-REG-0005", Category::Conflict),
            Self::PathExists(_) => ("AS-REG-0006", Category::AlreadyExists),
            Self::PathIsDirectory { .. } => ("AS-REG-0007", Category::FailedPrecondition),
            Self::TooManyFiles => ("AS-REG-0008", Category::Exhausted),
            Self::CommandTooLarge { .. } => ("AS-REG-0009", Category::Invalid),
            Self::UnknownClass(_) => ("AS-REG-0010", Category::Invalid),
            Self::Metadata(_) => ("AS-REG-0011", Category::Invalid),
            Self::Provenance(_) => ("AS-REG-0012", Category::Invalid),
            Self::BadReason => ("AS-REG-0013", Category::Invalid),
            Self::BadReceipt { .. } => ("AS-REG-0014", Category::Invalid),
            Self::BadManifest(_) => ("AS-REG-0015", Category::Invalid),
            Self::TooManyBytes => ("AS-REG-0016", Category::Exhausted),
            Self::Event(_) => ("AS-REG-0017", Category::Internal),
            Self::BrokenContract { .. } => ("AS-REG-0018", Category::Invalid),
            Self::ContractEventDiffers { .. } => ("AS-REG-0019", Category::AlreadyExists),
            Self::StreamFull { .. } => ("AS-REG-0020", Category::Exhausted),
            Self::TooManyContractEvents { .. } => ("AS-REG-0021", Category::Invalid),
            Self::UnknownFamily { .. } => ("AS-REG-0022", Category::Invalid),
            Self::NoState(_) => ("AS-REG-0023", Category::FailedPrecondition),
        }
    }
}
