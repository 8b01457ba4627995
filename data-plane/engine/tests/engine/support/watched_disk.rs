//! A disk on which a test can stop a sync, let it fail, or count it; and which forgets what was not synced, as
//! [`ForgetfulDisk`] does.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use artifactstore_engine::Disk;

use super::forgetful_disk::{ForgetfulDisk, Ignored};

/// What is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    File,
    Folder,
}

/// What becomes of a sync.
#[derive(Debug)]
pub enum Fate {
    /// It is done.
    Done,
    /// It is done when the sender says so, or is gone.
    Stopped(mpsc::Receiver<()>),
    /// It fails, and nothing is durable.
    Failed,
}

type Plan = Box<dyn FnMut(Sync, &Path) -> Fate + Send>;

/// The disk.
pub struct WatchedDisk {
    pub durable: ForgetfulDisk,
    /// How often everything was synced.
    pub everything: AtomicUsize,
    plan: Mutex<Plan>,
}

impl std::fmt::Debug for WatchedDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WatchedDisk")
    }
}

impl WatchedDisk {
    /// A disk on which everything in `root` is durable.
    pub fn holding(root: &Path) -> Arc<Self> {
        let durable = ForgetfulDisk::holding(root, Ignored::Nothing);
        Arc::new(Self { durable, everything: AtomicUsize::new(0), plan: Mutex::new(Box::new(|_, _| Fate::Done)) })
    }

    /// Decides about syncs from now on.
    pub fn plan(&self, plan: impl FnMut(Sync, &Path) -> Fate + Send + 'static) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    /// Stops the first sync of this kind below `path`. Gives what says that it was reached, and what lets it go on.
    pub fn stop(&self, what: Sync, path: &Path) -> (tokio::sync::oneshot::Receiver<()>, mpsc::Sender<()>) {
        let (reached, when_reached) = tokio::sync::oneshot::channel();
        let (go_on, gone_on) = mpsc::channel();
        let path = path.to_owned();
        let mut once = Some((reached, gone_on));
        self.plan(move |found, at| match once.take_if(|_| found == what && at.starts_with(&path)) {
            Some((reached, gone_on)) => {
                reached.send(()).unwrap();
                Fate::Stopped(gone_on)
            }
            None => Fate::Done,
        });
        (when_reached, go_on)
    }

    fn sync(&self, what: Sync, path: &Path) -> io::Result<()> {
        let fate = (self.plan.lock().unwrap())(what, path);
        match fate {
            Fate::Done => Ok(()),
            Fate::Stopped(go_on) => {
                let _ = go_on.recv();
                Ok(())
            }
            Fate::Failed => Err(io::Error::other("the disk does not sync")),
        }
    }
}

impl Disk for WatchedDisk {
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.durable.write_all_at(file, bytes, offset)
    }

    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        self.sync(Sync::File, path)?;
        self.durable.sync_file(file, path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.sync(Sync::Folder, folder)?;
        self.durable.sync_folder(folder)
    }

    fn sync_everything(&self, root: &Path) -> io::Result<()> {
        self.everything.fetch_add(1, Ordering::AcqRel);
        self.durable.sync_everything(root)
    }
}
