//! What is known of an upload between two streams of it, each in a file of its own. A record is replaced whole and
//! durably, or stays as it was. One that cannot be read is none: its upload begins anew.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use artifactstore_types::{Algorithm, ContentAddress, Digest, DualDigest, Fault, Timestamp};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{PART_BYTES, UploadKey, digests::Snapshot};
use crate::faults;

/// Changes whenever a record could be read as something else than was meant: the form of a digest's state included.
const VERSION: u32 = 1;
const SUFFIX: &str = "upload";

/// What is known of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// When it was begun.
    pub begun_at: Timestamp,
    /// The address its bytes must have, where declared.
    pub declared: Option<ContentAddress>,
    /// How far it has come.
    pub state: State,
}

/// How far an upload has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Parts of it are stored.
    Open(Open),
    /// It is durable under its address.
    Done(DualDigest, Timestamp),
}

/// An upload of which parts are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// The key its parts are for.
    pub target: String,
    /// What the store calls it.
    pub multipart_id: String,
    /// What the store calls its parts, in order.
    pub part_ids: Vec<String>,
    /// Both digests at the end of the last part.
    pub digests: Snapshot,
}

impl Record {
    /// How many bytes need not be sent again.
    pub fn offset(&self) -> u64 {
        match &self.state {
            State::Open(open) => open.digests.offset,
            State::Done(digests, _) => digests.size_bytes,
        }
    }
}

/// A record as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    begun_at: i64,
    declared: Option<Bytes>,
    open: Option<WrittenOpen>,
    done: Option<WrittenDone>,
}

#[derive(Serialize, Deserialize)]
struct WrittenOpen {
    target: String,
    multipart_id: String,
    part_ids: Vec<String>,
    offset: u64,
    subtrees: Vec<Bytes>,
    sha256: Bytes,
}

#[derive(Serialize, Deserialize)]
struct WrittenDone {
    blake3: Bytes,
    sha256: Bytes,
    size_bytes: u64,
    stored_at: i64,
}

impl From<&Record> for Written {
    fn from(record: &Record) -> Self {
        let bytes = |bytes: &[u8; 32]| Bytes::copy_from_slice(bytes);
        let (open, done) = match &record.state {
            State::Open(Open { target, multipart_id, part_ids, digests }) => {
                let open = WrittenOpen {
                    target: target.clone(),
                    multipart_id: multipart_id.clone(),
                    part_ids: part_ids.clone(),
                    offset: digests.offset,
                    subtrees: digests.subtrees.iter().map(bytes).collect(),
                    sha256: digests.sha256.clone(),
                };
                (Some(open), None)
            }
            State::Done(digests, stored_at) => {
                let done = WrittenDone {
                    blake3: bytes(digests.blake3.bytes()),
                    sha256: bytes(digests.sha256.bytes()),
                    size_bytes: digests.size_bytes,
                    stored_at: stored_at.micros(),
                };
                (None, Some(done))
            }
        };
        let declared = record.declared.map(|address| bytes(address.bytes()));
        Self { version: VERSION, begun_at: record.begun_at.micros(), declared, open, done }
    }
}

impl Written {
    fn record(self) -> Option<Record> {
        let array = |bytes: &Bytes| <[u8; 32]>::try_from(&bytes[..]).ok();
        let state = match (self.open, self.done) {
            (Some(open), None) => {
                let subtrees = open.subtrees.iter().map(array).collect::<Option<_>>()?;
                let digests = Snapshot { offset: open.offset, subtrees, sha256: open.sha256 };
                // Every part has one size, so the parts say how many bytes there are.
                let whole = open.part_ids.len().checked_mul(PART_BYTES)? as u64 == digests.offset;
                let WrittenOpen { target, multipart_id, part_ids, .. } = open;
                whole.then_some(State::Open(Open { target, multipart_id, part_ids, digests }))?
            }
            (None, Some(done)) => {
                let digests = DualDigest {
                    blake3: Digest::new(Algorithm::Blake3, array(&done.blake3)?),
                    sha256: Digest::new(Algorithm::Sha256, array(&done.sha256)?),
                    size_bytes: done.size_bytes,
                };
                State::Done(digests, Timestamp::from_micros(done.stored_at).ok()?)
            }
            _ => return None,
        };
        let declared = match &self.declared {
            Some(bytes) => Some(ContentAddress::from_blake3(array(bytes)?)),
            None => None,
        };
        let begun_at = Timestamp::from_micros(self.begun_at).ok()?;
        (self.version == VERSION).then_some(Record { begun_at, declared, state })
    }
}

/// The records of one backend. Clones are the same ones.
#[derive(Clone, Debug)]
pub(super) struct Records {
    folder: Arc<Path>,
    most: usize,
}

impl Records {
    pub fn new(folder: PathBuf, most: usize) -> Self {
        Self { folder: folder.into(), most }
    }

    /// What is known of an upload, if anything is.
    pub async fn find(&self, key: UploadKey) -> Result<Option<Record>, Fault> {
        let path = self.path(key);
        self.blocking(move |_| read(&path)).await
    }

    /// Makes the record of an upload that has none.
    pub async fn add(&self, key: UploadKey, record: &Record) -> Result<(), Fault> {
        let most = self.most;
        let count = self.blocking(move |folder| {
            if !folder.is_dir() {
                fs::create_dir_all(folder)?;
                if let Some(parent) = folder.parent() {
                    File::open(parent)?.sync_all()?;
                }
            }
            Ok(fs::read_dir(folder)?.count())
        });
        if count.await? >= most {
            return Err(faults::too_many_uploads(most));
        }
        self.set(key, record).await
    }

    /// Makes or replaces the record of an upload, durably.
    pub async fn set(&self, key: UploadKey, record: &Record) -> Result<(), Fault> {
        let (path, written) = (self.path(key), Written::from(record));
        self.blocking(move |folder| write(folder, &path, &written)).await
    }

    /// Forgets an upload.
    pub async fn remove(&self, key: UploadKey) -> Result<(), Fault> {
        let path = self.path(key);
        self.blocking(move |_| absent_is_well(fs::remove_file(path))).await
    }

    /// Every upload there is a record of; what cannot be read is removed.
    pub async fn list(&self) -> Result<Vec<(UploadKey, Record)>, Fault> {
        self.blocking(|folder| {
            let entries = match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let mut records = Vec::new();
            for entry in entries {
                let path = entry?.path();
                match (key_of(&path), read(&path)?) {
                    (Some(key), Some(record)) => records.push((key, record)),
                    _ => absent_is_well(fs::remove_file(&path))?,
                }
            }
            Ok(records)
        })
        .await
    }

    fn path(&self, key: UploadKey) -> PathBuf {
        self.folder.join(format!("{key}.{SUFFIX}"))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let folder = Arc::clone(&self.folder);
        let worked = tokio::task::spawn_blocking(move || work(&folder)).await;
        worked.map_err(|_| faults::stopped())?.map_err(|error| faults::records_unusable(&error))
    }
}

fn key_of(path: &Path) -> Option<UploadKey> {
    let name = path.file_name()?.to_str()?.strip_suffix(SUFFIX)?.strip_suffix('.')?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(name, &mut bytes).ok()?;
    Some(UploadKey(bytes))
}

fn read(path: &Path) -> io::Result<Option<Record>> {
    match fs::read(path) {
        Ok(bytes) => Ok(ciborium::from_reader::<Written, _>(&bytes[..]).ok().and_then(Written::record)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(folder: &Path, path: &Path, written: &Written) -> io::Result<()> {
    let mut bytes = Vec::new();
    ciborium::into_writer(written, &mut bytes).map_err(io::Error::other)?;
    // Nobody else writes this upload's record: its turn is held.
    let unfinished = path.with_extension("new");
    let mut file = File::create(&unfinished)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}

fn absent_is_well(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests;
