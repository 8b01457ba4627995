//! Retention words: classes and the state of a package under one. The rules are in the registry.

use crate::{ids::PackageId, name::ClassName, timestamp::Timestamp};

/// A retention class: how long packages of it are kept by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionClass {
    /// Its name, such as `raw-evidence`.
    pub name: ClassName,
    /// What it is for.
    pub description: String,
    /// How long, in seconds, from finalization (from creation while unfinalized); `None` means for ever.
    pub duration_seconds: Option<u64>,
}

/// What holds for one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRecord {
    /// The package.
    pub package_id: PackageId,
    /// Its class.
    pub class: ClassName,
    /// When it may be deleted at the earliest; `None` means never.
    pub current_expires_at: Option<Timestamp>,
    /// Whether a sweep has found it expired and free of holds.
    pub eligible_for_deletion: bool,
}
