//! Writing past the page cache. What is stored is rarely read soon, and copying it into fresh pages costs several times
//! what handing whole blocks to the disk does, beside driving out what others read.
//!
//! Only whole blocks at the offsets of blocks can go this way, from memory that is aligned like them: parts of a large
//! blob are copied into one such buffer. The end of a file, and everything where a file system does not offer this, goes
//! through the cache; both ways may be taken for one file.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use object_store::PutPayload;
use rustix::fs::OFlags;

use super::disk::Disk;

/// What disks and file systems of today ask for at most.
const BLOCK_BYTES: usize = 4096;

/// A file that can be written past the cache, where that is offered.
#[derive(Debug)]
pub(super) struct Direct {
    file: Option<File>,
    buffer: Vec<u8>,
}

impl Direct {
    pub fn open(path: &Path) -> Self {
        let file = OpenOptions::new().write(true).custom_flags(OFlags::DIRECT.bits().cast_signed()).open(path);
        Self { file: file.ok(), buffer: Vec::new() }
    }

    /// Writes all of `payload` from `offset` on; `false` where it has to be written through the cache.
    pub fn write(&mut self, disk: &dyn Disk, payload: &PutPayload, offset: u64) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        let whole_blocks = offset.is_multiple_of(BLOCK_BYTES as u64);
        let length = payload.content_length();
        if !whole_blocks || !length.is_multiple_of(BLOCK_BYTES) {
            return Ok(false);
        }
        let Some(aligned) = aligned(&mut self.buffer, length) else { return Ok(false) };
        let mut rest = &mut *aligned;
        for chunk in payload {
            let (head, tail) = rest.split_at_mut(chunk.len());
            head.copy_from_slice(chunk);
            rest = tail;
        }
        match disk.write_all_at(file, aligned, offset) {
            // It was promised and is not offered after all; or a disk that is full took a part of a block.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                self.file = None;
                Ok(false)
            }
            written => written.map(|()| true),
        }
    }
}

/// `length` bytes of a buffer that begin at a block.
fn aligned(buffer: &mut Vec<u8>, length: usize) -> Option<&mut [u8]> {
    buffer.resize(length + BLOCK_BYTES, 0);
    let start = buffer.as_ptr().align_offset(BLOCK_BYTES);
    buffer.get_mut(start..start.checked_add(length)?)
}
