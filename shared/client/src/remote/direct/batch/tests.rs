//! How files are cut into runs, and runs into messages. What nodes do with them is tested where there are nodes.

use artifactstore_types::{FileHeader, MediaType};

use super::*;

fn file(n: usize, bytes: usize) -> SmallFile {
    let header = FileHeader {
        relative_path: format!("{n}").parse().unwrap(),
        media_type: MediaType::default(),
        executable: false,
        declared: None,
    };
    SmallFile { header, bytes: Bytes::from(vec![0; bytes]) }
}

async fn cut(sizes: Vec<usize>) -> Vec<usize> {
    let files = stream::iter(sizes.into_iter().enumerate().map(|(n, bytes)| file(n, bytes)));
    runs(files.boxed()).map(|run| run.len()).collect().await
}

#[tokio::test]
async fn a_run_is_bounded_by_files_and_by_bytes() {
    assert_eq!(cut(vec![]).await, [0; 0]);
    assert_eq!(cut(vec![0; RUN_FILES + 1]).await, [RUN_FILES, 1]);
    assert_eq!(cut(vec![65_536; 130]).await, [128, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_files_that_do_not_come() {
    let files = stream::iter([file(0, 1), file(1, 1)]).chain(stream::pending());
    let mut runs = std::pin::pin!(runs(files.boxed()));
    assert_eq!(runs.next().await.unwrap().len(), 2);
}

#[test]
fn messages_hold_every_blob_in_order_and_keep_to_their_size() {
    let files: Vec<_> = (0..3_000).map(|n| file(n, n % 700)).collect();
    let messages = messages(files.iter());
    assert!(messages.len() > 1);
    for message in &messages {
        let bytes: usize = message.blobs.iter().map(|blob| blob.content.len() + BLOB_OVERHEAD).sum();
        assert!(bytes <= MESSAGE_BYTES + 700 + BLOB_OVERHEAD && !message.blobs.is_empty());
    }
    let sent: Vec<_> = messages.into_iter().flat_map(|message| message.blobs).map(|blob| blob.content).collect();
    assert_eq!(sent, files.into_iter().map(|file| file.bytes).collect::<Vec<_>>());
}

#[test]
fn a_place_that_is_none_of_the_stream_is_refused() {
    use v1::transfer_service_ingest_batch_response::Answer;
    let stated = |index| {
        let blobs = vec![v1::StatedBlob { index, digests: None }];
        let answer = Answer::Stated(v1::StatedBlobs { statement: Bytes::new(), blobs });
        v1::TransferServiceIngestBatchResponse { answer: Some(answer) }
    };
    let Ok(Said::Stated(_, places)) = read(stated(1), &[5, 7]) else { panic!("it was stated") };
    assert_eq!(places, [7]);
    assert!(read(stated(2), &[5, 7]).is_err());
    assert!(read(stated(u64::MAX), &[5, 7]).is_err());
    assert!(read(v1::TransferServiceIngestBatchResponse { answer: None }, &[5]).is_err());
}
