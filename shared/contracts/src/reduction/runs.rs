//! Sorted runs in one temporary file, and their merge.
//!
//! A batch that continues the run before it makes that run longer, so entries that arrive in order stay one run and are
//! read back like a file. The file has no name: it vanishes with the process, however that ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::sorter::Batch;

/// As many runs are merged at once; more are merged in rounds.
const FAN_IN: usize = 256;
/// Bytes read ahead over all runs of a merge, and the least for one of them.
const READ_AHEAD: usize = 4 << 20;
const LEAST_READ_AHEAD: usize = 4 << 10;
const WRITE_BEHIND: usize = 256 << 10;

/// Lengths of key and body, four bytes each, stand before every entry.
const HEADER: usize = 8;

/// Runs being written.
pub(super) struct Spill {
    file: BufWriter<File>,
    end: u64,
    runs: Vec<Range<u64>>,
    last_key: Vec<u8>,
}

impl Spill {
    /// An unnamed file in this directory, or in the system's.
    pub(super) fn create(directory: Option<&Path>) -> io::Result<Self> {
        let file = match directory {
            Some(directory) => tempfile::tempfile_in(directory)?,
            None => tempfile::tempfile()?,
        };
        let file = BufWriter::with_capacity(WRITE_BEHIND, file);
        Ok(Self { file, end: 0, runs: Vec::new(), last_key: Vec::new() })
    }

    #[cfg(test)]
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Appends a sorted batch.
    pub(super) fn append(&mut self, batch: &Batch) -> io::Result<()> {
        let start = self.end;
        let first = batch.iter().next().map_or(&[][..], |(key, _)| key);
        let continues = self.last_key.as_slice() <= first;
        for (key, body) in batch.iter() {
            self.write(key, body)?;
        }
        if let Some((key, _)) = batch.iter().next_back() {
            self.last_key.clear();
            self.last_key.extend_from_slice(key);
        }
        match self.runs.last_mut() {
            Some(run) if continues => run.end = self.end,
            _ => self.runs.push(start..self.end),
        }
        Ok(())
    }

    /// Merges everything appended.
    pub(super) fn merge(mut self) -> io::Result<Merge> {
        while self.runs.len() > FAN_IN {
            let runs = std::mem::take(&mut self.runs);
            for group in runs.chunks(FAN_IN) {
                self.merge_group(group)?;
            }
        }
        self.file.flush()?;
        let file = Arc::new(self.file.into_inner().map_err(io::IntoInnerError::into_error)?);
        Merge::open(&file, &self.runs)
    }

    /// Writes neighbouring runs again as one, which takes their place.
    fn merge_group(&mut self, group: &[Range<u64>]) -> io::Result<()> {
        self.file.flush()?;
        let mut merge = Merge::open(&Arc::new(self.file.get_ref().try_clone()?), group)?;
        let start = self.end;
        while let Some((key, body)) = merge.advance()? {
            self.write(key, body)?;
        }
        self.runs.push(start..self.end);
        Ok(())
    }

    fn write(&mut self, key: &[u8], body: &[u8]) -> io::Result<()> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
        self.file.write_all(&length(key)?.to_le_bytes())?;
        self.file.write_all(&length(body)?.to_le_bytes())?;
        self.file.write_all(key)?;
        self.file.write_all(body)?;
        self.end += (HEADER + key.len() + body.len()) as u64;
        Ok(())
    }
}

/// Entries of several runs in one order.
pub(super) struct Merge {
    runs: Vec<Run>,
    /// The key of each run that has entries left, but for the one last lent from. Least first, earlier runs first.
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
    /// The run last lent from, and a key buffer to fill again.
    lent: Option<(usize, Vec<u8>)>,
}

impl Merge {
    fn open(file: &Arc<File>, ranges: &[Range<u64>]) -> io::Result<Self> {
        let read_ahead = (READ_AHEAD / ranges.len().max(1)).max(LEAST_READ_AHEAD);
        let open = |range: &Range<u64>| Run {
            file: Arc::clone(file),
            rest: range.clone(),
            read_ahead,
            buffer: Vec::new(),
            start: 0,
            entry: None,
        };
        let mut merge = Self { runs: ranges.iter().map(open).collect(), heads: BinaryHeap::new(), lent: None };
        for run in 0..merge.runs.len() {
            merge.step(run, Vec::new())?;
        }
        Ok(merge)
    }

    pub(super) fn advance(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        if let Some((run, key)) = self.lent.take() {
            self.step(run, key)?;
        }
        let Some(Reverse((key, run))) = self.heads.pop() else { return Ok(None) };
        self.lent = Some((run, key));
        Ok(self.runs.get(run).and_then(Run::entry))
    }

    /// Moves one run on and files its key.
    fn step(&mut self, run: usize, mut key: Vec<u8>) -> io::Result<()> {
        if let Some((head, _)) = self.runs[run].advance()? {
            key.clear();
            key.extend_from_slice(head);
            self.heads.push(Reverse((key, run)));
        }
        Ok(())
    }
}

/// One run being read.
struct Run {
    file: Arc<File>,
    /// What was not read from the file yet.
    rest: Range<u64>,
    read_ahead: usize,
    buffer: Vec<u8>,
    /// Where in the buffer the next entry starts.
    start: usize,
    /// Where in the buffer the current entry's key and body lie.
    entry: Option<(Range<usize>, Range<usize>)>,
}

impl Run {
    fn entry(&self) -> Option<(&[u8], &[u8])> {
        let (key, body) = self.entry.clone()?;
        Some((&self.buffer[key], &self.buffer[body]))
    }

    fn advance(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        self.entry = None;
        if self.start == self.buffer.len() && self.rest.is_empty() {
            return Ok(None);
        }
        self.fill(HEADER)?;
        let (key, body) = (self.length_at(self.start), self.length_at(self.start + 4));
        self.fill(HEADER + key + body)?;
        let key_start = self.start + HEADER;
        let body_start = key_start + key;
        self.start = body_start + body;
        self.entry = Some((key_start..body_start, body_start..self.start));
        Ok(self.entry())
    }

    fn length_at(&self, place: usize) -> usize {
        let bytes = self.buffer.get(place..place + 4).and_then(|bytes| bytes.try_into().ok());
        u32::from_le_bytes(bytes.unwrap_or_default()) as usize
    }

    /// Makes sure that the buffer holds this many bytes from where the next entry starts.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let held = self.buffer.len() - self.start;
        if held >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let left = usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX);
        let more = (wanted - held).max(self.read_ahead).min(left);
        self.buffer.resize(held + more, 0);
        self.file.read_exact_at(&mut self.buffer[held..], self.rest.start)?;
        self.rest.start += more as u64;
        if self.buffer.len() < wanted { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}
