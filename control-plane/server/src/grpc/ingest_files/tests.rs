//! Every file is answered in its turn, whoever answers, and however the store takes its time.

use std::{pin::pin, time::Duration};

use artifactstore_types::{Algorithm, Category, FileId, PackageId, Timestamp};
use artifactstore_wire::codes;
use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

type Message = Result<v1::IngestFilesRequest, Status>;

#[expect(clippy::unnecessary_wraps, reason = "as the transport gives them")]
fn message(part: Part) -> Message {
    Ok(v1::IngestFilesRequest { part: Some(part) })
}

fn file(path: &str) -> Message {
    let header = v1::FileHeader { relative_path: path.to_owned(), ..v1::FileHeader::default() };
    let file = v1::SmallFile { header: Some(header), content: Bytes::from(path.to_owned()) };
    message(Part::File(file))
}

fn record(file: &SmallFile) -> FileRecord {
    FileRecord {
        file_id: FileId::new(Uuid::nil()),
        package_id: PackageId::new(Uuid::nil()),
        relative_path: file.header.relative_path.clone(),
        media_type: file.header.media_type.clone(),
        executable: false,
        size_bytes: file.bytes.len() as u64,
        content_address: artifactstore_types::ContentAddress::of(&file.bytes),
        sha256: Algorithm::Sha256.digest(&file.bytes),
        created_at: Timestamp::from_micros(0).unwrap(),
    }
}

/// A store that answers in groups, from a task of its own where `apart`.
fn store(group: usize, apart: bool) -> impl FnOnce(BoxStream<'static, SmallFile>) -> BoxStream<'static, Answer> {
    move |files| {
        let answers = files.ready_chunks(group).flat_map(|group| {
            let answers: Vec<Answer> = group.iter().map(|file| Ok(record(file))).collect();
            stream::iter(answers)
        });
        if !apart {
            return answers.boxed();
        }
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut answers = pin!(answers);
            while let Some(answer) = answers.next().await {
                if sender.send(answer).await.is_err() {
                    return;
                }
            }
        });
        tokio_stream::wrappers::ReceiverStream::new(receiver).boxed()
    }
}

/// Each answer as its path, or the code of its fault; then the code of the fault that ended the stream.
async fn told(answers: BoxStream<'static, Result<v1::IngestFilesResponse, Fault>>) -> Vec<String> {
    let one = |answer: Result<v1::IngestFilesResponse, Fault>| match answer {
        Err(fault) => format!("ended {}", fault.code),
        Ok(response) => match response.result.unwrap().decoded().unwrap() {
            Ok(file) => file.relative_path.to_string(),
            Err(fault) => fault.code.to_string(),
        },
    };
    tokio::time::timeout(Duration::from_mins(1), answers.map(one).collect()).await.expect("an end")
}

#[tokio::test]
async fn a_file_that_is_not_valid_is_refused_alone_and_in_its_turn() {
    let parts = stream::iter([file("a"), file("../b"), file("c"), file("")]);
    assert_eq!(told(answers(parts, store(2, false))).await, ["a", codes::FIELD, "c", codes::FIELD]);
}

#[tokio::test]
async fn the_field_that_is_not_valid_is_named() {
    let mut answers = answers(stream::iter([file("/a")]), store(1, false));
    let result = answers.next().await.unwrap().unwrap().result.unwrap().decoded().unwrap();
    assert_eq!(result.unwrap_err().subject.as_deref(), Some("header.relative_path"));
}

#[tokio::test]
async fn a_part_out_of_order_ends_the_stream_after_the_files_before_it() {
    let upload = message(Part::Upload(v1::Upload::default()));
    let parts = stream::iter([file("a"), upload, file("b")]);
    assert_eq!(told(answers(parts, store(1, false))).await, ["a".to_owned(), format!("ended {}", codes::ORDER)]);

    let cut = stream::iter([file("a"), Err(Status::cancelled("reset"))]);
    assert_eq!(told(answers(cut, store(1, true))).await, ["a".to_owned(), format!("ended {}", codes::TRUNCATED)]);
}

#[tokio::test]
async fn a_fault_before_any_file_is_taken_is_the_answer() {
    let closed = |_| stream::iter([Err(Fault::new("AS-TEST-0001", Category::FailedPrecondition, "closed"))]).boxed();
    assert_eq!(told(answers(stream::iter([file("a")]).chain(stream::pending()), closed)).await, ["AS-TEST-0001"]);
}

#[tokio::test]
async fn a_store_that_stops_early_ends_the_stream() {
    let stops = |files: BoxStream<'static, SmallFile>| files.map(|file| Ok(record(&file))).take(2).boxed();
    let parts = stream::iter([file("a"), file("b"), file("c")]).chain(stream::pending());
    assert_eq!(told(answers(parts, stops)).await, ["a", "b"]);
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_is_not_read() {
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&taken);
    let endless = stream::repeat_with(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        file("../refused")
    });
    let mut answers = answers(endless, store(16, false));
    for _ in 0..100 {
        answers.next().await.unwrap().unwrap();
    }
    assert!(taken.load(std::sync::atomic::Ordering::SeqCst) <= TURNS + 200);
}

proptest! {
    #[test]
    fn every_file_is_answered_once_and_in_order(
        valid in proptest::collection::vec(any::<bool>(), 0..200),
        group in 1_usize..40,
        apart: bool,
    ) {
        let path = |index: usize, valid: bool| if valid { format!("f{index}") } else { format!("../{index}") };
        let paths: Vec<_> = valid.iter().enumerate().map(|(index, valid)| path(index, *valid)).collect();
        let expected: Vec<_> =
            paths.iter().map(|path| if path.starts_with('.') { codes::FIELD } else { path }.to_owned()).collect();
        let parts: Vec<_> = paths.iter().map(|path| file(path)).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let answered = runtime.block_on(async { told(answers(stream::iter(parts), store(group, apart))).await });
        prop_assert_eq!(answered, expected);
    }
}
