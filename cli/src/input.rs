//! What a command reads beside the store: a file, or standard input. An error of reading is a fault from here on, also
//! behind code that knows no other errors than those of the system, so that it never passes for one of writing.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use artifactstore_types::Fault;

use crate::faults;

/// Streams are long: they are read in pieces of this many bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// A file, or standard input. Its I/O errors carry the fault.
pub struct Input {
    source: Box<dyn Read + Send>,
    place: String,
}

/// Opens a file, or standard input if none is named or its name is `-`. Opening and reading may block.
pub fn open(file: Option<&Path>) -> Result<BufReader<Input>, Fault> {
    let input = match file.filter(|file| *file != Path::new("-")) {
        None => Input { source: Box::new(io::stdin()), place: "standard input".to_owned() },
        Some(path) => {
            let file = File::open(path).map_err(|error| faults::not_read(path.display(), &error))?;
            Input { source: Box::new(file), place: path.display().to_string() }
        }
    };
    Ok(BufReader::with_capacity(BUFFER_BYTES, input))
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer).map_err(|error| match error.kind() {
            // Whoever reads goes on after this one, if it can see it.
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(faults::not_read(&self.place, &error)),
        })
    }
}
