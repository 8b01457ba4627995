//! Writing past the page cache. What is stored is rarely read soon, and copying it into fresh pages costs several times
//! what handing whole blocks to the disk does, beside driving out what others read.
//!
//! Only whole blocks at the offsets of blocks can go this way, from memory that is aligned like them: parts of a large
//! blob are copied into one such buffer, as much of them at once as it holds. The end of a file, and everything where a file system does not offer this, goes
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
/// How many bytes are handed to the disk at once: whole blocks.
const STEP_BYTES: usize = 2 * 1024 * 1024;

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
        let Some(aligned) = aligned(&mut self.buffer, length.min(STEP_BYTES)) else { return Ok(false) };
        match write_in_steps(disk, file, aligned, payload, offset) {
            // It was promised and is not offered after all; or a disk that is full took a part of a block.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                self.file = None;
                Ok(false)
            }
            written => written.map(|()| true),
        }
    }
}

/// Writes `payload`, which has whole blocks, by way of `buffer`.
fn write_in_steps(
    disk: &dyn Disk,
    file: &File,
    buffer: &mut [u8],
    payload: &PutPayload,
    mut offset: u64,
) -> io::Result<()> {
    let mut filled = 0;
    for chunk in payload {
        let mut chunk = &chunk[..];
        while !chunk.is_empty() {
            let (now, later) = chunk.split_at(chunk.len().min(buffer.len() - filled));
            buffer[filled..filled + now.len()].copy_from_slice(now);
            filled += now.len();
            chunk = later;
            if filled == buffer.len() {
                disk.write_all_at(file, buffer, offset)?;
                offset += filled as u64;
                filled = 0;
            }
        }
    }
    if filled > 0 { disk.write_all_at(file, &buffer[..filled], offset) } else { Ok(()) }
}

/// `length` bytes of a buffer that begin at a block.
fn aligned(buffer: &mut Vec<u8>, length: usize) -> Option<&mut [u8]> {
    buffer.resize(length + BLOCK_BYTES, 0);
    let start = buffer.as_ptr().align_offset(BLOCK_BYTES);
    buffer.get_mut(start..start.checked_add(length)?)
}
