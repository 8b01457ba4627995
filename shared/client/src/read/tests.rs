//! What is read of a file, and what is not taken for it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, SystemTime},
};

use futures::TryStreamExt as _;
use tempfile::TempDir;

use super::*;
use crate::walk;

fn files(sizes: &[usize]) -> (TempDir, Arc<[LocalFile]>) {
    let directory = tempfile::tempdir().unwrap();
    for (index, size) in sizes.iter().enumerate() {
        let mut state = index as u64 + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        let bytes: Vec<u8> = (0..*size).map(|_| next()).collect();
        fs::write(directory.path().join(format!("{index:04}")), bytes).unwrap();
    }
    let files = walk(directory.path(), false).unwrap().files.into();
    (directory, files)
}

fn sending(files: &[LocalFile]) -> Arc<[Sending]> {
    (0..files.len()).map(|index| Sending { index, declared: None }).collect()
}

fn date(path: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

async fn read_all(files: &Arc<[LocalFile]>, index: usize) -> Result<Vec<u8>, Fault> {
    let chunks: Vec<Bytes> = chunks(Arc::clone(files), index).try_collect().await?;
    Ok(chunks.concat())
}

#[tokio::test]
async fn chunks_of_a_file_are_the_file_at_every_boundary() {
    let sizes = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, (CHUNKS_AHEAD + 3) * CHUNK + 7];
    let (_directory, files) = files(&sizes);
    for index in 0..sizes.len() {
        let expected = fs::read(&files[index].source).unwrap();
        assert!(read_all(&files, index).await.unwrap() == expected, "size {}", sizes[index]);
        assert_eq!(address(&files[index], |_| {}).unwrap(), ContentAddress::of(&expected));
        assert_eq!(dual_digest(&files[index], |_| {}).unwrap(), DualDigest::of(&expected));
    }
}

#[tokio::test]
async fn small_files_come_whole_and_in_order() {
    let sizes: Vec<_> = (0..BATCH_FILES * 5 + 3).map(|index| index * 37 % 5000).collect();
    let (_directory, files) = files(&sizes);
    let failure = Arc::default();
    let read: Vec<_> = small_files(Arc::clone(&files), sending(&files), Arc::clone(&failure)).collect().await;
    assert_eq!(read.len(), sizes.len());
    for (file, found) in read.iter().zip(files.iter()) {
        assert_eq!(file.header, header(found, None));
        assert!(file.bytes == fs::read(&found.source).unwrap());
    }
    assert_eq!(failure.get(), None);
}

#[tokio::test]
async fn each_keeps_the_order_asked_and_ends_with_the_first_fault() {
    let (directory, files) = files(&[10, 20, 30, 40]);
    let asked: Arc<[usize]> = [3, 0, 2].into();
    let digest = |file: &LocalFile| address(file, |_| {});
    let found: Vec<_> = each(Arc::clone(&files), Arc::clone(&asked), digest).try_collect().await.unwrap();
    assert_eq!(found.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [3, 0, 2]);
    fs::remove_file(directory.path().join("0000")).unwrap();
    let failed: Result<Vec<_>, _> = each(Arc::clone(&files), asked, digest).try_collect().await;
    assert_eq!(failed.unwrap_err(), faults::file_vanished(&files[0].relative_path));
}

#[rstest::rstest]
#[case::grown(|path: &Path| fs::write(path, [0; 2000]).unwrap())]
#[case::shrunk(|path: &Path| fs::write(path, [0; 20]).unwrap())]
#[case::emptied(|path: &Path| fs::write(path, []).unwrap())]
#[case::gone(|path: &Path| fs::remove_file(path).unwrap())]
#[case::rewritten_at_the_same_size(|path: &Path| { fs::write(path, [1; 1000]).unwrap(); date(path, 1) })]
#[case::replaced_by_its_equal(|path: &Path| {
    fs::copy(path, path.with_extension("copy")).unwrap();
    fs::rename(path.with_extension("copy"), path).unwrap();
})]
#[case::replaced_by_a_link(|path: &Path| { fs::remove_file(path).unwrap(); symlink("/etc/passwd", path).unwrap() })]
#[case::replaced_by_a_directory(|path: &Path| { fs::remove_file(path).unwrap(); fs::create_dir(path).unwrap() })]
#[tokio::test]
async fn a_file_that_is_not_the_one_found_is_refused(#[case] change: fn(&Path)) {
    let (_directory, files) = files(&[1000]);
    change(&files[0].source);
    let refused = |fault: Fault| matches!(fault.code.as_ref(), "AS-CLIENT-0004" | "AS-CLIENT-0005");
    assert!(refused(read_all(&files, 0).await.unwrap_err()), "in chunks");
    assert!(refused(address(&files[0], |_| {}).unwrap_err()), "digested");
    let failure = Arc::default();
    let read: Vec<_> = small_files(Arc::clone(&files), sending(&files), Arc::clone(&failure)).collect().await;
    assert_eq!(read, [], "whole");
    assert!(refused(failure.get().unwrap().clone()));
}

#[tokio::test]
async fn small_files_end_where_one_cannot_be_read() {
    let (directory, files) = files(&[10; 2 * BATCH_FILES]);
    fs::remove_file(directory.path().join("0005")).unwrap();
    let failure = Arc::default();
    let read: Vec<_> = small_files(Arc::clone(&files), sending(&files), Arc::clone(&failure)).collect().await;
    assert_eq!(read.len(), 5);
    assert_eq!(failure.get(), Some(&faults::file_vanished(&files[5].relative_path)));
}

#[test]
fn batches_cover_everything_once_within_their_bounds() {
    let size = |position: usize| if position == 7 { 10 * BATCH_BYTES } else { 1 };
    for count in [0, 1, 7, 8, 9, BATCH_FILES, BATCH_FILES + 8, BATCH_FILES * 3] {
        let batches = batches(count, size);
        assert!(batches.iter().cloned().flatten().eq(0..count), "{count}: {batches:?}");
        assert!(batches.iter().all(|batch| batch.len() <= BATCH_FILES && !batch.is_empty()));
        assert!(batches.iter().all(|batch| !batch.contains(&7) || batch.end == 8), "a full batch ends");
    }
}
