//! Packs: objects that hold many small blobs. How they are laid out is in `format`, how one is filled in `builder`, how
//! blobs of many callers come to share one in `packer`, and what deletion and damage leave beside one in `note`.

pub(crate) mod builder;
pub(crate) mod format;
pub(crate) mod note;
pub(crate) mod packer;
pub(crate) mod packs;
pub(crate) mod reread;
