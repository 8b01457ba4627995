//! A file on its way in. The stream that the store reads ends well only after the client's own end, with as many bytes
//! as that says: a client that goes away looks, to the transport, like one that has said everything.

use artifactstore_client::ByteStream;
use artifactstore_types::{Fault, FileHeader, Upload};
use artifactstore_wire::{
    fault_of_request, field, stream as wire,
    v1::{self, ingest_file_request::Part},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tonic::Status;

/// Reads what is said before the bytes.
pub async fn header<S>(parts: &mut S) -> Result<(Upload, FileHeader), Fault>
where
    S: Stream<Item = Result<v1::IngestFileRequest, Status>> + Unpin,
{
    match next(parts).await? {
        Some(Part::Header(header)) => {
            let upload = field::converted("header.upload", header.upload)?;
            Ok((upload, field::converted("header.file", header.file)?))
        }
        _ => Err(wire::out_of_order("it does not begin with a header")),
    }
}

/// The bytes that follow.
pub fn bytes<S>(parts: S) -> ByteStream
where
    S: Stream<Item = Result<v1::IngestFileRequest, Status>> + Send + Unpin + 'static,
{
    stream::try_unfold((parts, 0_u64), |(mut parts, received)| async move {
        let chunk = next_chunk(&mut parts, received).await?;
        Ok(chunk.map(|chunk| {
            let received = received + chunk.len() as u64;
            (chunk, (parts, received))
        }))
    })
    .boxed()
}

/// The next chunk that is not empty; `None` after an end that agrees with what was received.
async fn next_chunk<S>(parts: &mut S, received: u64) -> Result<Option<Bytes>, Fault>
where
    S: Stream<Item = Result<v1::IngestFileRequest, Status>> + Unpin,
{
    loop {
        match next(parts).await? {
            Some(Part::Chunk(chunk)) if chunk.is_empty() => {}
            Some(Part::Chunk(chunk)) => return Ok(Some(chunk)),
            Some(Part::Header(_)) => return Err(wire::out_of_order("a second header came")),
            Some(Part::End(v1::IngestFileEnd { size_bytes })) if size_bytes != received => {
                let why = format_args!("it says {size_bytes} bytes, {received} came");
                return Err(field::refused("end.size_bytes", why));
            }
            Some(Part::End(_)) => {
                return match next(parts).await? {
                    None => Ok(None),
                    Some(_) => Err(wire::out_of_order("something came after the end")),
                };
            }
            None => return Err(wire::truncated()),
        }
    }
}

async fn next<S>(parts: &mut S) -> Result<Option<Part>, Fault>
where
    S: Stream<Item = Result<v1::IngestFileRequest, Status>> + Unpin,
{
    match parts.next().await {
        None => Ok(None),
        Some(Ok(message)) => field::required("part", message.part).map(Some),
        Some(Err(status)) => Err(fault_of_request(&status)),
    }
}

#[cfg(test)]
mod tests;
