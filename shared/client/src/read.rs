//! Reading the files a walk found: small ones whole and in batches, large ones in chunks ahead of whoever sends them.
//!
//! A file is read only if it is still the one that was found, and its bytes count only if it did not change meanwhile.
//! All reading happens on blocking threads; what is read ahead is bounded in batches, chunks and bytes.

use std::{
    fs::File,
    io,
    ops::Range,
    sync::{Arc, OnceLock},
};

use artifactstore_types::{ContentAddress, DualDigest, DualHasher, Fault, FileHeader, SmallFile};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream, stream::BoxStream};
use rustix::{
    buffer::spare_capacity,
    fs::{Mode, OFlags},
    io::Errno,
};
use tokio::{sync::mpsc, task};
use tokio_stream::wrappers::ReceiverStream;

use crate::{ByteStream, LocalFile, faults, walk::Stamp};

/// Large enough that handing a chunk over costs little beside digesting it, small enough to stay in the cache.
const CHUNK: usize = 256 * 1024;
/// Chunks of one file that wait for the sender.
const CHUNKS_AHEAD: usize = 8;
/// A batch is read by one thread at a time, so that handing it over costs little beside opening its files.
const BATCH_FILES: usize = 128;
const BATCH_BYTES: u64 = 1024 * 1024;
/// Batches that are being read or wait for the sender.
const BATCHES_AHEAD: usize = 4;

/// One of the files of a push, and the address it must have, where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    pub index: usize,
    pub declared: Option<ContentAddress>,
}

/// The header that goes before a file's bytes.
pub fn header(file: &LocalFile, declared: Option<ContentAddress>) -> FileHeader {
    FileHeader {
        relative_path: file.relative_path.clone(),
        media_type: file.media_type.clone(),
        executable: file.executable,
        declared,
    }
}

/// Small files in order, each whole. Where one cannot be read the stream ends, and `failure` says why.
pub fn small_files(
    files: Arc<[LocalFile]>,
    sending: Arc<[Sending]>,
    failure: Arc<OnceLock<Fault>>,
) -> BoxStream<'static, SmallFile> {
    let batches = batches(sending.len(), |position| files[sending[position].index].size_bytes);
    stream::iter(batches)
        .map(move |batch| {
            let (files, sending) = (Arc::clone(&files), Arc::clone(&sending));
            on_thread(move || read_batch(&files, &sending[batch]))
        })
        .buffered(BATCHES_AHEAD)
        .flat_map(|batch: Result<Vec<_>, Fault>| stream::iter(batch.unwrap_or_else(|fault| vec![Err(fault)])))
        .scan((), move |(), file| {
            let file = file.map_err(|fault| failure.set(fault)).ok();
            async { file }
        })
        .boxed()
}

/// A file of any size in chunks, read ahead on a thread of its own. Ends with a fault where the file changed.
pub fn chunks(files: Arc<[LocalFile]>, index: usize) -> ByteStream {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    task::spawn_blocking(move || {
        let file = &files[index];
        // A send fails only when nobody wants the rest.
        let sent = for_each_chunk(file, |chunk| sender.blocking_send(Ok(Bytes::from(chunk))).is_ok());
        if let Err(fault) = sent {
            let _ = sender.blocking_send(Err(fault));
        }
    });
    ReceiverStream::new(receiver).boxed()
}

/// What `work` finds in each of these files, by as many threads as there are cores, in the order asked.
pub fn each<T: Send + 'static>(
    files: Arc<[LocalFile]>,
    indexes: Arc<[usize]>,
    work: impl Fn(&LocalFile) -> Result<T, Fault> + Clone + Send + 'static,
) -> impl Stream<Item = Result<(usize, T), Fault>> + Send {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let batches = batches(indexes.len(), |position| files[indexes[position]].size_bytes);
    stream::iter(batches)
        .map(move |batch| {
            let (files, indexes, work) = (Arc::clone(&files), Arc::clone(&indexes), work.clone());
            on_thread(move || indexes[batch].iter().map(|&index| Ok((index, work(&files[index])?))).collect::<Vec<_>>())
        })
        .buffered(threads)
        .flat_map(|batch| stream::iter(batch.unwrap_or_else(|fault| vec![Err(fault)])))
}

/// Both digests of one file's bytes; `passed` is told of them as they pass. Blocks the thread.
pub fn dual_digest(file: &LocalFile, passed: impl Fn(u64)) -> Result<DualDigest, Fault> {
    let mut hasher = DualHasher::default();
    for_each_chunk(file, |chunk| {
        hasher.update(&chunk);
        passed(chunk.len() as u64);
        true
    })?;
    Ok(hasher.finish())
}

/// The address of one file's bytes; `passed` is told of them as they pass. Blocks the thread.
pub fn address(file: &LocalFile, passed: impl Fn(u64)) -> Result<ContentAddress, Fault> {
    let mut hasher = blake3::Hasher::new();
    for_each_chunk(file, |chunk| {
        hasher.update(&chunk);
        passed(chunk.len() as u64);
        true
    })?;
    Ok(ContentAddress::from_blake3(*hasher.finalize().as_bytes()))
}

async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    task::spawn_blocking(work).await.map_err(|_| faults::thread_lost("read files"))
}

/// Cuts `count` items into runs of at most [`BATCH_FILES`] items, each run ended by the item that fills its bytes.
fn batches(count: usize, size: impl Fn(usize) -> u64) -> Vec<Range<usize>> {
    let mut batches = Vec::with_capacity(count / BATCH_FILES + 1);
    let (mut start, mut bytes) = (0, 0);
    for position in 0..count {
        bytes += size(position);
        if bytes >= BATCH_BYTES || position + 1 - start == BATCH_FILES {
            batches.push(start..position + 1);
            (start, bytes) = (position + 1, 0);
        }
    }
    if start < count {
        batches.push(start..count);
    }
    batches
}

/// Reads a batch into one piece of memory: what a file costs beside its bytes is then little more than opening it. Ends
/// with the first file that cannot be read.
fn read_batch(files: &[LocalFile], batch: &[Sending]) -> Vec<Result<SmallFile, Fault>> {
    let room = batch.iter().map(|sending| files[sending.index].size_bytes).sum::<u64>();
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(usize::MAX));
    let mut ends = Vec::with_capacity(batch.len());
    let mut failure = None;
    for sending in batch {
        match append_whole(&files[sending.index], &mut bytes) {
            Ok(()) => ends.push(bytes.len()),
            Err(fault) => {
                failure = Some(Err(fault));
                break;
            }
        }
    }
    let bytes = Bytes::from(bytes);
    let mut start = 0;
    let read = batch.iter().zip(ends).map(|(sending, end)| {
        let whole = bytes.slice(start..end);
        start = end;
        Ok(SmallFile { header: header(&files[sending.index], sending.declared), bytes: whole })
    });
    read.chain(failure).collect()
}

fn append_whole(file: &LocalFile, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let opened = open(file)?;
    let size = usize::try_from(file.size_bytes).map_err(|_| faults::file_changed(&file.relative_path))?;
    let end = bytes.len() + size;
    fill(file, &opened, bytes, end)?;
    // More than there was shows here as well: a read takes whatever fits.
    if bytes.len() != end {
        return Err(faults::file_changed(&file.relative_path));
    }
    require_unchanged(file, &opened)
}

fn for_each_chunk(file: &LocalFile, mut take: impl FnMut(Vec<u8>) -> bool) -> Result<(), Fault> {
    let opened = open(file)?;
    let mut left = file.size_bytes;
    while left > 0 {
        let mut chunk = Vec::with_capacity(usize::try_from(left).unwrap_or(CHUNK).min(CHUNK));
        let end = chunk.capacity();
        fill(file, &opened, &mut chunk, end)?;
        if chunk.is_empty() {
            return Err(faults::file_changed(&file.relative_path));
        }
        left -= chunk.len() as u64;
        if left == 0 {
            // Before the last chunk goes out: whoever takes it may take the file for complete.
            require_unchanged(file, &opened)?;
        }
        if !take(chunk) {
            return Ok(());
        }
    }
    require_unchanged(file, &opened)
}

fn open(file: &LocalFile) -> Result<File, Fault> {
    // Not following and not waiting matter where something else has taken the file's place since it was found.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match rustix::fs::open(&file.source, flags, Mode::empty()) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        Err(Errno::NOENT | Errno::NOTDIR) => Err(faults::file_vanished(&file.relative_path)),
        Err(Errno::LOOP | Errno::NXIO) => Err(faults::file_changed(&file.relative_path)),
        Err(error) => Err(faults::file_unreadable(&file.relative_path, &io::Error::from(error))),
    }
}

/// Reads until `bytes` is at least `end` long, which must be within its capacity, or the file ends.
fn fill(file: &LocalFile, opened: &File, bytes: &mut Vec<u8>, end: usize) -> Result<(), Fault> {
    while bytes.len() < end {
        match rustix::io::read(opened, spare_capacity(bytes)) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(faults::file_unreadable(&file.relative_path, &io::Error::from(error))),
        }
    }
    Ok(())
}

fn require_unchanged(file: &LocalFile, opened: &File) -> Result<(), Fault> {
    let metadata = opened.metadata().map_err(|error| faults::file_unreadable(&file.relative_path, &error))?;
    if Stamp::of(&metadata) == file.stamp { Ok(()) } else { Err(faults::file_changed(&file.relative_path)) }
}

#[cfg(test)]
mod tests;
