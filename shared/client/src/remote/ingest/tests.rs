//! A store that breaks off is told from one that has answered everything.

use artifactstore_types::{Algorithm, Category, ContentAddress, FileId, PackageId, Timestamp};

use super::*;

fn file() -> FileRecord {
    FileRecord {
        file_id: FileId::new(uuid::Uuid::nil()),
        package_id: PackageId::new(uuid::Uuid::nil()),
        relative_path: "a".parse().unwrap(),
        media_type: "text/plain".parse().unwrap(),
        executable: false,
        size_bytes: 0,
        content_address: ContentAddress::of(b""),
        sha256: Algorithm::Sha256.digest(b""),
        created_at: Timestamp::from_micros(0).unwrap(),
    }
}

/// What is heard of files of which so many were sent, and `all` of them or not, from a store that answers so.
async fn heard(files: u64, all: bool, answers: Vec<Result<FileRecord, Fault>>) -> Vec<String> {
    let sent = Arc::new(Sent { files: AtomicU64::new(files), all: AtomicBool::new(all) });
    let messages = answers.into_iter().map(|answer| Ok(v1::IngestFilesResponse { result: Some(answer.into()) }));
    let messages = stream::iter(messages.collect::<Vec<_>>()).boxed();
    let told = |result: Result<_, Fault>| result.map_or_else(|fault| fault.code.into_owned(), |_| "added".to_owned());
    results(messages, sent).map(told).collect().await
}

#[tokio::test]
async fn files_that_were_never_answered_are_a_fault() {
    let refused = || Err(Fault::new("AS-TEST-0001", Category::Exhausted, "the disk is full"));
    assert_eq!(heard(2, true, vec![Ok(file()), refused()]).await, ["added", "AS-TEST-0001"]);
    assert_eq!(heard(3, true, vec![refused(), Ok(file())]).await, ["AS-TEST-0001", "added", "AS-WIRE-0003"]);
    assert_eq!(heard(1, false, vec![Ok(file())]).await, ["added", "AS-WIRE-0003"]);
}

#[tokio::test]
async fn a_fault_that_ends_the_stream_is_of_all_the_files_left() {
    let full = Fault::new("AS-TEST-0001", Category::Exhausted, "the disk is full");
    assert_eq!(heard(9, false, vec![Ok(file()), Err(full)]).await, ["added", "AS-TEST-0001"]);
}
