//! The directory files are pulled into. Every step down is taken from the directory before, by name and never through a
//! symbolic link, so that whatever stands in the directory, and whatever happens to it meanwhile, nothing is written
//! outside. Files are written in a staging directory of the pull's own and renamed into place; it goes with the pull, and
//! so do directories that were made for a pull that then wrote nothing.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use artifactstore_types::{Fault, RelativePath};
use rustix::{
    fs::{AtFlags, Mode, OFlags, RenameFlags},
    io::Errno,
};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::faults;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const NEW_FILE: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A directory that is open for pulling into.
pub struct Target {
    root: OwnedFd,
    staging: OwnedFd,
    staging_name: String,
    overwrite: bool,
    staged: AtomicU64,
    /// How many files have got their name.
    placed: Arc<AtomicU64>,
    settled: AtomicBool,
    /// The directory and those above it that this pull made, the innermost first.
    made: Vec<PathBuf>,
    /// Dropped last, so that whoever waits for it finds everything taken away that goes with the pull.
    _at_work: TaskTrackerToken,
}

/// A file that has no name yet in the directory. Dropped, it is gone.
pub struct Staged<'a> {
    target: &'a Target,
    name: String,
    file: File,
}

impl Target {
    /// Opens, and makes if need be, the directory. Files that get their name are counted in `placed`, and `at_work` is
    /// held until nothing changes any more. Blocks the thread.
    pub fn open(
        directory: &Path,
        overwrite: bool,
        placed: Arc<AtomicU64>,
        at_work: TaskTrackerToken,
    ) -> Result<Self, Fault> {
        let failed = |error: io::Error| faults::not_writable(directory.display(), &error);
        let absent = |path: &&Path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err();
        let made = directory.ancestors().take_while(absent).map(Path::to_owned).collect();
        fs::create_dir_all(directory).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => faults::target_no_directory(directory),
            _ => failed(error),
        })?;
        if !overwrite && fs::read_dir(directory).map_err(failed)?.next().is_some() {
            return Err(faults::target_not_empty(directory));
        }
        // The directory itself may be named through a link: whoever named it decides where it is.
        let root = rustix::fs::open(directory, DIRECTORY, Mode::empty()).map_err(|error| failed(error.into()))?;
        let (staging, staging_name) = make_staging(root.as_fd()).map_err(|error| failed(error.into()))?;
        let (staged, settled) = (AtomicU64::new(0), AtomicBool::new(false));
        Ok(Self { root, staging, staging_name, overwrite, staged, placed, settled, made, _at_work: at_work })
    }

    /// A new file to write to, with the permissions it is to have.
    pub fn stage(&self, executable: bool) -> io::Result<Staged<'_>> {
        let name = self.staged.fetch_add(1, Ordering::Relaxed).to_string();
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let file = rustix::fs::openat(&self.staging, &name, NEW_FILE, mode)?;
        Ok(Staged { target: self, name, file: File::from(file) })
    }

    /// Makes the names durable under which these files, all that were asked for, were placed. Blocks the thread.
    pub fn settle<'a>(&self, paths: impl Iterator<Item = &'a RelativePath>) -> Result<(), Fault> {
        let mut directories = BTreeSet::new();
        for path in paths {
            let mut path = path.as_str();
            while let Some((parent, _)) = path.rsplit_once('/')
                && directories.insert(parent)
            {
                path = parent;
            }
        }
        for directory in directories {
            let synced = self.descend(Some(directory)).and_then(|opened| opened.map_or(Ok(()), sync));
            synced.map_err(|error| faults::not_writable(directory, &error.into()))?;
        }
        // Directories that hold those that were made may be closed to whoever may write to them.
        let above = self.made.iter().filter_map(|made| open_above(made).ok());
        let synced = sync(&self.root).and_then(|()| above.into_iter().try_for_each(sync));
        synced.map_err(|error| faults::not_writable(".", &error.into()))?;
        self.settled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Opens, and makes if need be, the directory these parts of a path lead to; `None` is the root.
    fn descend(&self, parents: Option<&str>) -> rustix::io::Result<Option<OwnedFd>> {
        let Some(parents) = parents else { return Ok(None) };
        parents.split('/').try_fold(None, |above: Option<OwnedFd>, part| {
            step_down(above.as_ref().map_or(self.root.as_fd(), OwnedFd::as_fd), part).map(Some)
        })
    }
}

impl Staged<'_> {
    /// Where the bytes go.
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name.
    pub fn place(self, path: &RelativePath) -> Result<(), Fault> {
        let (parents, name) = match path.as_str().rsplit_once('/') {
            Some((parents, name)) => (Some(parents), name),
            None => (None, path.as_str()),
        };
        let parent = self.target.descend(parents).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => faults::path_leads_elsewhere(path),
            other => faults::not_writable(path, &other.into()),
        })?;
        let parent = parent.as_ref().map_or(self.target.root.as_fd(), OwnedFd::as_fd);
        let staging = &self.target.staging;
        let placed = if self.target.overwrite {
            rustix::fs::renameat(staging, &self.name, parent, name)
        } else {
            // In a directory that was empty, a name that is taken is the same name to this file system only.
            match rustix::fs::renameat_with(staging, &self.name, parent, name, RenameFlags::NOREPLACE) {
                Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::renameat(staging, &self.name, parent, name),
                renamed => renamed,
            }
        };
        placed.map_err(|error| faults::not_writable(path, &error.into()))?;
        self.target.placed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        // Not there any more if it was placed.
        let _ = rustix::fs::unlinkat(&self.target.staging, &self.name, AtFlags::empty());
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = rustix::fs::unlinkat(&self.root, &self.staging_name, AtFlags::REMOVEDIR);
        if !self.settled.load(Ordering::Relaxed) && self.placed.load(Ordering::Relaxed) == 0 {
            // What is not empty by now stays.
            let _ = self.made.iter().try_for_each(fs::remove_dir);
        }
    }
}

/// Makes the entries of a directory durable. A file system that cannot sync one does not fail the pull: it has no other
/// way either.
fn sync(directory: impl AsFd) -> rustix::io::Result<()> {
    match rustix::fs::fsync(directory) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(()),
        synced => synced,
    }
}

/// The directory that holds this one.
fn open_above(directory: &Path) -> rustix::io::Result<OwnedFd> {
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    rustix::fs::open(above, DIRECTORY, Mode::empty())
}

fn make_staging(root: BorrowedFd<'_>) -> rustix::io::Result<(OwnedFd, String)> {
    for attempt in 0_u64.. {
        let name = format!(".artifactstore-pull-{}-{attempt}", process::id());
        match rustix::fs::mkdirat(root, &name, Mode::RWXU) {
            Ok(()) => return Ok((rustix::fs::openat(root, &name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?, name)),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::EXIST)
}

fn step_down(above: BorrowedFd<'_>, part: &str) -> rustix::io::Result<OwnedFd> {
    let open = || rustix::fs::openat(above, part, DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
    match open() {
        Err(Errno::NOENT) => match rustix::fs::mkdirat(above, part, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => open(),
            Err(error) => Err(error),
        },
        opened => opened,
    }
}
