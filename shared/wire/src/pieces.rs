//! One thing of any size on its way, in pieces: a header, its bytes in chunks, and an end that says how many there were.
//!
//! What is read ends well only after the sender's own end, with as many bytes as that says: a sender that goes away looks,
//! to the transport, like one that has said everything. A sender that cannot go on ends its stream without an end.

use std::sync::{Arc, OnceLock};

use artifactstore_types::Fault;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use tonic::{Status, Streaming};

use crate::{fault_of_request, field, stream as wire, v1};

/// A piece of the thing.
pub enum Piece<Header> {
    /// What is said before the bytes. First, once.
    Header(Header),
    /// The next bytes.
    Chunk(Bytes),
    /// That there are no more, and how many there were in all.
    End(u64),
}

/// A message that holds one piece.
pub trait Pieces: Send + Sized + 'static {
    /// What is said before the bytes.
    type Header: Send + 'static;

    /// The piece in the message, where there is one.
    fn piece(self) -> Option<Piece<Self::Header>>;

    /// The message that holds a piece.
    fn of(piece: Piece<Self::Header>) -> Self;
}

macro_rules! pieces {
    ($message:ident, $parts:ident, $header:ident, $end:ident) => {
        impl Pieces for v1::$message {
            type Header = v1::$header;

            fn piece(self) -> Option<Piece<Self::Header>> {
                use v1::$parts::Part;
                Some(match self.part? {
                    Part::Header(header) => Piece::Header(header),
                    Part::Chunk(chunk) => Piece::Chunk(chunk),
                    Part::End(v1::$end { size_bytes }) => Piece::End(size_bytes),
                })
            }

            fn of(piece: Piece<Self::Header>) -> Self {
                use v1::$parts::Part;
                let part = match piece {
                    Piece::Header(header) => Part::Header(header),
                    Piece::Chunk(chunk) => Part::Chunk(chunk),
                    Piece::End(size_bytes) => Part::End(v1::$end { size_bytes }),
                };
                Self { part: Some(part) }
            }
        }
    };
}

pieces!(IngestFileRequest, ingest_file_request, IngestFileHeader, IngestFileEnd);
pieces!(IngestStreamRequest, ingest_stream_request, IngestStreamHeader, IngestStreamEnd);
pieces!(TransferServiceIngestStreamRequest, transfer_service_ingest_stream_request, TransferHeader, IngestStreamEnd);

/// The messages of a request, their faults told as the sender's.
pub fn received<M: Send + 'static>(messages: Streaming<M>) -> BoxStream<'static, Result<M, Fault>> {
    messages.map_err(|status: Status| fault_of_request(&status)).boxed()
}

/// Reads what is said before the bytes.
///
/// # Errors
/// A stream that begins otherwise, or its own fault.
pub async fn header<M: Pieces>(
    messages: &mut (impl Stream<Item = Result<M, Fault>> + Unpin),
) -> Result<M::Header, Fault> {
    match next(messages).await? {
        Some(Piece::Header(header)) => Ok(header),
        _ => Err(wire::out_of_order("it does not begin with a header")),
    }
}

/// The bytes that follow, where `before` bytes of the whole came earlier.
pub fn bytes<M: Pieces>(
    messages: impl Stream<Item = Result<M, Fault>> + Send + Unpin + 'static,
    before: u64,
) -> BoxStream<'static, Result<Bytes, Fault>> {
    stream::try_unfold((messages, before), |(mut messages, received)| async move {
        let chunk = next_chunk(&mut messages, received).await?;
        Ok(chunk.map(|chunk| {
            // What came before is what the sender says.
            let received = received.saturating_add(chunk.len() as u64);
            (chunk, (messages, received))
        }))
    })
    .boxed()
}

/// The next chunk that is not empty; `None` after an end that agrees with what was received.
async fn next_chunk<M: Pieces>(
    messages: &mut (impl Stream<Item = Result<M, Fault>> + Unpin),
    received: u64,
) -> Result<Option<Bytes>, Fault> {
    loop {
        match next(messages).await? {
            Some(Piece::Chunk(chunk)) if chunk.is_empty() => {}
            Some(Piece::Chunk(chunk)) => return Ok(Some(chunk)),
            Some(Piece::Header(_)) => return Err(wire::out_of_order("a second header came")),
            Some(Piece::End(size_bytes)) if size_bytes != received => {
                let why = format_args!("it says {size_bytes} bytes, {received} came");
                return Err(field::refused("end.size_bytes", why));
            }
            Some(Piece::End(_)) => {
                return match next(messages).await? {
                    None => Ok(None),
                    Some(_) => Err(wire::out_of_order("something came after the end")),
                };
            }
            None => return Err(wire::truncated()),
        }
    }
}

async fn next<M: Pieces>(
    messages: &mut (impl Stream<Item = Result<M, Fault>> + Unpin),
) -> Result<Option<Piece<M::Header>>, Fault> {
    match messages.next().await {
        None => Ok(None),
        Some(message) => field::required("part", message?.piece()).map(Some),
    }
}

/// Why a sender could not go on. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct GivenUp(Arc<OnceLock<Fault>>);

impl GivenUp {
    /// The answer to what was sent, or why it was given up: that comes first, since the answer then only says that
    /// something is missing.
    ///
    /// # Errors
    /// Why it was given up, or the answer's own.
    pub fn or<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        match self.0.get() {
            Some(fault) => Err(fault.clone()),
            None => answer,
        }
    }
}

/// The messages that send a thing of which `before` bytes were sent earlier. Where the bytes fail, the fault is left in
/// `given_up` and the end is missing.
pub fn sent<M: Pieces>(
    header: M::Header,
    bytes: BoxStream<'static, Result<Bytes, Fault>>,
    before: u64,
    given_up: GivenUp,
) -> impl Stream<Item = M> + Send + 'static {
    let rest = stream::unfold(Some((wire::chunked(bytes), before)), move |open| {
        let given_up = given_up.clone();
        async move {
            let (mut chunks, sent) = open?;
            match chunks.next().await {
                Some(Ok(chunk)) => {
                    let sent = sent.saturating_add(chunk.len() as u64);
                    Some((M::of(Piece::Chunk(chunk)), Some((chunks, sent))))
                }
                Some(Err(fault)) => {
                    given_up.0.get_or_init(|| fault);
                    None
                }
                None => Some((M::of(Piece::End(sent)), None)),
            }
        }
    });
    stream::iter([M::of(Piece::Header(header))]).chain(rest)
}

#[cfg(test)]
mod tests;
