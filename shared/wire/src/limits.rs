//! The bounds of the contract, in one place for both sides.

/// The largest file, in bytes, that `IngestFiles` takes.
pub const SMALL_FILE_BYTES: usize = 65_536;
/// The largest message, in bytes; what gRPC clients and servers accept unless told otherwise.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// The largest chunk sent, in bytes.
pub const MAX_CHUNK_BYTES: usize = 1024 * 1024;
/// The most files one `PlanUpload` asks about.
pub const PLANNED_FILES: usize = 10_000;
/// The most files one `CommitFiles` binds, so that the answer fits a message whatever the paths.
pub const COMMITTED_FILES: usize = 1_000;
/// The most contract events one `Append` brings, so that the answer fits a message whatever their streams.
pub const APPENDED_EVENTS: usize = 1_000;
/// The most event types a filter may name.
pub const FILTER_TYPES: usize = 64;
/// The longest message or subject of a fault, in bytes; longer ones are cut, since they travel in headers.
pub const FAULT_TEXT_BYTES: usize = 1_024;
