//! What reading stored bytes again found.

use crate::package::FileRecord;

/// How stored bytes differ from what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// There is nothing at the location.
    Missing,
    /// There are fewer or more bytes than there were.
    Size,
    /// The digest is another.
    Digest,
}

impl Mismatch {
    /// Every mismatch.
    pub const ALL: [Self; 3] = [Self::Missing, Self::Size, Self::Digest];

    /// The word in reports and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Size => "size",
            Self::Digest => "digest",
        }
    }

    /// The mismatch of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mismatch| mismatch.name() == name)
    }
}

/// The result for one file of a package whose stored bytes were read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileVerification {
    /// The file.
    pub file: FileRecord,
    /// What is wrong with its stored bytes; `None` means nothing.
    pub mismatch: Option<Mismatch>,
}
