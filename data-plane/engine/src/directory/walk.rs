//! Listing: files in the order of their keys, a bounded number at a time, starting anywhere without walking what lies
//! before. Memory grows with the largest folder on the way, not with the number of files.

use std::{fs, io, path::PathBuf, sync::Arc, vec};

use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{Extensions, ListResult, ObjectMeta, Result, path::Path};

use super::{describe, failed, root::Root};

/// How many files are looked at between two pauses.
const BATCH: usize = 1024;

/// All files under `prefix` whose keys sort behind `offset`.
pub(super) fn list(
    root: &Arc<Root>,
    prefix: Option<&Path>,
    offset: Option<String>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let start = Step::Start { root: Arc::clone(root), prefix: prefix.cloned().unwrap_or_default(), offset };
    let take = |step: Step| async move {
        let taken = tokio::task::spawn_blocking(move || step.take()).await?;
        taken.map(|taken| taken.map(|(batch, rest)| (stream::iter(batch.into_iter().map(Ok)), rest)))
    };
    stream::try_unfold(start, take).try_flatten().boxed()
}

/// Where a listing has come to.
enum Step {
    Start { root: Arc<Root>, prefix: Path, offset: Option<String> },
    On(Walk),
    End,
}

impl Step {
    fn take(self) -> Result<Option<(Vec<ObjectMeta>, Self)>> {
        let mut walk = match self {
            Self::Start { root, prefix, offset } => Walk::start(root, &prefix, offset)?,
            Self::On(walk) => walk,
            Self::End => return Ok(None),
        };
        let batch = walk.next_batch()?;
        let rest = if batch.len() == BATCH { Self::On(walk) } else { Self::End };
        Ok(Some((batch, rest)))
    }
}

/// The files and folders directly in `prefix`.
pub(super) fn list_folder(root: &Root, prefix: Option<&Path>) -> Result<ListResult> {
    let (mut objects, mut common_prefixes) = (Vec::new(), Vec::new());
    let prefix = prefix.cloned().unwrap_or_default();
    for entry in entries_of(root, folder(root, &prefix)?, prefix.as_ref())? {
        if entry.is_folder {
            common_prefixes.push(Path::from(entry.key.as_str()));
        } else if let Some(meta) = entry.describe()? {
            objects.push(meta);
        }
    }
    Ok(ListResult { common_prefixes, objects, extensions: Extensions::default() })
}

struct Entry {
    /// The key of a file, or of a folder without the slash at its end.
    key: String,
    path: PathBuf,
    is_folder: bool,
}

impl Entry {
    /// What sorts it among its neighbours: the keys of everything in a folder begin with its name and a slash.
    fn order(&self) -> impl Iterator<Item = u8> + '_ {
        self.key.bytes().chain(self.is_folder.then_some(b'/'))
    }

    /// Whether it, or anything in it, sorts behind `offset`.
    fn reaches_behind(&self, offset: &str) -> bool {
        if self.is_folder {
            let within = offset.strip_prefix(&self.key).is_some_and(|rest| rest.starts_with('/'));
            within || self.order().gt(offset.bytes())
        } else {
            self.key.as_str() > offset
        }
    }

    /// `None` if it has vanished since its folder was read.
    fn describe(self) -> Result<Option<ObjectMeta>> {
        match fs::metadata(&self.path) {
            Ok(metadata) => describe(Path::from(self.key), &metadata).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

/// A place in a listing: what is left of each open folder, the innermost last.
struct Walk {
    root: Arc<Root>,
    open: Vec<vec::IntoIter<Entry>>,
    offset: Option<String>,
}

impl Walk {
    fn start(root: Arc<Root>, prefix: &Path, offset: Option<String>) -> Result<Self> {
        let entries = entries_of(&root, folder(&root, prefix)?, prefix.as_ref())?;
        Ok(Self { root, open: vec![entries.into_iter()], offset })
    }

    fn next_batch(&mut self) -> Result<Vec<ObjectMeta>> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Some(folder) = self.open.last_mut() else { break };
            let Some(entry) = folder.next() else {
                self.open.pop();
                continue;
            };
            if self.offset.as_ref().is_some_and(|offset| !entry.reaches_behind(offset)) {
                continue;
            }
            if entry.is_folder {
                let entries = entries_of(&self.root, entry.path, &entry.key)?;
                self.open.push(entries.into_iter());
            } else if let Some(meta) = entry.describe()? {
                batch.push(meta);
            }
        }
        Ok(batch)
    }
}

fn folder(root: &Root, prefix: &Path) -> Result<PathBuf> {
    if prefix.as_ref().is_empty() { Ok(root.path().to_owned()) } else { root.resolve(prefix) }
}

/// What lies in a folder, in the order of keys. A folder that is not there is empty, unless the directory is gone.
fn entries_of(root: &Root, folder: PathBuf, prefix: &str) -> Result<Vec<Entry>> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) => {
            let absent = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
            return if absent && root.is_there() { Ok(Vec::new()) } else { Err(failed(error)) };
        }
    };
    let mut entries = Vec::new();
    for entry in listed {
        let entry = entry.map_err(failed)?;
        // Names that are no keys are this store's own bookkeeping, or nothing of this store's.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        let key = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        if kind.is_dir() || kind.is_file() {
            entries.push(Entry { key, path: entry.path(), is_folder: kind.is_dir() });
        }
    }
    entries.sort_by(|a, b| a.order().cmp(b.order()));
    Ok(entries)
}
