//! Reading a blob from several sources, one after the other: where one fails in the middle, the next goes on from there.
//! Invariants: bytes are passed on once, in order; what was promised to be verified never ends well unless it was, also
//! where it came in pieces; damaged bytes are not gone on with, since some of them may have been passed on.

use std::{collections::VecDeque, time::Duration};

use artifactstore_dataplane::{ByteStream, Served, ServedBlob};
use artifactstore_types::{ByteRange, Category, ContentAddress, Fault};
use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use tokio::time::timeout;

use crate::faults;

/// How long a source may be silent in the middle.
const STALL: Duration = Duration::from_secs(30);

/// Somewhere a blob, or a range of it, can be read from.
pub type Source = Box<dyn FnOnce(ByteRange) -> BoxFuture<'static, Result<Served, Fault>> + Send>;

/// Reads from the first source that answers, and from those after it where that one fails. `none` is the fault where there
/// is no source at all.
///
/// # Errors
/// That of the last source, unless what was asked for is wrong wherever the bytes lie.
pub async fn resumed(
    address: ContentAddress,
    range: ByteRange,
    sources: impl IntoIterator<Item = Source>,
    none: Fault,
) -> Result<Served, Fault> {
    let mut sources: VecDeque<_> = sources.into_iter().collect();
    let mut last = none;
    while let Some(source) = sources.pop_front() {
        match source(range).await {
            Ok(served) if sources.is_empty() => return Ok(served),
            Ok(Served { blob, bytes }) => {
                let whole = blob.verified && blob.range == (0..blob.size_bytes);
                let reading = Reading {
                    address,
                    position: blob.range.start,
                    blob: blob.clone(),
                    hasher: whole.then(blake3::Hasher::new),
                    pieces: 1,
                    bytes,
                    sources,
                };
                return Ok(Served { blob, bytes: reading.into_stream() });
            }
            Err(fault) if fault.category == Category::OutOfRange => return Err(fault),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

struct Reading {
    address: ContentAddress,
    blob: ServedBlob,
    /// The next byte to pass on, of the whole blob.
    position: u64,
    /// Over what was passed on, where the whole was promised to be verified.
    hasher: Option<blake3::Hasher>,
    /// How many sources had a part in it. What came from one was verified there.
    pieces: usize,
    bytes: ByteStream,
    sources: VecDeque<Source>,
}

impl Reading {
    fn into_stream(self) -> ByteStream {
        stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            match reading.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(reading))),
                Ok(None) => None,
                Err(fault) => Some((Err(fault), None)),
            }
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let came = timeout(STALL, self.bytes.next()).await.unwrap_or_else(|_| Some(Err(faults::stalled(STALL))));
            match came {
                Some(Ok(chunk)) => {
                    self.position += chunk.len() as u64;
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(&chunk);
                    }
                    return Ok(Some(chunk));
                }
                None => return self.finish().map(|()| None),
                Some(Err(fault)) if self.is_beyond_repair(&fault) => return Err(fault),
                Some(Err(fault)) => self.go_on(fault).await?,
            }
        }
    }

    /// Whether bytes were passed on that are wrong, or of which nobody can say any more whether they are.
    fn is_beyond_repair(&self, fault: &Fault) -> bool {
        let promised_in_part = self.blob.verified && self.hasher.is_none();
        let some_passed = self.position > self.blob.range.start;
        some_passed && (fault.category == Category::DataLoss || promised_in_part)
    }

    /// Opens the next source where the last one failed.
    async fn go_on(&mut self, mut fault: Fault) -> Result<(), Fault> {
        let rest = ByteRange { offset: self.position, length: Some(self.blob.range.end - self.position) };
        while let Some(source) = self.sources.pop_front() {
            tracing::warn!(%fault, address = %self.address, "reading failed in the middle; another source goes on");
            match source(rest).await {
                // What is not verified there can only be relied on where all of it is digested here.
                Ok(Served { blob, bytes })
                    if blob.size_bytes == self.blob.size_bytes
                        && (blob.verified || !self.blob.verified || self.hasher.is_some()) =>
                {
                    self.pieces += 1;
                    self.bytes = bytes;
                    return Ok(());
                }
                Ok(_) => {}
                Err(later) => fault = later,
            }
        }
        Err(fault)
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let found = self.hasher.take().map(|hasher| ContentAddress::from_blake3(*hasher.finalize().as_bytes()));
        match found {
            Some(found) if self.pieces > 1 && found != self.address => Err(faults::pieces_differ(self.address)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
