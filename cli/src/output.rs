//! Standard output: results and nothing else. A reader that has gone away ends the command quietly; any other failure
//! to write is a fault, so that a full disk never passes for success.

use std::io::{self, BufWriter, Stdout, Write as _};

use artifactstore_types::Fault;
use serde::Serialize;

use crate::faults;

/// Streams are long: what is written of them leaves in pieces of this many bytes.
const APART_BYTES: usize = 256 << 10;

/// Why a command ended before it was done.
#[derive(Debug)]
pub enum Stop {
    /// It failed.
    Fault(Fault),
    /// Nobody reads standard output any more.
    OutputClosed,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<io::Error> for Stop {
    /// Every I/O error that reaches a command is one of standard output; others are faults by then, or carry one.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Fault>() {
            Ok(fault) => Self::Fault(fault),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Self::OutputClosed,
            Err(error) => Self::Fault(faults::not_written("standard output", &error)),
        }
    }
}

/// Where results go.
pub struct Output {
    /// Whether they are wanted as JSON.
    pub json: bool,
    writer: BufWriter<Stdout>,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json, writer: BufWriter::new(io::stdout()) }
    }

    /// Writes a line of text, or several.
    pub fn line(&mut self, text: &str) -> Result<(), Stop> {
        Ok(writeln!(self.writer, "{text}")?)
    }

    /// Writes one JSON object on a line of its own.
    pub fn object(&mut self, object: &impl Serialize) -> Result<(), Stop> {
        serde_json::to_writer(&mut self.writer, object).map_err(io::Error::from)?;
        Ok(self.writer.write_all(b"\n")?)
    }

    /// Writes a result in the form that is wanted.
    pub fn show(&mut self, object: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Stop> {
        if self.json { self.object(object) } else { self.line(&text()) }
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        Ok(self.writer.write_all(bytes)?)
    }

    /// Standard output for work on another thread, to be flushed there. What was written before goes first.
    pub fn apart(&mut self) -> Result<BufWriter<Stdout>, Stop> {
        self.flush()?;
        Ok(BufWriter::with_capacity(APART_BYTES, io::stdout()))
    }

    /// Sends everything written so far on its way.
    pub fn flush(&mut self) -> Result<(), Stop> {
        Ok(self.writer.flush()?)
    }
}
