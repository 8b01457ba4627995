//! Reading one file, or a range of it, without writing it anywhere: what comes is counted, and digested where it is the
//! whole file, so that a stream that ends well held the bytes the store has registered.

use std::{ops::Range, sync::Arc};

use artifactstore_types::{ByteRange, ContentAddress, Fault, FileRecord, PackageId, RelativePath};
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use crate::{ByteStream, Connection, Download, faults, retry};

/// A file on its way out, checked.
pub struct Fetched {
    /// The file.
    pub file: FileRecord,
    /// The bytes that follow, of the whole file.
    pub range: Range<u64>,
    /// The bytes of `range`; the stream ends with a fault where they are too few, too many, or others.
    pub bytes: ByteStream,
}

/// Fetches a file or a range of it.
///
/// # Errors
/// Whatever the store refuses; it may also come while the bytes do.
pub async fn fetch(
    connection: &Arc<dyn Connection>,
    package: PackageId,
    path: &RelativePath,
    range: ByteRange,
) -> Result<Fetched, Fault> {
    let download = retry::idempotent(|| connection.download(package, path, range)).await?;
    let Download { file, range: served, bytes, .. } = download;
    if range.resolve(file.size_bytes).ok().as_ref() != Some(&served) || file.relative_path != *path {
        return Err(faults::answer_unfit("read file", "serves something else than it was asked for").about(path));
    }
    let whole = served == (0..file.size_bytes);
    let checked = Checked {
        path: file.relative_path.clone(),
        left: served.end - served.start,
        wanted: whole.then_some(file.content_address),
        hasher: blake3::Hasher::new(),
        bytes,
        ended: false,
    };
    Ok(Fetched { file, range: served, bytes: checked.into_stream() })
}

struct Checked {
    path: RelativePath,
    left: u64,
    wanted: Option<ContentAddress>,
    hasher: blake3::Hasher,
    bytes: ByteStream,
    ended: bool,
}

impl Checked {
    fn into_stream(self) -> ByteStream {
        stream::unfold(self, |mut checked| async move {
            let chunk = checked.next().await?;
            checked.ended = chunk.is_err();
            Some((chunk, checked))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<Bytes, Fault>> {
        if self.ended {
            return None;
        }
        match self.bytes.next().await {
            Some(Ok(chunk)) => Some(self.take(chunk)),
            Some(Err(fault)) => Some(Err(fault)),
            None => self.finish().err().map(Err),
        }
    }

    fn take(&mut self, chunk: Bytes) -> Result<Bytes, Fault> {
        let left = self.left.checked_sub(chunk.len() as u64);
        self.left = left.ok_or_else(|| faults::bytes_differ(&self.path, "more bytes came than it has"))?;
        if self.wanted.is_some() {
            self.hasher.update(&chunk);
        }
        Ok(chunk)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        if self.left > 0 {
            return Err(faults::bytes_differ(&self.path, format!("the last {} bytes did not come", self.left)));
        }
        let found = ContentAddress::from_blake3(*self.hasher.finalize().as_bytes());
        match self.wanted {
            Some(wanted) if wanted != found => {
                Err(faults::bytes_differ(&self.path, format!("the bytes are {found}, and should be {wanted}")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
