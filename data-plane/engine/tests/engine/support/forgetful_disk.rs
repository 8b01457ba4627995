//! A disk that remembers what was synced, and can say what a power cut at this moment would leave: of every folder the
//! names as of its last sync, of every file the bytes as of its own.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Mutex,
};

use artifactstore_engine::Disk;

/// The disk.
#[derive(Debug, Default)]
pub struct ForgetfulDisk {
    durable: Mutex<Durable>,
    /// Which kinds of sync do nothing, for tests that show that they are needed.
    pub ignored: Ignored,
}

/// Syncs that are skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ignored {
    #[default]
    Nothing,
    Files,
    Folders,
}

#[derive(Debug, Default)]
struct Durable {
    /// Bytes by inode.
    files: HashMap<u64, Vec<u8>>,
    /// Names by folder.
    folders: HashMap<PathBuf, BTreeMap<String, Named>>,
}

#[derive(Clone, Copy, Debug)]
enum Named {
    Folder,
    File(u64),
}

impl ForgetfulDisk {
    /// A disk on which everything in `root` is durable.
    pub fn holding(root: &Path, ignored: Ignored) -> Self {
        let disk = Self { durable: Mutex::default(), ignored };
        disk.take_in(root);
        disk
    }

    fn take_in(&self, folder: &Path) {
        self.remember_folder(folder).unwrap();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                self.take_in(&entry.path());
            } else {
                self.remember_file(&File::open(entry.path()).unwrap()).unwrap();
            }
        }
    }

    fn remember_file(&self, file: &File) -> io::Result<()> {
        let metadata = file.metadata()?;
        let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap()];
        file.read_exact_at(&mut bytes, 0)?;
        self.durable.lock().unwrap().files.insert(metadata.ino(), bytes);
        Ok(())
    }

    fn remember_folder(&self, folder: &Path) -> io::Result<()> {
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().into_string().unwrap();
            let named = match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => Named::Folder,
                Ok(metadata) => Named::File(metadata.ino()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            names.insert(name, named);
        }
        self.durable.lock().unwrap().folders.insert(folder.to_owned(), names);
        Ok(())
    }

    /// Writes into `image` what a power cut would leave of `root`.
    pub fn leave(&self, root: &Path, image: &Path) {
        let durable = self.durable.lock().unwrap();
        leave_folder(&durable, root, image);
    }
}

fn leave_folder(durable: &Durable, folder: &Path, image: &Path) {
    fs::create_dir_all(image).unwrap();
    for (name, named) in durable.folders.get(folder).into_iter().flatten() {
        match named {
            Named::Folder => leave_folder(durable, &folder.join(name), &image.join(name)),
            Named::File(inode) => {
                let bytes = durable.files.get(inode).map(Vec::as_slice).unwrap_or_default();
                fs::write(image.join(name), bytes).unwrap();
            }
        }
    }
}

impl Disk for ForgetfulDisk {
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync_file(&self, file: &File, _path: &Path) -> io::Result<()> {
        if self.ignored == Ignored::Files { Ok(()) } else { self.remember_file(file) }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.ignored == Ignored::Folders { Ok(()) } else { self.remember_folder(folder) }
    }
}
