//! Reading a blob from several sources, one after the other: where one fails in the middle, the next goes on from there.
//! Invariants: bytes are passed on once, in order; what was promised to be verified never ends well unless it was, also
//! where it came in pieces; damaged bytes are not gone on with, since some of them may have been passed on.

use std::{collections::VecDeque, ops::Range, time::Duration};

use artifactstore_types::{ByteRange, Category, ContentAddress, Fault};
use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use tokio::time::timeout;

use crate::{ByteStream, faults};

/// How long a source may be silent in the middle.
const STALL: Duration = Duration::from_secs(30);

/// A blob, or a range of it, that has begun to come.
pub struct Reading {
    /// The size of the whole blob, in bytes.
    pub size_bytes: u64,
    /// The bytes that come, of the whole.
    pub range: Range<u64>,
    /// Whether the bytes are checked against the address before the stream ends well.
    pub verified: bool,
    /// The bytes.
    pub bytes: ByteStream,
}

/// Somewhere a blob, or a range of it, can be read from.
pub type Source = Box<dyn FnOnce(ByteRange) -> BoxFuture<'static, Result<Reading, Fault>> + Send>;

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
) -> Result<Reading, Fault> {
    let mut sources: VecDeque<_> = sources.into_iter().collect();
    let mut last = none;
    while let Some(source) = sources.pop_front() {
        match source(range).await {
            Ok(reading) if sources.is_empty() => return Ok(reading),
            Ok(Reading { size_bytes, range, verified, bytes }) => {
                let whole = verified && range == (0..size_bytes);
                let pieces = Pieces {
                    address,
                    size_bytes,
                    range: range.clone(),
                    verified,
                    position: range.start,
                    hasher: whole.then(blake3::Hasher::new),
                    count: 1,
                    bytes,
                    sources,
                };
                return Ok(Reading { size_bytes, range, verified, bytes: pieces.into_stream() });
            }
            Err(fault) if fault.category == Category::OutOfRange => return Err(fault),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

struct Pieces {
    address: ContentAddress,
    size_bytes: u64,
    range: Range<u64>,
    verified: bool,
    /// The next byte to pass on, of the whole blob.
    position: u64,
    /// Over what was passed on, where the whole was promised to be verified.
    hasher: Option<blake3::Hasher>,
    /// How many sources had a part in it. What came from one was verified there.
    count: usize,
    bytes: ByteStream,
    sources: VecDeque<Source>,
}

impl Pieces {
    fn into_stream(self) -> ByteStream {
        stream::unfold(Some(self), |pieces| async move {
            let mut pieces = pieces?;
            match pieces.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(pieces))),
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
        let promised_in_part = self.verified && self.hasher.is_none();
        let some_passed = self.position > self.range.start;
        some_passed && (fault.category == Category::DataLoss || promised_in_part)
    }

    /// Opens the next source where the last one failed.
    async fn go_on(&mut self, mut fault: Fault) -> Result<(), Fault> {
        let rest = ByteRange { offset: self.position, length: Some(self.range.end - self.position) };
        while let Some(source) = self.sources.pop_front() {
            tracing::warn!(%fault, address = %self.address, "reading failed in the middle; another source goes on");
            match source(rest).await {
                // What is not verified there can only be relied on where all of it is digested here.
                Ok(next)
                    if next.size_bytes == self.size_bytes
                        && (next.verified || !self.verified || self.hasher.is_some()) =>
                {
                    self.count += 1;
                    self.bytes = next.bytes;
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
            Some(found) if self.count > 1 && found != self.address => Err(faults::pieces_differ(self.address)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
