//! Who has a directory open: one process at a time, for as long as it holds the lock on `.lock`.
//!
//! The file also says how the last one left: it is not empty from when it is opened until it is let go in order. A
//! process that was killed may have changed names it had not synced yet; they are seen by the next one, which must not
//! take them for durable. After a power cut there are none: what is seen then is what survived.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
    thread,
    time::Duration,
};

/// Held while a process has the directory open.
const LOCK: &str = ".lock";
/// How often the lock is tried, and how long after each try: whoever closed an engine and opens another may find the last
/// read of the first one still under way.
const TRIES: (usize, Duration) = (50, Duration::from_millis(10));

/// The lock on a directory.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock of `folder`; says too whether everything in it may be taken for durable.
    pub fn take(folder: &Path) -> io::Result<(Self, bool)> {
        let path = folder.join(LOCK);
        let known = path.try_exists()?;
        let untouched = !known && fs::read_dir(folder)?.next().is_none();
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        lock(&file)?;
        let durable = untouched || (known && file.metadata()?.len() == 0);
        // A length takes no block, so that a full disk can be opened too.
        file.set_len(1)?;
        Ok((Self(file), durable))
    }

    /// Says that everything in the folder is durable.
    pub fn leave_in_order(&self) {
        // Where it cannot be said, the next one syncs what it need not.
        let _ = self.0.set_len(0);
    }
}

fn lock(file: &File) -> io::Result<()> {
    for _ in 0..TRIES.0 {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => thread::sleep(TRIES.1),
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "another process uses it"))
}
