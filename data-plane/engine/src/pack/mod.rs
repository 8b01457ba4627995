//! Packs: objects that hold many small blobs. How they are laid out is in `format`, how one is filled in `builder`, how
//! blobs of many callers come to share one in `packer`, and what deletion leaves behind in `tombstone`.

pub(crate) mod builder;
pub(crate) mod format;
pub(crate) mod packer;
pub(crate) mod packs;
pub(crate) mod tombstone;
