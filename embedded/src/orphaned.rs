//! Bytes without their registry. A database in a file that is gone, while blobs lie in the storage, was lost: an empty one made
//! in its place would say that there is nothing, and everything pushed from then on would hide what happened. So it is not
//! made in passing, only by whoever asks for just that ([`crate::Registry`], `artifactstore migrate`).

use std::{fs, io, path::Path};

use artifactstore_types::{Category, Fault};
use tokio::task::spawn_blocking;

use crate::EmbeddedOptions;

/// Refuses a store whose storage holds blobs and whose database is not there.
pub(crate) async fn refuse(options: &EmbeddedOptions) -> Result<(), Fault> {
    let Some(database) = options.database_file() else { return Ok(()) };
    let (database, storage) = (database.to_owned(), options.storage_root.clone());
    let look = spawn_blocking(move || {
        let lost = !has_content(&database)? && holds_objects(&storage)?;
        Ok::<_, io::Error>(lost.then(|| orphaned(&database)))
    });
    match look.await {
        Ok(Ok(Some(fault))) => Err(fault),
        // What cannot be looked at is refused, with its reason, by whoever opens it next.
        Ok(Ok(None) | Err(_)) | Err(_) => Ok(()),
    }
}

fn orphaned(database: &Path) -> Fault {
    let message = "open store: the database is gone, but the storage still holds blobs; restore the database from its backup, \
                   or run `artifactstore migrate` to begin an empty registry over these bytes";
    Fault::new("AS-EMBEDDED-0002", Category::FailedPrecondition, message).about(database.display())
}

/// A database is never empty, unless its making was interrupted before anything else could be.
fn has_content(database: &Path) -> io::Result<bool> {
    match fs::metadata(database) {
        Ok(file) => Ok(file.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether there is any object. Objects have no hidden names; what has one is the engine's own.
fn holds_objects(folder: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_file() || (kind.is_dir() && holds_objects(&entry.path())?) {
            return Ok(true);
        }
    }
    Ok(false)
}
