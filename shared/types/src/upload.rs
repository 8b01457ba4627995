//! Files on their way into a package: what is planned, what is answered, what is sent.

use bytes::Bytes;

use crate::{
    address::ContentAddress,
    ids::{IdempotencyKey, PackageId},
    name::{Actor, MediaType},
    path::RelativePath,
};

/// Into which package files go, on whose behalf, and what happens to a path that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The package.
    pub package_id: PackageId,
    /// Who adds the files.
    pub actor: Actor,
    /// Whether a path that exists is bound to the new blob instead of refused.
    pub replace: bool,
    /// Under which key: a file that was added under it before, the same, is accepted again.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What is said about a file before its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// Where in the package.
    pub relative_path: RelativePath,
    /// Its media type.
    pub media_type: MediaType,
    /// Whether its executable bit is set.
    pub executable: bool,
    /// The address its bytes must have, where declared; other bytes are refused.
    pub declared: Option<ContentAddress>,
}

/// A small file, whole in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallFile {
    /// What it is.
    pub header: FileHeader,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A file someone means to send: its size and, where known already, its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its address; without it the answer can be [`PlanAnswer::DigestFirst`].
    pub address: Option<ContentAddress>,
}

/// What to do with a planned file. Only blobs that the caller's namespace has already count as here, so that nobody
/// learns what others keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanAnswer {
    /// The blob is here: commit the path, send nothing.
    Have,
    /// Send the bytes.
    Send,
    /// A blob of that size is here: digest the file and ask again, it may save sending it.
    DigestFirst,
}
