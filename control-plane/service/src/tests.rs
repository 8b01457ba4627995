//! Use cases over the memory store and the memory plane.

mod add_files;
mod bounds;
mod contracts;
mod finalize;
mod listings;
mod read_back;

use std::sync::Arc;

use artifactstore_dataplane::MemoryPlane;
use artifactstore_store::{Committer, CommitterOptions, MemoryStore, Tail, TailOptions};
use artifactstore_types::{
    Actor, BackendId, Fault, FileHeader, FileRecord, MediaType, Metadata, Namespace, NewPackage, PackageId, Provenance,
    RelativePath, SmallFile, SystemClock, SystemIds, Upload,
};
use futures::{StreamExt as _, stream};

use crate::{Parts, Service, ServiceOptions};

struct World {
    service: Service,
    plane: MemoryPlane,
    store: Arc<MemoryStore>,
}

fn world() -> World {
    world_with(ServiceOptions::default())
}

fn world_with(options: ServiceOptions) -> World {
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let store = Arc::new(MemoryStore::new(ids.clone()));
    let local: BackendId = "local".parse().unwrap();
    let plane = MemoryPlane::new("node".parse().unwrap(), [local], clock.clone());
    let parts = Parts {
        store: store.clone(),
        committer: Committer::start(store.clone(), CommitterOptions::default()),
        tail: Tail::start(store.clone(), TailOptions::default()),
        plane: Arc::new(plane.clone()),
        clock,
        ids,
    };
    World { service: Service::new(parts, options), plane, store }
}

fn actor() -> Actor {
    "tester".parse().unwrap()
}

fn new_package(name: &str) -> NewPackage {
    NewPackage {
        namespace: Namespace::default(),
        name: name.parse().unwrap(),
        producer: "ci".parse().unwrap(),
        subject: "tests".parse().unwrap(),
        kind: None,
        class: "raw-evidence".parse().unwrap(),
        metadata: Metadata::new(),
        provenance: Provenance::default(),
    }
}

fn header(path: &str) -> FileHeader {
    FileHeader {
        relative_path: path.parse().unwrap(),
        media_type: MediaType::default(),
        executable: false,
        declared: None,
    }
}

fn path(text: &str) -> RelativePath {
    text.parse().unwrap()
}

impl World {
    async fn package(&self, name: &str) -> PackageId {
        self.service.create_package(&actor(), new_package(name)).await.unwrap().package_id
    }

    async fn add(&self, id: PackageId, path: &str, bytes: &[u8]) -> Result<FileRecord, Fault> {
        let bytes = bytes::Bytes::copy_from_slice(bytes);
        self.service.ingest_file(&upload(id), header(path), stream::iter([Ok(bytes)]).boxed()).await
    }

    async fn add_many(&self, id: PackageId, files: Vec<(String, Vec<u8>)>) -> Vec<Result<FileRecord, Fault>> {
        let files = files.into_iter().map(|(path, bytes)| SmallFile { header: header(&path), bytes: bytes.into() });
        let files: Vec<_> = files.collect();
        self.service.ingest_files(&upload(id), stream::iter(files).boxed()).collect().await
    }
}

fn upload(package_id: PackageId) -> Upload {
    Upload { package_id, actor: actor(), replace: false }
}
