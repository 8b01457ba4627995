//! The directory itself: where a key lies in it, and the order of steps that makes a change of it durable.
//!
//! A new file is written under `.incoming`, synced, and only then renamed to its key; then the folder it was renamed
//! into is synced. So a key names either nothing or all the bytes, and once `publish` has returned it names them after a
//! power cut too. A folder that had to be made is made durable (by syncing the folder that holds it) before anything is
//! renamed into it.
//!
//! Nobody is told of a name, or of its absence, that would not survive: between a rename and the sync of its folder the
//! name is noted in `unsynced`, and whoever looks at it meanwhile syncs the folder first. What an earlier process may have
//! left in that state is synced when the directory is opened.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io,
    path::{self, Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{cancellation::Wanted, disk::Disk, lock::Lock};

/// Files that have no key yet.
const INCOMING: &str = ".incoming";

/// An open directory.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Folders whose own names are known to be durable. A folder that merely exists may have been made by another
    /// thread that has not synced it yet.
    durable_folders: Mutex<HashSet<PathBuf>>,
    /// Names that are being changed, with by how many. One whose sync failed stays: whoever looks at it has to sync it.
    unsynced: Mutex<HashMap<PathBuf, usize>>,
    next_incoming: AtomicU64,
    lock: Lock,
}

impl Root {
    /// Opens `path`, which is made where it does not exist, removes what a crash left unfinished and makes durable what
    /// it may have left unsynced.
    pub fn open(path: &Path, disk: Arc<dyn Disk>) -> io::Result<Self> {
        make_durably(&path::absolute(path)?, &*disk)?;
        let path = path.canonicalize()?;
        let (lock, durable) = Lock::take(&path)?;
        if !durable {
            disk.sync_everything(&path)?;
        }
        let incoming = path.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        for left_over in fs::read_dir(&incoming)? {
            fs::remove_file(left_over?.path())?;
        }
        disk.sync_folder(&path)?;
        Ok(Self {
            path,
            disk,
            durable_folders: Mutex::default(),
            unsynced: Mutex::default(),
            next_incoming: AtomicU64::new(0),
            lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn disk(&self) -> &dyn Disk {
        &*self.disk
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
    pub fn rename(&self, from: &Path, to: &Path, replace: Replace, wanted: &Wanted) -> io::Result<()> {
        self.place(from, to, replace, wanted)?;
        if replace == Replace::No {
            fs::remove_file(from)?;
        }
        self.disk.sync_folder(folder_of(from)?)
    }

    /// Removes the file at `path`, durably.
    pub fn remove(&self, path: &Path, wanted: &Wanted) -> io::Result<()> {
        self.change(path, || {
            wanted.check()?;
            fs::remove_file(path)
        })
    }

    /// Must be called between looking at `path` and telling what was seen: makes that durable.
    pub fn settle(&self, path: &Path) -> io::Result<()> {
        let unsynced = self.unsynced().contains_key(path);
        if unsynced { self.disk.sync_folder(folder_of(path)?) } else { Ok(()) }
    }

    /// Gives the file at `from` the name `to`, durably. Where nothing may be replaced it keeps its own name too.
    fn place(&self, from: &Path, to: &Path, replace: Replace, wanted: &Wanted) -> io::Result<()> {
        let folder = folder_of(to)?;
        self.make_folder(folder)?;
        let rename = || {
            wanted.check()?;
            match replace {
                Replace::Yes => fs::rename(from, to),
                Replace::No => fs::hard_link(from, to),
            }
        };
        self.change(to, || match rename() {
            // Somebody else removed a folder that was there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.is_dir() => {
                self.known_durable().clear();
                self.make_folder(folder)?;
                rename()
            }
            renamed => renamed,
        })
    }

    /// Changes what `path` names, and makes the change durable.
    fn change(&self, path: &Path, change: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let folder = folder_of(path)?;
        *self.unsynced().entry(path.to_owned()).or_default() += 1;
        let changed = change();
        if changed.is_ok() {
            self.disk.sync_folder(folder)?;
        }
        let mut unsynced = self.unsynced();
        if let Some(changing) = unsynced.get_mut(path) {
            *changing -= 1;
            if *changing == 0 {
                unsynced.remove(path);
            }
        }
        changed
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

    fn known_durable(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        // A set that lacks an entry only costs one more sync.
        self.durable_folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unsynced(&self) -> MutexGuard<'_, HashMap<PathBuf, usize>> {
        // Nothing panics while it is held.
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // Whatever changes a name holds the root, so what is noted now is what could not be synced.
        if self.unsynced().is_empty() {
            self.lock.leave_in_order();
        }
    }
}

/// Makes `path`, an absolute one, and what is missing above it. Every name is durable before anything is made below it.
fn make_durably(path: &Path, disk: &dyn Disk) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.is_dir()).collect();
    // Whoever made the lowest folder there is may have been interrupted before it was synced. One that this process must
    // not read was not made by it.
    match path.ancestors().nth(missing.len() + 1).map(|above| disk.sync_folder(above)) {
        Some(Err(error)) if error.kind() != io::ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    for folder in missing.into_iter().rev() {
        match fs::create_dir(folder) {
            Err(_) if folder.is_dir() => {}
            made => made?,
        }
        disk.sync_folder(folder_of(folder)?)?;
    }
    Ok(())
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
    /// Whether it has no other name left than the one it was published under.
    published: AtomicBool,
}

impl Incoming {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn disk(&self) -> &dyn Disk {
        &*self.root.disk
    }

    /// Writes `bytes` from `offset` on.
    pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.root.disk.write_all_at(&self.file, bytes, offset)
    }

    /// Makes the bytes durable, then gives them the name `to`, durably.
    pub fn publish(&self, to: &Path, replace: Replace, wanted: &Wanted) -> io::Result<()> {
        wanted.check()?;
        self.root.disk.sync_file(&self.file, &self.path)?;
        self.root.place(&self.path, to, replace, wanted)?;
        self.published.store(replace == Replace::Yes, Ordering::Release);
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
