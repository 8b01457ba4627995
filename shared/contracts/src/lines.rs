//! Lines of a stream, one at a time and none longer than a bound: a stream without line breaks must not fill the memory.

use std::io::{self, BufRead, Read};

/// A longer line is refused. Sixteen mebibytes: far beyond any envelope.
pub(crate) const LONGEST_LINE: usize = 16 << 20;

/// One line of a stream.
pub(crate) enum Line<'a> {
    /// Its bytes, without the line break.
    Text(&'a [u8]),
    /// It was longer than the bound, and was skipped.
    TooLong,
}

/// Reads lines into one buffer that it keeps.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    longest: usize,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, longest: usize) -> Self {
        Self { reader, buffer: Vec::new(), longest, number: 0 }
    }

    /// The next line that is not blank with its number, from 1, or none at the end.
    pub(crate) fn read(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            self.buffer.clear();
            let bound = u64::try_from(self.longest).unwrap_or(u64::MAX).saturating_add(1);
            if self.reader.by_ref().take(bound).read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if self.buffer.last() == Some(&b'\n') {
                self.buffer.pop();
            } else if self.buffer.len() > self.longest {
                self.reader.skip_until(b'\n')?;
                return Ok(Some((self.number, Line::TooLong)));
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(Some((self.number, Line::Text(&self.buffer))));
            }
        }
    }
}

#[cfg(test)]
mod tests;
