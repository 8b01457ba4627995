//! The calls on which durability rests, as a port: tests record them, drop them and make them fail. Everything
//! else the directory does goes straight to the operating system.

use std::{fmt, fs::File, io, os::unix::fs::FileExt as _, path::Path};

/// What a directory store asks of a disk.
pub trait Disk: Send + Sync + fmt::Debug + 'static {
    /// Writes all of `bytes` into `file`, from byte `offset` on.
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Must return only when the file's bytes and size survive a power cut. `path` is where the file lies now.
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()>;

    /// Must return only when the names in the folder survive a power cut: those added, and the absence of those
    /// removed.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Must return only when everything there is below `root`, bytes and names, survives a power cut.
    fn sync_everything(&self, root: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalDisk;

impl Disk for LocalDisk {
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync_file(&self, file: &File, _path: &Path) -> io::Result<()> {
        file.sync_all()
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn sync_everything(&self, root: &Path) -> io::Result<()> {
        Ok(rustix::fs::syncfs(File::open(root)?)?)
    }
}
