//! The bounds of the contract, in one place for both sides.

/// The largest file, in bytes, that `IngestFiles` takes.
pub const SMALL_FILE_BYTES: usize = 65_536;
/// The largest message, in bytes; what gRPC clients and servers accept unless told otherwise.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// The largest chunk sent, in bytes.
pub const MAX_CHUNK_BYTES: usize = 1024 * 1024;
/// The most files one `PlanUpload` asks about.
pub const PLANNED_FILES: usize = 10_000;
/// The most files one `CommitFiles` binds, so that the answer fits a message whatever the paths; as many as a node states
/// together.
pub const COMMITTED_FILES: usize = 1_024;
/// The most contract events one `Append` brings, so that the answer fits a message whatever their streams.
pub const APPENDED_EVENTS: usize = 1_000;
/// The most tickets that are asked for at once.
pub const TICKETS: usize = 1_000;
/// The most event types a filter may name.
pub const FILTER_TYPES: usize = 64;
/// The most nodes a site has.
pub const NODES: usize = 1_000;
/// The most keys of control planes that are trusted at once.
pub const CONTROL_KEYS: usize = 256;
/// The longest message or subject of a fault, in bytes; longer ones are cut, since they travel in headers.
pub const FAULT_TEXT_BYTES: usize = 1_024;
/// The longest key of a stored object, in bytes; S3 allows no longer one.
pub const OBJECT_KEY_BYTES: usize = 1_024;
/// The most addresses one `HaveObjects` asks for.
pub const ASKED_OBJECTS: usize = 10_000;
/// The most locations, entries or receipts in one message of an answer, so that it fits whatever the keys.
pub const LISTED_OBJECTS: usize = 1_000;
/// The most results in one message of `IngestBatch`.
pub const BATCH_RESULTS: usize = 1_024;
