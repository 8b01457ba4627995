//! Large files whose node goes away in the middle.

use std::sync::{Arc, Mutex};

use artifactstore_client::{ByteStream, FileSource};
use artifactstore_testkit::new_package;
use artifactstore_types::{
    ByteRange, ContentAddress, FileHeader, IdempotencyKey, Ids as _, MediaType, NodeStatus, SystemIds, Upload,
};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::Notify;

use crate::site::Site;

const CHUNK: usize = 1 << 20;
const CHUNKS: usize = 88;
/// After how many chunks the first reading stands still: far enough for a node that is killed to have recorded some of them,
/// whatever is still on its way to it.
const STOP: usize = 80;

/// A file whose first reading stands still in the middle until it is let go on.
struct Halting {
    bytes: Bytes,
    opened: Mutex<Vec<u64>>,
    reached: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl FileSource for Halting {
    fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn open(&self, offset: u64) -> ByteStream {
        let is_first = {
            let mut opened = self.opened.lock().unwrap();
            opened.push(offset);
            opened.len() == 1
        };
        let rest = self.bytes.slice(usize::try_from(offset).unwrap()..);
        let (reached, go_on) = (Arc::clone(&self.reached), Arc::clone(&self.go_on));
        let chunks: Vec<_> = rest.chunks(CHUNK).map(|chunk| rest.slice_ref(chunk)).enumerate().collect();
        stream::iter(chunks)
            .then(move |(number, chunk)| {
                let (reached, go_on) = (Arc::clone(&reached), Arc::clone(&go_on));
                async move {
                    if is_first && number == STOP {
                        reached.notify_one();
                        go_on.notified().await;
                    }
                    Ok(chunk)
                }
            })
            .boxed()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_upload_goes_on_where_it_stood_after_its_node_was_restarted() {
    let mut site = Site::start(1).await;
    let mut bytes = vec![0; CHUNK * CHUNKS + 77];
    blake3::Hasher::new().update(b"large").finalize_xof().fill(&mut bytes);
    let address = ContentAddress::of(&bytes);
    let source = Arc::new(Halting {
        bytes: bytes.into(),
        opened: Mutex::default(),
        reached: Arc::default(),
        go_on: Arc::default(),
    });
    let actor: artifactstore_types::Actor = "tester".parse().unwrap();
    let connection = site.connection(0);
    let package = connection.create_package(&actor, new_package("large"), None).await.unwrap();
    let upload = Upload {
        package_id: package.package_id,
        actor,
        replace: false,
        idempotency_key: Some(IdempotencyKey::new(SystemIds.next())),
    };
    let header = FileHeader {
        relative_path: "large".parse().unwrap(),
        media_type: MediaType::default(),
        executable: false,
        declared: None,
    };
    let mut sending = tokio::spawn({
        let (connection, source, header) = (Arc::clone(&connection), Arc::clone(&source), header.clone());
        async move { connection.ingest_source(&upload, header, source).await }
    });
    tokio::select! {
        () = source.reached.notified() => {}
        ended = &mut sending => panic!("it was not sent straight: {:?}, {:?}", ended.unwrap(), source.opened),
    }
    site.nodes[0].kill();
    site.restart_node(1);
    site.node_becomes(0, 1, NodeStatus::Active).await;
    source.go_on.notify_one();
    let file = sending.await.unwrap().unwrap();
    assert_eq!((file.content_address, file.size_bytes), (address, source.size_bytes()));
    let opened = source.opened.lock().unwrap().clone();
    assert!(opened.len() == 2 && opened[1] > 0, "it began at {opened:?}");
    let download = connection.download(package.package_id, &header.relative_path, ByteRange::default()).await.unwrap();
    let chunks: Vec<Bytes> = download.bytes.try_collect().await.unwrap();
    assert_eq!(ContentAddress::of(&chunks.concat()), address);
}
