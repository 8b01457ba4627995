//! A directory as the files of a package: every regular file below it, hidden ones too, in the order of their paths.
//!
//! Whatever a package cannot hold is found here, all of it, before anything is sent. Symbolic links are never
//! followed, except where the directory itself was named through one. Directories are not kept, only the files in
//! them. The contents are read elsewhere, later; [`LocalFile`] remembers what the file was like, so that a change in
//! between shows.

use std::{
    fmt, fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    thread,
};

use artifactstore_types::{Fault, MediaType, PathRefused, RelativePath};
use rustix::fs::{Access, AtFlags, CWD};
use walkdir::{DirEntry, WalkDir};

use crate::{faults, media_type};

/// How few entries are not worth a thread of their own.
const LEAST_SHARE: usize = 512;

/// A regular file found in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// Where in the package.
    pub relative_path: RelativePath,
    /// Where on this machine.
    pub source: PathBuf,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// Guessed from its name.
    pub media_type: MediaType,
    pub(crate) stamp: Stamp,
}

/// What tells that a file is still the one that was found: device, inode, size and time of the last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size_bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size_bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Why an entry of a directory cannot be a file of a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryRefused {
    /// It is a symbolic link.
    #[error("is a symbolic link")]
    SymbolicLink,
    /// It is a socket.
    #[error("is a socket")]
    Socket,
    /// It is a named pipe.
    #[error("is a named pipe")]
    Fifo,
    /// It is a block or character device.
    #[error("is a device")]
    Device,
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Its name is not UTF-8.
    #[error("has a name that is not UTF-8")]
    NotUtf8,
    /// Its name breaks a rule of relative paths.
    #[error("has a name a package cannot hold: {0}")]
    BadName(#[from] PathRefused),
    /// Another entry has the same name in Normalization Form C.
    #[error("has the same name in Unicode Normalization Form C as another entry")]
    SameName,
}

impl EntryRefused {
    /// Whether it is a special file, which can be left out on request.
    pub const fn is_special(&self) -> bool {
        matches!(self, Self::SymbolicLink | Self::Socket | Self::Fifo | Self::Device)
    }
}

/// An entry that cannot be a file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEntry {
    /// Where below the directory, with control characters and what is not UTF-8 escaped.
    pub path: String,
    /// Why.
    pub reason: EntryRefused,
}

impl fmt::Display for RefusedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.reason)
    }
}

/// What a directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The files, in the order of their paths' bytes.
    pub files: Vec<LocalFile>,
    /// Special files left out on request, in the order of their paths.
    pub skipped: Vec<RefusedEntry>,
    /// The sum of the files' sizes.
    pub total_bytes: u64,
}

/// Every entry that was refused, in the order of their paths; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal(Vec<RefusedEntry>);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "an entry cannot be a file of a package: {one}"),
            many => {
                write!(f, "{} entries cannot be files of a package:", many.len())?;
                many.iter().try_for_each(|entry| write!(f, "\n  {entry}"))
            }
        }
    }
}

/// Lists what is below `directory`. With `skip_special`, symbolic links, sockets, named pipes and devices are left out
/// and reported instead of refused. Blocks the thread.
///
/// # Errors
/// A directory that is none, and one refusal that names every entry that cannot be a file of a package.
pub fn walk(directory: &Path, skip_special: bool) -> Result<Walk, Fault> {
    let Found { files, refused } = scan(directory)?;
    let (skipped, refused): (Vec<_>, Vec<_>) =
        refused.into_iter().partition(|entry| skip_special && entry.reason.is_special());
    if !refused.is_empty() {
        return Err(faults::entries_refused(directory, &Refusal(refused)));
    }
    Ok(Walk { total_bytes: files.iter().map(|file| file.size_bytes).sum(), files, skipped })
}

/// Everything below a directory, fit for a package or not, each in the order of paths.
#[derive(Default)]
pub(crate) struct Found {
    pub files: Vec<LocalFile>,
    pub refused: Vec<RefusedEntry>,
}

pub(crate) fn scan(directory: &Path) -> Result<Found, Fault> {
    let metadata = fs::metadata(directory).map_err(|error| faults::directory_unreadable(directory, &error))?;
    if !metadata.is_dir() {
        return Err(faults::not_a_directory(directory));
    }
    let mut found = Found::default();
    let (mut directories, mut others) = (Vec::new(), Vec::new());
    let mut entries = WalkDir::new(directory).min_depth(1).into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let (path, depth) = (error.path().unwrap_or(directory).to_owned(), error.depth());
                // What the walk says around it is the path again.
                let error = error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into());
                if depth == 0 {
                    return Err(faults::directory_unreadable(directory, &error));
                }
                found.refuse(directory, &path, EntryRefused::Unreadable(error.to_string()));
                continue;
            }
        };
        if !entry.file_type().is_dir() {
            others.push(entry);
            continue;
        }
        match relative(directory, entry.path()) {
            Ok(path) => directories.push((path, entry.into_path())),
            Err(reason) => {
                entries.skip_current_dir();
                found.refuse(directory, entry.path(), reason);
            }
        }
    }
    for (entry, examined) in others.iter().zip(examine_all(directory, &others)?) {
        match examined {
            Ok(file) => found.files.push(file),
            Err(reason) => found.refuse(directory, entry.path(), reason),
        }
    }
    found.refuse_same_names(directory, &directories);
    found.files.sort_unstable_by(|a, b| a.relative_path.cmp(&b.relative_path));
    found.refused.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

impl Found {
    fn refuse(&mut self, root: &Path, path: &Path, reason: EntryRefused) {
        self.refused.push(RefusedEntry { path: shown(root, path), reason });
    }

    /// Two names that differ on disk but not in Normalization Form C would become one path.
    fn refuse_same_names(&mut self, root: &Path, directories: &[(RelativePath, PathBuf)]) {
        let files = self.files.iter().map(|file| (&file.relative_path, file.source.as_path()));
        let directories = directories.iter().map(|(path, source)| (path, source.as_path()));
        let mut names: Vec<_> = files.chain(directories).collect();
        names.sort_unstable();
        let same = names.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1).flatten();
        let same = same.map(|(_, source)| RefusedEntry { path: shown(root, source), reason: EntryRefused::SameName });
        self.refused.extend(same);
    }
}

/// What each of these entries is, in their order. Asking the file system is nearly all of a walk, so every core asks.
fn examine_all(root: &Path, entries: &[DirEntry]) -> Result<Vec<Result<LocalFile, EntryRefused>>, Fault> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = entries.len().div_ceil(threads).max(LEAST_SHARE);
    let examine_some = |some: &[DirEntry]| some.iter().map(|entry| examine(root, entry)).collect::<Vec<_>>();
    thread::scope(|scope| {
        let working: Vec<_> = entries.chunks(share).map(|some| scope.spawn(|| examine_some(some))).collect();
        let mut examined = Vec::with_capacity(entries.len());
        for thread in working {
            examined.extend(thread.join().map_err(|_| faults::thread_lost("read directory"))?);
        }
        Ok(examined)
    })
}

fn examine(root: &Path, entry: &DirEntry) -> Result<LocalFile, EntryRefused> {
    let kind = entry.file_type();
    if kind.is_symlink() {
        return Err(EntryRefused::SymbolicLink);
    } else if kind.is_socket() {
        return Err(EntryRefused::Socket);
    } else if kind.is_fifo() {
        return Err(EntryRefused::Fifo);
    } else if kind.is_block_device() || kind.is_char_device() {
        return Err(EntryRefused::Device);
    }
    let relative_path = relative(root, entry.path())?;
    let unreadable = |error: io::Error| EntryRefused::Unreadable(error.to_string());
    let metadata = fs::symlink_metadata(entry.path()).map_err(unreadable)?;
    rustix::fs::accessat(CWD, entry.path(), Access::READ_OK, AtFlags::EACCESS)
        .map_err(|error| unreadable(error.into()))?;
    Ok(LocalFile {
        media_type: media_type::guess(&relative_path),
        relative_path,
        source: entry.path().to_owned(),
        size_bytes: metadata.size(),
        executable: metadata.mode() & 0o100 != 0,
        stamp: Stamp::of(&metadata),
    })
}

fn relative(root: &Path, path: &Path) -> Result<RelativePath, EntryRefused> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let text = below.to_str().ok_or(EntryRefused::NotUtf8)?;
    Ok(RelativePath::normalized(text)?)
}

/// A path as it is told to people: what could move their cursor or is no text is escaped.
#[expect(clippy::unnecessary_debug_formatting, reason = "it is the escaping that is wanted")]
fn shown(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    match below.to_str() {
        Some(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("{below:?}"),
    }
}

#[cfg(test)]
mod tests;
