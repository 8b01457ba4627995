//! Writing one file: every chunk is digested as it is written, and the file gets its name only if the result is what
//! the manifest says, and only once it is durable: a name found after a crash is that of a whole file.

use std::{fs::File, io::Write as _};

use artifactstore_manifest::FileEntry;
use artifactstore_types::{ContentAddress, Fault};
use bytes::Bytes;
use tokio::sync::mpsc;

use super::target::{Staged, Target};
use crate::faults;

/// Writes what comes until no more does. Blocks the thread.
pub fn write(target: &Target, entry: &FileEntry, mut chunks: mpsc::Receiver<Bytes>) -> Result<(), Fault> {
    let path = &entry.relative_path;
    let staged: Staged<'_> = target.stage(entry.executable).map_err(|error| faults::not_writable(path, &error))?;
    let mut file: &File = staged.file();
    let mut hasher = blake3::Hasher::new();
    let mut size_bytes = 0_u64;
    while let Some(chunk) = chunks.blocking_recv() {
        size_bytes += chunk.len() as u64;
        if size_bytes > entry.size_bytes {
            return Err(faults::bytes_differ(
                path,
                format!("more than the manifest's {} bytes came", entry.size_bytes),
            ));
        }
        hasher.update(&chunk);
        file.write_all(&chunk).map_err(|error| faults::not_writable(path, &error))?;
    }
    if size_bytes < entry.size_bytes {
        let what = format!("only {size_bytes} of the manifest's {} bytes came", entry.size_bytes);
        return Err(faults::bytes_differ(path, what));
    }
    let found = ContentAddress::from_blake3(*hasher.finalize().as_bytes());
    if found != entry.content_address {
        let what = format!("the bytes are {found}, and should be {}", entry.content_address);
        return Err(faults::bytes_differ(path, what));
    }
    file.sync_all().map_err(|error| faults::not_writable(path, &error))?;
    staged.place(path)
}
