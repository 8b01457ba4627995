//! What is read of a served file, and what is noticed of one that is served wrong.

use artifactstore_types::{Category, FileHeader, MediaType, Upload};
use futures::TryStreamExt as _;

use super::*;
use crate::fake::{Fake, new_package};

const BYTES: &[u8] = &[9; 2000];

async fn stored() -> (Fake, PackageId) {
    let fake = Fake::default();
    let actor = "somebody".parse().unwrap();
    let package_id = fake.create_package(&actor, new_package(), None).await.unwrap().package_id;
    let upload = Upload { package_id, actor, replace: false, idempotency_key: None };
    let header = FileHeader {
        relative_path: "a/b".parse().unwrap(),
        media_type: MediaType::default(),
        executable: false,
        declared: None,
    };
    fake.ingest_file(&upload, header, stream::iter([Ok(Bytes::from_static(BYTES))]).boxed()).await.unwrap();
    (fake, package_id)
}

async fn read(fake: &Fake, package: PackageId, range: ByteRange) -> Result<Vec<u8>, Fault> {
    let fetched = fetch(&fake.connection(), package, &"a/b".parse().unwrap(), range).await?;
    Ok(fetched.bytes.try_collect::<Vec<_>>().await?.concat())
}

#[tokio::test]
async fn the_whole_and_every_range_are_what_was_stored() {
    let (fake, package) = stored().await;
    assert_eq!(read(&fake, package, ByteRange::ALL).await.unwrap(), BYTES);
    for (offset, length) in [(0, Some(1)), (5, Some(700)), (1999, None), (0, Some(9999))] {
        let range = ByteRange { offset, length };
        let expected = range.resolve(2000).unwrap();
        assert_eq!(read(&fake, package, range).await.unwrap().len() as u64, expected.end - expected.start);
    }
}

#[tokio::test]
async fn wrong_bytes_end_the_stream_with_a_fault() {
    let (fake, package) = stored().await;
    let other = vec![8; 2000];
    let served: [(ByteRange, Vec<u8>); 4] = [
        (ByteRange::ALL, other),
        (ByteRange::ALL, BYTES[..1999].to_vec()),
        (ByteRange::ALL, [BYTES, b"!"].concat()),
        (ByteRange { offset: 0, length: Some(10) }, BYTES[..9].to_vec()),
    ];
    for (range, bytes) in served {
        fake.state().mischief.serves.insert("a/b".to_owned(), vec![Bytes::from(bytes)]);
        let fault = read(&fake, package, range).await.unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.category), ("AS-CLIENT-0013", Category::DataLoss));
    }
}

#[tokio::test]
async fn another_range_than_the_one_asked_for_is_refused() {
    let (fake, package) = stored().await;
    fake.state().mischief.announces = Some(5);
    assert_eq!(read(&fake, package, ByteRange::ALL).await.unwrap_err().code, "AS-CLIENT-0007");
}
