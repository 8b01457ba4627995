//! Objects that come in parts of one size, over any number of processes: a file under `.uploads` that is written at the
//! place of each part, and gets its key when all are there. A part is durable when it is acknowledged.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::PathBuf,
    time::Duration,
};

use async_trait::async_trait;
use object_store::{
    Error, MultipartId, PutPayload, PutResult, Result,
    multipart::{MultipartStore, PartId},
    path::Path,
};

use super::{
    DirectoryStore,
    direct::Direct,
    failed, read_failed,
    root::{Replace, Root},
    upload, write_failed,
};
use crate::resume::PART_BYTES;

/// The folder of files that are written in parts.
const UPLOADS: &str = ".uploads";
/// The file in it whose length is how often the directory was opened.
const OPENED: &str = ".opened";
/// How long after it was written last a file is kept that nobody knows of any more; longer than any upload is kept.
const LEFT: Duration = Duration::from_hours(48);

/// What is wrong with a part or an upload.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Refused {
    #[error("a part has at most {PART_BYTES} bytes, and all but the last have so many")]
    Size,
    #[error("the upload is not one of this directory")]
    Name,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Generic { store: "directory", source: Box::new(refused) }
    }
}

/// Makes the folder, removes what was left in it long ago, and says how often it was opened: every upload is named after
/// that too, so that none is ever taken for one of a process before this.
pub(super) fn open(root: &Root) -> io::Result<u64> {
    let folder = root.path().join(UPLOADS);
    fs::create_dir_all(&folder)?;
    root.disk().sync_folder(root.path())?;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if age > LEFT && entry.file_name() != OPENED {
            fs::remove_file(entry.path())?;
        }
    }
    let path = folder.join(OPENED);
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path)?;
    let times = file.metadata()?.len() + 1;
    // A length takes no block, so that a full disk can be opened too.
    file.set_len(times)?;
    root.disk().sync_file(&file, &path)?;
    root.disk().sync_folder(&folder)?;
    Ok(times)
}

#[async_trait]
impl MultipartStore for DirectoryStore {
    async fn create_multipart(&self, key: &Path) -> Result<MultipartId> {
        self.root.resolve(key)?;
        let opened = self.opened;
        self.blocking(move |root, _| {
            let folder = root.path().join(UPLOADS);
            let name = format!("{opened:08x}{:08x}", root.next_number());
            OpenOptions::new().create_new(true).write(true).open(folder.join(&name)).map_err(failed)?;
            root.disk().sync_folder(&folder).map_err(failed)?;
            Ok(name)
        })
        .await
    }

    async fn put_part(&self, key: &Path, id: &MultipartId, number: usize, data: PutPayload) -> Result<PartId> {
        let (key, name) = (key.clone(), named(id)?);
        let length = data.content_length();
        let offset = (number as u64).checked_mul(PART_BYTES as u64).ok_or(Refused::Size)?;
        if length > PART_BYTES {
            return Err(Refused::Size.into());
        }
        self.blocking(move |root, wanted| {
            let path = root.path().join(UPLOADS).join(name);
            let file = in_turn(root, &key, &path)?;
            wanted.check().map_err(failed)?;
            if !Direct::open(&path).write(root.disk(), &data, offset).map_err(failed)? {
                let mut at = offset;
                for chunk in &data {
                    root.disk().write_all_at(&file, chunk, at).map_err(failed)?;
                    at += chunk.len() as u64;
                }
            }
            root.disk().sync_file(&file, &path).map_err(failed)
        })
        .await?;
        Ok(PartId { content_id: length.to_string() })
    }

    async fn complete_multipart(&self, key: &Path, id: &MultipartId, parts: Vec<PartId>) -> Result<PutResult> {
        let (key, to, name) = (key.clone(), self.root.resolve(key)?, named(id)?);
        let length = length_of(&parts)?;
        self.blocking(move |root, wanted| {
            let path = root.path().join(UPLOADS).join(name);
            let file = in_turn(root, &key, &path)?;
            if file.metadata().map_err(failed)?.len() < length {
                return Err(Refused::Size.into());
            }
            // A process before this one may have written parts that it never heard of.
            file.set_len(length).map_err(failed)?;
            root.disk().sync_file(&file, &path).map_err(failed)?;
            root.rename(&path, &to, Replace::Yes, wanted).map_err(|error| write_failed(&key, error))
        })
        .await?;
        Ok(upload::done())
    }

    async fn abort_multipart(&self, _key: &Path, id: &MultipartId) -> Result<()> {
        let name = named(id)?;
        self.blocking(move |root, _| match fs::remove_file(root.path().join(UPLOADS).join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        })
        .await
    }
}

/// The file of an upload, once nobody else writes it. A write that was given up may still be under way, and must not
/// come after one that took its place, nor after the file has got its key.
fn in_turn(root: &Root, key: &Path, path: &std::path::Path) -> Result<File> {
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(|error| read_failed(root, key, error))?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// The name of an upload's file: nothing but the digits that were given out.
fn named(id: &MultipartId) -> Result<PathBuf> {
    let is_ours = id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_ours { Ok(PathBuf::from(id)) } else { Err(Refused::Name.into()) }
}

/// How many bytes the parts have together.
fn length_of(parts: &[PartId]) -> Result<u64> {
    let mut length = 0_u64;
    for (number, part) in parts.iter().enumerate() {
        let bytes: u64 = part.content_id.parse().map_err(|_| Refused::Size)?;
        let is_last = number + 1 == parts.len();
        if bytes > PART_BYTES as u64 || (!is_last && bytes != PART_BYTES as u64) {
            return Err(Refused::Size.into());
        }
        length = length.checked_add(bytes).ok_or(Refused::Size)?;
    }
    Ok(length)
}
