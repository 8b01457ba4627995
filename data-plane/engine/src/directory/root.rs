//! The directory itself: where a key lies in it, and the order of steps that makes a change of it durable.
//!
//! A new file is written under `.incoming`, synced, and only then renamed to its key; then the folder it was renamed
//! into is synced. So a key names either nothing or all the bytes, and once `publish` has returned it names them after a
//! power cut too. A folder that had to be made is made durable (by syncing the folder that holds it) before anything is
//! renamed into it.
//!
//! One process uses a directory at a time: `.lock` is held while it is open.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::disk::Disk;

/// Files that have no key yet.
const INCOMING: &str = ".incoming";
/// Held while a process has the directory open.
const LOCK: &str = ".lock";

/// An open directory.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    pub disk: Arc<dyn Disk>,
    /// Folders whose own names are known to be durable. A folder that merely exists may have been made by another
    /// thread that has not synced it yet.
    durable_folders: Mutex<HashSet<PathBuf>>,
    next_incoming: AtomicU64,
    _lock: File,
}

impl Root {
    /// Opens `path`, which is made where it does not exist, and removes what a crash left unfinished.
    pub fn open(path: &Path, disk: Arc<dyn Disk>) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let path = path.canonicalize()?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK))?;
        lock.try_lock().map_err(|refused| match refused {
            fs::TryLockError::Error(error) => error,
            fs::TryLockError::WouldBlock => io::Error::new(io::ErrorKind::ResourceBusy, "another process uses it"),
        })?;
        let incoming = path.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        for left_over in fs::read_dir(&incoming)? {
            fs::remove_file(left_over?.path())?;
        }
        disk.sync_folder(&path)?;
        if let Some(parent) = path.parent() {
            disk.sync_folder(parent)?;
        }
        let durable_folders = Mutex::new(HashSet::new());
        Ok(Self { path, disk, durable_folders, next_incoming: AtomicU64::new(0), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where `key` lies. Keys are made of few characters; anything else is refused, so that no key leads out of the
    /// directory or to its own bookkeeping, whoever made it.
    pub fn resolve(&self, key: &object_store::path::Path) -> object_store::Result<PathBuf> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let mut path = self.path.clone();
        for segment in key.as_ref().split('/') {
            let good = !segment.is_empty() && segment.len() <= 255 && !segment.starts_with('.');
            if !good || !segment.bytes().all(plain) {
                let source = object_store::path::Error::InvalidPath { path: key.as_ref().into() };
                return Err(object_store::Error::InvalidPath { source });
            }
            path.push(segment);
        }
        Ok(path)
    }

    /// Whether the directory is still there. Where it is not (an unmounted disk), a missing file says nothing.
    pub fn is_there(&self) -> bool {
        self.path.join(INCOMING).is_dir()
    }

    /// A number that no file of this process has yet.
    pub fn next_number(&self) -> u64 {
        self.next_incoming.fetch_add(1, Ordering::Relaxed)
    }

    /// A new file that has no key yet. It vanishes when the answer is dropped.
    pub fn create_incoming(self: &Arc<Self>) -> io::Result<Incoming> {
        let number = self.next_number();
        let path = self.path.join(INCOMING).join(format!("{number:016x}"));
        let file = OpenOptions::new().create_new(true).read(true).write(true).open(&path)?;
        Ok(Incoming { root: Arc::clone(self), path, file, published: AtomicBool::new(false) })
    }

    /// Moves what lies at `from` to `to`, durably in both folders.
    pub fn rename(&self, from: &Path, to: &Path, replace: Replace) -> io::Result<()> {
        self.place(from, to, replace)?;
        self.disk.sync_folder(folder_of(from)?)
    }

    /// Removes the file at `path`, durably.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        self.disk.sync_folder(folder_of(path)?)
    }

    fn place(&self, from: &Path, to: &Path, replace: Replace) -> io::Result<()> {
        let folder = folder_of(to)?;
        self.make_folder(folder)?;
        match replace {
            Replace::Yes => fs::rename(from, to)?,
            Replace::No => {
                fs::hard_link(from, to)?;
                fs::remove_file(from)?;
            }
        }
        self.disk.sync_folder(folder)
    }

    /// Makes `folder`, and what is missing above it, up to the directory itself.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        if folder == self.path || self.known_durable().contains(folder) {
            return Ok(());
        }
        let parent = folder_of(folder)?;
        self.make_folder(parent)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.disk.sync_folder(parent)?;
        self.known_durable().insert(folder.to_owned());
        Ok(())
    }

    fn known_durable(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        // A set that lacks an entry only costs one more sync.
        self.durable_folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a file that has the key already gives way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replace {
    Yes,
    No,
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

/// A file being written, which has no key yet.
#[derive(Debug)]
pub(super) struct Incoming {
    root: Arc<Root>,
    path: PathBuf,
    pub file: File,
    published: AtomicBool,
}

impl Incoming {
    /// Writes `bytes` from `offset` on.
    pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.root.disk.write_all_at(&self.file, bytes, offset)
    }

    /// Makes the bytes durable, then gives them the name `to`, durably.
    pub fn publish(&self, to: &Path, replace: Replace) -> io::Result<()> {
        self.root.disk.sync_file(&self.file, &self.path)?;
        self.root.place(&self.path, to, replace)?;
        self.published.store(true, Ordering::Release);
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.published.load(Ordering::Acquire) {
            // What cannot be removed now is removed when the directory is opened again.
            let _ = fs::remove_file(&self.path);
        }
    }
}
