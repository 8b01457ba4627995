//! What is read ends well only where the sender said so.

use artifactstore_types::Category;
use futures::stream;
use proptest::prelude::*;

use super::*;
use crate::codes;

type Message = v1::IngestFileRequest;

#[expect(clippy::unnecessary_wraps, reason = "as they are received")]
fn chunk(bytes: &'static [u8]) -> Result<Message, Fault> {
    Ok(Message::of(Piece::Chunk(Bytes::from_static(bytes))))
}

#[expect(clippy::unnecessary_wraps, reason = "as they are received")]
fn end(size_bytes: u64) -> Result<Message, Fault> {
    Ok(Message::of(Piece::End(size_bytes)))
}

/// What is read where so many bytes came before: the bytes before the end, and how that was.
async fn read_on(before: u64, messages: Vec<Result<Message, Fault>>) -> (Vec<u8>, Result<(), Fault>) {
    let mut stream = bytes(stream::iter(messages), before);
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
async fn chunks_and_an_end_that_agrees_are_whole() {
    assert_eq!(read_on(0, vec![chunk(b"ab"), chunk(b""), chunk(b"c"), end(3)]).await, (b"abc".to_vec(), Ok(())));
    assert_eq!(read_on(0, vec![end(0)]).await, (Vec::new(), Ok(())));
}

#[tokio::test]
async fn an_end_counts_what_came_before() {
    assert_eq!(read_on(7, vec![chunk(b"abc"), end(10)]).await, (b"abc".to_vec(), Ok(())));
    assert_eq!(read_on(7, vec![chunk(b"abc"), end(3)]).await.1.unwrap_err().code, codes::FIELD);
}

#[tokio::test]
async fn refuses_streams_without_their_end_and_ends_that_disagree() {
    let header = || Ok(Message::of(Piece::Header(v1::IngestFileHeader::default())));
    let none = || Ok(Message { part: None });
    for (messages, code) in [
        (vec![], codes::TRUNCATED),
        (vec![chunk(b"abc")], codes::TRUNCATED),
        (vec![chunk(b"abc"), end(2)], codes::FIELD),
        (vec![chunk(b"abc"), end(4)], codes::FIELD),
        (vec![end(u64::MAX)], codes::FIELD),
        (vec![header(), end(0)], codes::ORDER),
        (vec![end(0), chunk(b"abc")], codes::ORDER),
        (vec![end(0), end(0)], codes::ORDER),
        (vec![none(), end(0)], codes::FIELD),
        (vec![chunk(b"abc"), Err(fault_of_request(&Status::cancelled("reset")))], codes::TRUNCATED),
        (vec![Err(fault_of_request(&Status::internal("not protobuf")))], codes::MALFORMED),
        (vec![Err(fault_of_request(&Status::out_of_range("too large")))], codes::TOO_LARGE),
    ] {
        let told = format!("{messages:?}");
        assert_eq!(read_on(0, messages).await.1.unwrap_err().code, code, "{told}");
    }
}

#[tokio::test]
async fn refuses_streams_that_do_not_begin_with_a_header() {
    for messages in [vec![], vec![chunk(b"abc")], vec![end(0)]] {
        let fault = header(&mut stream::iter(messages)).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.category), (codes::ORDER, Category::Invalid));
    }
}

#[tokio::test]
async fn bytes_that_fail_are_sent_without_an_end_and_the_fault_is_kept() {
    let given_up = GivenUp::default();
    let broken = Fault::new("AS-TEST-0001", Category::DataLoss, "the file shrank");
    let parts = stream::iter([Ok(Bytes::from_static(b"abc")), Err(broken.clone())]).boxed();
    let messages: Vec<Message> = sent(v1::IngestFileHeader::default(), parts, 0, given_up.clone()).collect().await;
    let read = bytes(stream::iter(messages.into_iter().skip(1).map(Ok)), 0).try_collect::<Vec<_>>().await;
    assert_eq!(read.unwrap_err().code, codes::TRUNCATED);
    assert_eq!(given_up.or(Ok(())).unwrap_err(), broken);
}

/// What comes out at the other end of a stream of which `before` bytes came earlier.
async fn sent_and_read(parts: Vec<Bytes>, before: u64) -> Result<Vec<Bytes>, Fault> {
    let given_up = GivenUp::default();
    let parts = stream::iter(parts.into_iter().map(Ok)).boxed();
    let mut messages =
        sent::<Message>(v1::IngestFileHeader::default(), parts, before, given_up.clone()).map(Ok).boxed();
    header(&mut messages).await?;
    given_up.or(bytes(messages, before).try_collect().await)
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_read(sizes in proptest::collection::vec(0_usize..3_000_000, 0..4), before: u32) {
        let parts: Vec<Bytes> = sizes.iter().map(|size| vec![7; *size].into()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(sent_and_read(parts.clone(), before.into())).unwrap();
        prop_assert!(read.iter().all(|chunk| (1..=crate::limits::MAX_CHUNK_BYTES).contains(&chunk.len())));
        prop_assert_eq!(read.concat(), parts.concat());
    }

    #[test]
    fn however_a_whole_stream_is_cut_short_it_is_no_whole(
        sizes in proptest::collection::vec(0_usize..5, 1..8),
        keep in any::<prop::sample::Index>(),
    ) {
        let total: usize = sizes.iter().sum();
        let chunks = sizes.iter().map(|size| Ok(Message::of(Piece::Chunk(vec![7; *size].into()))));
        let mut messages: Vec<_> = chunks.chain([end(total as u64)]).collect();
        messages.truncate(keep.index(messages.len()));
        let read = bytes(stream::iter(messages), 0).try_collect::<Vec<_>>();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(read).unwrap_err().code, codes::TRUNCATED);
    }
}
