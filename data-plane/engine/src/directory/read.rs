//! Reading: ranges of a file in large steps, one step ahead of whoever takes them. No thread waits for a slow reader.

use std::{fs::File, io, num::NonZeroU64, ops::Range, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt as _, stream, stream::BoxStream};
use object_store::{Attributes, Extensions, GetOptions, GetRange, GetResult, GetResultPayload, Result, path::Path};

use super::{describe, failed, read_failed, root::Root};

/// How much is read at a time.
const STEP_BYTES: u64 = 1024 * 1024;
/// How far ahead the disk is asked to read. What was written past the page cache is not in it.
const AHEAD_BYTES: u64 = 8 * 1024 * 1024;

/// Opens the file of `key` and reads the first step of what was asked for.
pub(super) fn open(root: &Root, key: &Path, path: &std::path::Path, options: &GetOptions) -> Result<GetResult> {
    let not_read = |error| read_failed(root, key, error);
    let opened = File::open(path);
    root.settle(path).map_err(failed)?;
    let file = opened.map_err(not_read)?;
    let metadata = file.metadata().map_err(not_read)?;
    if !metadata.is_file() {
        return Err(not_read(io::ErrorKind::IsADirectory.into()));
    }
    let meta = describe(key.clone(), &metadata)?;
    options.check_preconditions(&meta)?;
    let range = match &options.range {
        None => 0..meta.size,
        Some(range) => resolve(range, meta.size)?,
    };
    if !options.head && range.end - range.start > STEP_BYTES {
        read_ahead(&file, range.start..range.end.min(range.start.saturating_add(AHEAD_BYTES)));
    }
    let first = if options.head { Bytes::new() } else { read(&file, step(&range, range.start))? };
    let rest = if options.head { range.end..range.end } else { range.start + first.len() as u64..range.end };
    let payload = GetResultPayload::Stream(steps(first, file, rest));
    Ok(GetResult { payload, meta, range, attributes: Attributes::default(), extensions: Extensions::default() })
}

fn resolve(range: &GetRange, size: u64) -> Result<Range<u64>> {
    range.as_range(size).map_err(|refused| failed(io::Error::new(io::ErrorKind::InvalidInput, refused)))
}

fn step(range: &Range<u64>, start: u64) -> Range<u64> {
    start..range.end.min(start.saturating_add(STEP_BYTES))
}

/// `first`, then the rest of the file in steps, of which one is read ahead.
fn steps(first: Bytes, file: File, rest: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    let first = stream::iter((!first.is_empty()).then_some(Ok(first)));
    if rest.is_empty() {
        return first.boxed();
    }
    let file = Arc::new(file);
    let (mut next, end) = (rest.start, rest.end);
    let starts = std::iter::from_fn(move || {
        let step = step(&rest, next);
        next = step.end;
        (!step.is_empty()).then_some(step)
    });
    let read_step = move |step: Range<u64>| {
        let file = Arc::clone(&file);
        let ahead = |at: u64| at.saturating_add(AHEAD_BYTES - STEP_BYTES).min(end);
        let ahead = ahead(step.start)..ahead(step.end);
        let read = move || {
            read_ahead(&file, ahead);
            read(&file, step)
        };
        async move { tokio::task::spawn_blocking(read).await? }
    };
    first.chain(stream::iter(starts).map(read_step).buffered(2)).boxed()
}

/// Asks the disk for bytes that are read soon. It is advice: where it does nothing, they come when they are read.
fn read_ahead(file: &File, range: Range<u64>) {
    if let Some(length) = NonZeroU64::new(range.end - range.start) {
        let _ = rustix::fs::fadvise(file, range.start, Some(length), rustix::fs::Advice::WillNeed);
    }
}

/// Exactly the bytes of `range`; a file that has become shorter fails.
fn read(file: &File, range: Range<u64>) -> Result<Bytes> {
    let wanted = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(wanted);
    while bytes.len() < wanted {
        let at = range.start + bytes.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut bytes), at) {
            Ok(0) => return Err(failed(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failed(error.into())),
        }
    }
    bytes.truncate(wanted);
    Ok(bytes.into())
}
