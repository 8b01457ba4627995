//! The stream that the store reads ends well only where the client said so.

use artifactstore_types::Category;
use artifactstore_wire::codes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proptest::prelude::*;

use super::*;

#[expect(clippy::unnecessary_wraps, reason = "as the transport gives them")]
fn part(part: Part) -> Result<v1::IngestFileRequest, Status> {
    Ok(v1::IngestFileRequest { part: Some(part) })
}

fn chunk(bytes: &'static [u8]) -> Result<v1::IngestFileRequest, Status> {
    part(Part::Chunk(Bytes::from_static(bytes)))
}

fn end(size_bytes: u64) -> Result<v1::IngestFileRequest, Status> {
    part(Part::End(v1::IngestFileEnd { size_bytes }))
}

/// What the store reads: the bytes before the end, and how that was.
async fn read(parts: Vec<Result<v1::IngestFileRequest, Status>>) -> (Vec<u8>, Result<(), Fault>) {
    let mut stream = bytes(stream::iter(parts));
    let mut read = Vec::new();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => read.extend_from_slice(&chunk),
            Err(fault) => {
                assert!(stream.next().await.is_none(), "nothing follows a fault");
                return (read, Err(fault));
            }
        }
    }
    (read, Ok(()))
}

#[tokio::test]
async fn chunks_and_an_end_that_agrees_are_a_file() {
    assert_eq!(read(vec![chunk(b"ab"), chunk(b""), chunk(b"c"), end(3)]).await, (b"abc".to_vec(), Ok(())));
    assert_eq!(read(vec![end(0)]).await, (Vec::new(), Ok(())));
}

#[tokio::test]
async fn refuses_streams_without_their_end_and_ends_that_disagree() {
    let header = || part(Part::Header(v1::IngestFileHeader::default()));
    let none = || Ok(v1::IngestFileRequest { part: None });
    for (parts, code) in [
        (vec![], codes::TRUNCATED),
        (vec![chunk(b"abc")], codes::TRUNCATED),
        (vec![chunk(b"abc"), end(2)], codes::FIELD),
        (vec![chunk(b"abc"), end(4)], codes::FIELD),
        (vec![end(u64::MAX)], codes::FIELD),
        (vec![header(), end(0)], codes::ORDER),
        (vec![end(0), chunk(b"abc")], codes::ORDER),
        (vec![end(0), end(0)], codes::ORDER),
        (vec![none(), end(0)], codes::FIELD),
        (vec![chunk(b"abc"), Err(Status::cancelled("reset"))], codes::TRUNCATED),
        (vec![Err(Status::internal("not protobuf"))], codes::MALFORMED),
        (vec![Err(Status::out_of_range("too large"))], codes::TOO_LARGE),
    ] {
        let told = format!("{parts:?}");
        assert_eq!(read(parts).await.1.unwrap_err().code, code, "{told}");
    }
}

#[tokio::test]
async fn refuses_streams_that_do_not_begin_with_a_header() {
    for parts in [vec![], vec![chunk(b"abc")], vec![end(0)]] {
        let fault = header(&mut stream::iter(parts)).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.category), (codes::ORDER, Category::Invalid));
    }
    let empty = part(Part::Header(v1::IngestFileHeader::default()));
    let fault = header(&mut stream::iter([empty])).await.unwrap_err();
    assert_eq!(fault.subject.as_deref(), Some("header.upload"));
}

proptest! {
    #[test]
    fn however_a_whole_stream_is_cut_short_it_is_no_file(
        sizes in proptest::collection::vec(0_usize..5, 1..8),
        keep in any::<prop::sample::Index>(),
    ) {
        let total: usize = sizes.iter().sum();
        let chunks = sizes.iter().map(|size| part(Part::Chunk(vec![7; *size].into())));
        let mut parts: Vec<_> = chunks.chain([end(total as u64)]).collect();
        parts.truncate(keep.index(parts.len()));
        let read = bytes(stream::iter(parts)).try_collect::<Vec<_>>();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(read).unwrap_err().code, codes::TRUNCATED);
    }
}
