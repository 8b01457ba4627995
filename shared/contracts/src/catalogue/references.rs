//! The files that a state speaks of, so that what it claims can be held against bytes.

/// The files of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Each of them.
    pub files: Vec<FileReference>,
    /// Whether the state claims to name every file there is; if not, others are none of its business.
    pub exhaustive: bool,
}

/// One file, and what its content is said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReference {
    /// Its path, as the emitter writes it.
    pub path: String,
    /// The fingerprint of its content, as the emitter writes it.
    pub hash: String,
    /// How the fingerprint was computed, such as `sha256`.
    pub algorithm: &'static str,
    /// The size of its content in bytes, if that was said.
    pub size_bytes: Option<u64>,
    /// Whether another file has taken its place since.
    pub superseded: bool,
}
