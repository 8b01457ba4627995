//! A directory as an [`ObjectStore`]: puts, renames and deletions are durable when they return, and reads run at the
//! speed of the page cache. `object_store`'s own local store does not sync unless told to, never syncs a deletion, and
//! reads in steps of 8 KiB. Which step follows which is decided in `root`; which keys there are is decided above.

mod cancellation;
mod direct;
mod disk;
mod lock;
mod parts;
mod read;
mod root;
mod upload;
mod walk;

use std::{fmt, fs, io, os::unix::fs::MetadataExt as _, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, RenameTargetMode, Result, path::Path,
};

pub use self::disk::{Disk, LocalDisk};
use self::{
    cancellation::{Wanted, blocking},
    root::{Replace, Root},
    upload::DirectoryUpload,
};

/// A directory of this machine.
#[derive(Clone, Debug)]
pub struct DirectoryStore {
    root: Arc<Root>,
    /// How often the directory was opened, this time included.
    opened: u64,
}

impl DirectoryStore {
    /// Opens `path`, making it where it does not exist. What an earlier process left unfinished is removed, and what it
    /// may have left unsynced is synced.
    ///
    /// # Errors
    /// The directory cannot be made or written to, or another process has it open (`ResourceBusy`).
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        Self::open_on(path, Arc::new(LocalDisk))
    }

    /// The same on another disk.
    ///
    /// # Errors
    /// As for [`DirectoryStore::open`].
    pub fn open_on(path: impl Into<PathBuf>, disk: Arc<dyn Disk>) -> io::Result<Self> {
        let root = Root::open(&path.into(), disk)?;
        let opened = parts::open(&root)?;
        Ok(Self { root: Arc::new(root), opened })
    }

    /// The directory, as an absolute path.
    pub fn path(&self) -> &std::path::Path {
        self.root.path()
    }

    /// Runs `work` where it may block. What changes something looks before it does whether it is wanted still.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Root>, &Wanted) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let root = Arc::clone(&self.root);
        blocking(move |wanted| work(&root, wanted)).await
    }
}

impl fmt::Display for DirectoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DirectoryStore({})", self.root.path().display())
    }
}

#[async_trait]
impl ObjectStore for DirectoryStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let replace = match opts.mode {
            PutMode::Overwrite => Replace::Yes,
            PutMode::Create => Replace::No,
            PutMode::Update(_) => return Err(not_offered("a put on condition of a version")),
        };
        let (key, to) = (location.clone(), self.root.resolve(location)?);
        self.blocking(move |root, wanted| upload::put(root, &key, &to, &payload, replace, wanted)).await
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let (key, to) = (location.clone(), self.root.resolve(location)?);
        let upload = self.blocking(move |root, _| DirectoryUpload::start(root, key, to)).await?;
        Ok(Box::new(upload))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (key, path) = (location.clone(), self.root.resolve(location)?);
        self.blocking(move |root, _| read::open(root, &key, &path, &options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |location: Result<Path>| {
            let store = store.clone();
            async move {
                let location = location?;
                let (key, path) = (location.clone(), store.root.resolve(&location)?);
                let remove = move |root: &Arc<Root>, wanted: &Wanted| {
                    root.remove(&path, wanted).map_err(|error| read_failed(root, &key, error))
                };
                store.blocking(remove).await?;
                Ok(location)
            }
        };
        locations.map(delete).buffered(8).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        walk::list(&self.root, prefix, None)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        walk::list(&self.root, prefix, Some(offset.as_ref().to_owned()))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned();
        self.blocking(move |root, _| walk::list_folder(root, prefix.as_ref())).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let replace = match options.mode {
            CopyMode::Overwrite => Replace::Yes,
            CopyMode::Create => Replace::No,
        };
        let (key, new_key) = (from.clone(), to.clone());
        let (from, to) = (self.root.resolve(from)?, self.root.resolve(to)?);
        self.blocking(move |root, wanted| {
            let mut source = fs::File::open(&from).map_err(|error| read_failed(root, &key, error))?;
            let incoming = root.create_incoming().map_err(failed)?;
            io::copy(&mut source, &mut &incoming.file).map_err(failed)?;
            incoming.publish(&to, replace, wanted).map_err(|error| write_failed(&new_key, error))
        })
        .await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let replace = match options.target_mode {
            RenameTargetMode::Overwrite => Replace::Yes,
            RenameTargetMode::Create => Replace::No,
        };
        let (key, new_key) = (from.clone(), to.clone());
        let (from, to) = (self.root.resolve(from)?, self.root.resolve(to)?);
        self.blocking(move |root, wanted| {
            fs::symlink_metadata(&from).map_err(|error| read_failed(root, &key, error))?;
            root.rename(&from, &to, replace, wanted).map_err(|error| write_failed(&new_key, error))
        })
        .await
    }
}

/// What a listing says about a file.
fn describe(key: Path, metadata: &fs::Metadata) -> Result<ObjectMeta> {
    let last_modified = metadata.modified().map_err(failed)?.into();
    let (inode, mtime, size) = (metadata.ino(), metadata.mtime_nsec(), metadata.len());
    let e_tag = Some(format!("{inode:x}-{:x}-{mtime:x}-{size:x}", metadata.mtime()));
    Ok(ObjectMeta { location: key, last_modified, size, e_tag, version: None })
}

fn failed(error: io::Error) -> Error {
    Error::Generic { store: "directory", source: Box::new(error) }
}

fn write_failed(key: &Path, error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        Error::AlreadyExists { path: key.to_string(), source: Box::new(error) }
    } else {
        failed(error)
    }
}

/// A file that is not there is not found; but where the directory itself is gone, nothing is known about any file.
fn read_failed(root: &Root, key: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory if root.is_there() => {
            Error::NotFound { path: key.to_string(), source: Box::new(error) }
        }
        _ => failed(error),
    }
}

fn not_offered(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: "DirectoryStore".to_owned() }
}
