//! A disk that remembers what was synced, and can say what a power cut at this moment would leave. Of every file that is
//! the bytes as of its last sync. Of names there are two extremes: those of each folder's last sync, or those of this
//! moment; a disk may leave either.

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
    steps: Mutex<Option<Steps>>,
}

/// Which names a power cut leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Those that were synced.
    Synced,
    /// Those there are.
    Current,
}

/// Takes a picture before every step.
#[derive(Debug)]
struct Steps {
    root: PathBuf,
    images: PathBuf,
    taken: usize,
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
        let disk = Self { durable: Mutex::default(), ignored, steps: Mutex::default() };
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
            let what = match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => Named::Folder,
                Ok(metadata) => Named::File(metadata.ino()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            names.insert(name, what);
        }
        self.durable.lock().unwrap().folders.insert(folder.to_owned(), names);
        Ok(())
    }

    /// Writes into `image` what a power cut would leave of `root`.
    pub fn leave(&self, root: &Path, image: &Path, names: Names) {
        let durable = self.durable.lock().unwrap();
        match names {
            Names::Synced => leave_synced(&durable, root, image),
            Names::Current => leave_current(&durable, root, image),
        }
    }

    /// From now on, writes into folders of `images` what a power cut before each step would leave.
    pub fn picture_every_step(&self, root: &Path, images: &Path) {
        let steps = Steps { root: root.to_owned(), images: images.to_owned(), taken: 0 };
        *self.steps.lock().unwrap() = Some(steps);
    }

    /// How many steps have been pictured.
    pub fn steps(&self) -> usize {
        self.steps.lock().unwrap().as_ref().map_or(0, |steps| steps.taken)
    }

    /// The folder of the picture before step `step`.
    pub fn image(images: &Path, step: usize, names: Names) -> PathBuf {
        images.join(format!("{step}-{names:?}"))
    }

    fn step(&self) {
        let mut steps = self.steps.lock().unwrap();
        let Some(steps) = &mut *steps else { return };
        for names in [Names::Synced, Names::Current] {
            self.leave(&steps.root, &Self::image(&steps.images, steps.taken, names), names);
        }
        steps.taken += 1;
    }
}

fn leave_synced(durable: &Durable, folder: &Path, image: &Path) {
    fs::create_dir_all(image).unwrap();
    for (name, named) in durable.folders.get(folder).into_iter().flatten() {
        match named {
            Named::Folder => leave_synced(durable, &folder.join(name), &image.join(name)),
            Named::File(inode) => leave_file(durable, *inode, &image.join(name)),
        }
    }
}

fn leave_current(durable: &Durable, folder: &Path, image: &Path) {
    fs::create_dir_all(image).unwrap();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let image = image.join(entry.file_name());
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => leave_current(durable, &entry.path(), &image),
            // It is written past this disk, by a library that syncs for itself.
            Ok(_) if entry.file_name().to_string_lossy().starts_with(".index") => {
                fs::copy(entry.path(), &image).map(drop).unwrap();
            }
            Ok(metadata) => leave_file(durable, metadata.ino(), &image),
            // It went while the folder was read: the picture is of the moment after.
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
        }
    }
}

fn leave_file(durable: &Durable, inode: u64, image: &Path) {
    fs::write(image, durable.files.get(&inode).map(Vec::as_slice).unwrap_or_default()).unwrap();
}

impl Disk for ForgetfulDisk {
    fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.step();
        file.write_all_at(bytes, offset)
    }

    fn sync_file(&self, file: &File, _path: &Path) -> io::Result<()> {
        self.step();
        if self.ignored == Ignored::Files { Ok(()) } else { self.remember_file(file) }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step();
        if self.ignored == Ignored::Folders { Ok(()) } else { self.remember_folder(folder) }
    }

    fn sync_everything(&self, root: &Path) -> io::Result<()> {
        self.step();
        self.take_in(root);
        Ok(())
    }
}
