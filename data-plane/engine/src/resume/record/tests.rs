//! Records come back as they were written, and what was not written by this module is none.

use super::*;

fn key(byte: u8) -> UploadKey {
    UploadKey::from_bytes([byte; 32])
}

fn open_record() -> Record {
    let digests = Snapshot {
        offset: 2 * PART_BYTES as u64,
        subtrees: vec![[1; 32], [2; 32]],
        sha256: Bytes::from_static(b"a state"),
    };
    let part_ids = vec!["a".to_owned(), "b".to_owned()];
    let open = Open { target: "staging/x".to_owned(), multipart_id: "7".to_owned(), part_ids, digests };
    Record { begun_at: Timestamp::from_micros(7).unwrap(), declared: None, state: State::Open(open) }
}

fn done_record() -> Record {
    Record {
        begun_at: Timestamp::from_micros(7).unwrap(),
        declared: Some(ContentAddress::of(b"bytes")),
        state: State::Done(DualDigest::of(b"bytes"), Timestamp::from_micros(9).unwrap()),
    }
}

fn records() -> (tempfile::TempDir, Records) {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::new(folder.path().join("uploads"), 3);
    (folder, records)
}

#[tokio::test]
async fn a_record_comes_back_until_it_is_removed() {
    let (_folder, records) = records();
    assert_eq!(records.find(key(1)).await.unwrap(), None);
    assert!(records.list().await.unwrap().is_empty());
    records.add(key(1), &open_record()).await.unwrap();
    assert_eq!(records.find(key(1)).await.unwrap(), Some(open_record()));
    records.set(key(1), &done_record()).await.unwrap();
    assert_eq!(records.list().await.unwrap(), [(key(1), done_record())]);
    records.remove(key(1)).await.unwrap();
    records.remove(key(1)).await.unwrap();
    assert_eq!(records.find(key(1)).await.unwrap(), None);
}

#[tokio::test]
async fn there_are_only_so_many() {
    let (_folder, records) = records();
    for byte in 1..=3 {
        records.add(key(byte), &open_record()).await.unwrap();
    }
    let fault = records.add(key(4), &open_record()).await.unwrap_err();
    assert_eq!(fault.category, artifactstore_types::Category::Exhausted);
    records.set(key(1), &done_record()).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_none_and_is_removed() {
    let (folder, records) = records();
    records.add(key(1), &open_record()).await.unwrap();
    let uploads = folder.path().join("uploads");
    let good = fs::read(uploads.join(format!("{}.{SUFFIX}", key(1)))).unwrap();
    let other = uploads.join(format!("{}.{SUFFIX}", key(2)));
    for cut in 0..good.len() {
        fs::write(&other, &good[..cut]).unwrap();
        assert_eq!(records.find(key(2)).await.unwrap(), None, "{cut}");
    }
    fs::write(uploads.join("readme.txt"), "x").unwrap();
    assert_eq!(records.list().await.unwrap().len(), 1);
    assert_eq!(fs::read_dir(&uploads).unwrap().count(), 1);
}

#[test]
fn parts_that_do_not_come_to_the_offset_are_no_record() {
    let mut written = Written::from(&open_record());
    assert!(Written::from(&open_record()).record().is_some());
    written.open.as_mut().unwrap().part_ids.pop();
    assert_eq!(written.record(), None);
    let newer = Written { version: VERSION + 1, ..Written::from(&open_record()) };
    assert_eq!(newer.record(), None);
    let neither = Written { open: None, ..Written::from(&open_record()) };
    assert_eq!(neither.record(), None);
}
