//! A store in memory, for tests of the doors in front of one: it does what the trait says, in the simplest way, and lets
//! a test hold calls back, make them fail, and see how byte streams end.

mod contracts;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use artifactstore_client::{ByteStream, Connection, Download, KnownFile, ManifestFormat, TailRequest};
use artifactstore_testkit::{START, SequentialIds};
use artifactstore_types::{
    Actor, Algorithm, BackendHealth, ByteRange, Category, ContentAddress, EventId, EventRecord, Fault, FileHeader,
    FileId, FileRecord, FileVerification, Health, Mismatch, NewPackage, PackageFilter, PackageId, PackageRecord,
    PackageStatus, Page, PageSize, PageToken, PlanAnswer, PlannedFile, RelativePath, SmallFile, SubjectKind, Upload,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::sync::{Semaphore, mpsc, watch};

pub use contracts::{STATE_BYTES, contract_stream};

/// How the store's reading of a byte stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Whole(u64),
    Failed(Fault),
    Dropped,
}

#[derive(Default)]
struct State {
    packages: BTreeMap<PackageId, PackageRecord>,
    files: BTreeMap<(PackageId, RelativePath), (FileRecord, Bytes)>,
    events: Vec<Arc<EventRecord>>,
    health: Option<Result<Health, Fault>>,
    ids: u64,
    contract_events: Vec<String>,
}

struct Shared {
    state: Mutex<State>,
    head: watch::Sender<u64>,
    /// How many contract events there are.
    appended: watch::Sender<u64>,
    endings: mpsc::UnboundedSender<Ending>,
    /// Permits for calls that are held back; closed means that nothing is.
    gate: Semaphore,
    /// How many bytes of a file that is only counted were produced, at whichever end produces them.
    produced: AtomicU64,
    /// The furthest that production was ahead of what had arrived, in bytes.
    lag: AtomicU64,
}

/// The store. Clones are the same one.
#[derive(Clone)]
pub struct Fake(Arc<Shared>);

/// A package whose loading never ends.
pub fn stuck() -> PackageId {
    PackageId::new(uuid::Uuid::max())
}

/// A package whose loading meets a defect.
pub fn defective() -> PackageId {
    PackageId::new(uuid::Uuid::from_u128(7))
}

pub fn healthy() -> Health {
    let backend = BackendHealth {
        backend_id: "local".parse().unwrap(),
        reachable: true,
        reason: None,
        used_bytes: Some(1),
        free_bytes: Some(2),
    };
    Health { version: "0.0.0-test".to_owned(), database_fault: None, head: Some(0), backends: vec![backend] }
}

fn not_found(what: impl std::fmt::Display) -> Fault {
    Fault::new("AS-TEST-0001", Category::NotFound, "find: there is nothing of this name").about(what)
}

impl Fake {
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Ending>) {
        let (fake, seen) = Self::holding();
        fake.let_go();
        (fake, seen)
    }

    /// A store that holds back the end of every ingest until [`Fake::let_go`].
    pub fn holding() -> (Self, mpsc::UnboundedReceiver<Ending>) {
        let (endings, seen) = mpsc::unbounded_channel();
        let shared = Shared {
            state: Mutex::default(),
            head: watch::Sender::new(0),
            appended: watch::Sender::new(0),
            endings,
            gate: Semaphore::new(0),
            produced: AtomicU64::new(0),
            lag: AtomicU64::new(0),
        };
        (Self(Arc::new(shared)), seen)
    }

    pub fn let_go(&self) {
        self.0.gate.close();
    }

    pub fn say(&self, health: Result<Health, Fault>) {
        self.state().health = Some(health);
    }

    pub fn file_count(&self) -> usize {
        self.state().files.len()
    }

    pub fn lag(&self) -> u64 {
        self.0.lag.load(Ordering::SeqCst)
    }

    /// Produces the next chunk of a file that is only counted.
    pub fn produce(&self) -> Bytes {
        self.0.produced.fetch_add(CHUNK.len() as u64, Ordering::SeqCst);
        Bytes::from_static(&CHUNK)
    }

    /// How many bytes were produced.
    pub fn produced(&self) -> u64 {
        self.0.produced.load(Ordering::SeqCst)
    }

    /// Says how much has arrived, after whoever produces has had every chance to run ahead.
    pub async fn arrived(&self, bytes: u64) {
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        self.0.lag.fetch_max(self.produced().saturating_sub(bytes), Ordering::SeqCst);
    }

    /// Adds an event with a payload of this size.
    pub fn happen(&self, event_type: &str, payload_bytes: usize) {
        self.event(event_type, PackageId::new(uuid::Uuid::nil()), vec![7; payload_bytes].into());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    fn event(&self, event_type: &str, package: PackageId, payload: Bytes) {
        let mut state = self.state();
        let sequence = state.events.len() as u64 + 1;
        state.events.push(Arc::new(EventRecord {
            sequence,
            event_id: EventId::new(SequentialIds::nth(sequence)),
            namespace: "default".parse().unwrap(),
            event_type: event_type.parse().unwrap(),
            subject_kind: SubjectKind::Package,
            subject_id: package.to_string(),
            subject_revision: 1,
            actor: "fake".parse().unwrap(),
            recorded_at: START,
            payload_digest: *Algorithm::Blake3.digest(&payload).bytes(),
            payload,
            leaf_hash: [1; 32],
        }));
        self.0.head.send_replace(sequence);
    }

    fn change(
        &self,
        id: PackageId,
        change: impl FnOnce(&mut PackageRecord, Vec<&FileRecord>),
    ) -> Result<PackageRecord, Fault> {
        let mut state = self.state();
        let State { packages, files, .. } = &mut *state;
        let package = packages.get_mut(&id).ok_or_else(|| not_found(id))?;
        let files = files.iter().filter(|((package, _), _)| *package == id).map(|(_, (file, _))| file).collect();
        change(package, files);
        Ok(package.clone())
    }

    fn add(&self, upload: &Upload, header: FileHeader, bytes: Bytes) -> Result<FileRecord, Fault> {
        let mut state = self.state();
        if !state.packages.contains_key(&upload.package_id) {
            return Err(not_found(upload.package_id));
        }
        let place = (upload.package_id, header.relative_path.clone());
        if !upload.replace && state.files.contains_key(&place) {
            let fault = Fault::new("AS-TEST-0002", Category::AlreadyExists, "add file: the path exists");
            return Err(fault.about(header.relative_path));
        }
        state.ids += 1;
        let file = FileRecord {
            file_id: FileId::new(SequentialIds::nth(state.ids)),
            package_id: upload.package_id,
            relative_path: header.relative_path,
            media_type: header.media_type,
            executable: header.executable,
            size_bytes: bytes.len() as u64,
            content_address: ContentAddress::of(&bytes),
            sha256: Algorithm::Sha256.digest(&bytes),
            created_at: START,
        };
        state.files.insert(place, (file.clone(), bytes));
        Ok(file)
    }

    fn files(&self, package: PackageId) -> Vec<(FileRecord, Bytes)> {
        let state = self.state();
        state.files.iter().filter(|((of, _), _)| *of == package).map(|(_, file)| file.clone()).collect()
    }

    /// Reads a byte stream to its end and tells how that was, even where the reader is dropped.
    async fn drain(&self, mut bytes: ByteStream, counted: bool) -> Result<Bytes, Fault> {
        struct Watched<'a>(&'a Fake, Option<Ending>);
        impl Drop for Watched<'_> {
            fn drop(&mut self) {
                let ending = self.1.take().unwrap_or(Ending::Dropped);
                let _ = self.0.0.endings.send(ending);
            }
        }
        let mut watched = Watched(self, None);
        let (mut whole, mut read) = (BytesMut::new(), 0);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.inspect_err(|fault| watched.1 = Some(Ending::Failed(fault.clone())))?;
            read += chunk.len() as u64;
            if counted {
                self.arrived(read).await;
            } else {
                whole.extend_from_slice(&chunk);
            }
        }
        // Without a permit the end is held back.
        let _ = self.0.gate.acquire().await;
        watched.1 = Some(Ending::Whole(read));
        Ok(whole.freeze())
    }
}

/// The path of the file that is only counted, not kept.
pub const COUNTED: &str = "counted";
/// How many chunks it has.
pub const COUNTED_CHUNKS: usize = 384;
static CHUNK: [u8; 256 * 1024] = [7; 256 * 1024];

fn manifest(files: &[(FileRecord, Bytes)]) -> Bytes {
    files.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
}

fn page<T: Clone>(items: &[T], size: PageSize, token: Option<PageToken>) -> Result<Page<T>, Fault> {
    let foreign = || Fault::new("AS-TEST-0003", Category::Invalid, "list: the page token is not from here");
    let start = match token {
        None => 0,
        Some(token) => token.0.strip_prefix("at ").and_then(|text| text.parse().ok()).ok_or_else(foreign)?,
    };
    let rest = items.get(start..).ok_or_else(foreign)?;
    let items: Vec<T> = rest.iter().take(size.items().into()).cloned().collect();
    let next = (rest.len() > items.len()).then(|| PageToken(format!("at {}", start + items.len())));
    Ok(Page { items, next })
}

#[async_trait]
impl Connection for Fake {
    async fn create_package(&self, actor: &Actor, package: NewPackage) -> Result<PackageRecord, Fault> {
        let mut state = self.state();
        state.ids += 1;
        let record = PackageRecord {
            package_id: PackageId::new(SequentialIds::nth(state.ids)),
            package,
            actor: actor.clone(),
            status: PackageStatus::Created,
            created_at: START,
            finalized_at: None,
            manifest_digest: None,
            failure_reason: None,
            expires_at: None,
            file_count: 0,
            size_bytes: 0,
            revision: 1,
            last_event_sequence: 0,
        };
        state.packages.insert(record.package_id, record.clone());
        Ok(record)
    }

    async fn plan_upload(&self, package: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault> {
        let here = self.files(package);
        let answer = |file: &PlannedFile| match file.address {
            Some(address) if here.iter().any(|(file, _)| file.content_address == address) => PlanAnswer::Have,
            None if here.iter().any(|(here, _)| here.size_bytes == file.size_bytes) => PlanAnswer::DigestFirst,
            _ => PlanAnswer::Send,
        };
        Ok(files.iter().map(answer).collect())
    }

    async fn commit_files(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let commit = |file: KnownFile| {
            let here = self.files(upload.package_id);
            let blob = here.into_iter().find(|(here, _)| here.content_address == file.address);
            let (_, bytes) = blob.ok_or_else(|| not_found(file.address))?;
            self.add(upload, file.header, bytes)
        };
        Ok(files.into_iter().map(commit).collect())
    }

    async fn ingest_file(&self, upload: &Upload, header: FileHeader, bytes: ByteStream) -> Result<FileRecord, Fault> {
        self.change(upload.package_id, |_, _| {})?;
        let bytes = self.drain(bytes, header.relative_path.as_str() == COUNTED).await?;
        if header.declared.is_some_and(|declared| declared != ContentAddress::of(&bytes)) {
            return Err(Fault::new("AS-TEST-0004", Category::Invalid, "add file: the bytes have another address"));
        }
        self.add(upload, header, bytes)
    }

    fn ingest_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let (fake, upload) = (self.clone(), upload.clone());
        if !self.state().packages.contains_key(&upload.package_id) {
            return stream::iter([Err(not_found(upload.package_id))]).boxed();
        }
        files.map(move |file| fake.add(&upload, file.header, file.bytes)).boxed()
    }

    fn small_file_limit(&self) -> usize {
        artifactstore_wire::limits::SMALL_FILE_BYTES
    }

    async fn finalize_package(&self, _actor: &Actor, package: PackageId) -> Result<PackageRecord, Fault> {
        let digest = ContentAddress::of(&manifest(&self.files(package)));
        self.change(package, |package, files| {
            package.status = PackageStatus::Finalized;
            package.finalized_at = Some(START);
            package.manifest_digest = Some(digest);
            package.file_count = files.len() as u64;
        })
    }

    async fn fail_package(&self, _actor: &Actor, package: PackageId, reason: &str) -> Result<PackageRecord, Fault> {
        self.change(package, |package, _| {
            package.status = PackageStatus::Failed;
            package.failure_reason = Some(reason.to_owned());
        })
    }

    async fn load_package(&self, package: PackageId) -> Result<PackageRecord, Fault> {
        if package == stuck() {
            std::future::pending::<()>().await;
        }
        if package == defective() {
            return Err(Fault::new("AS-TEST-0008", Category::Internal, "load package: this cannot happen"));
        }
        self.change(package, |_, _| {})
    }

    async fn list_packages(
        &self,
        filter: &PackageFilter,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<PackageRecord>, Fault> {
        let wanted = |package: &&PackageRecord| {
            package.package.namespace == filter.namespace
                && filter.status.is_none_or(|status| status == package.status)
                && filter.name.as_ref().is_none_or(|name| *name == package.package.name)
        };
        let packages: Vec<_> = self.state().packages.values().filter(wanted).cloned().collect();
        page(&packages, size, token)
    }

    async fn list_files(
        &self,
        package: PackageId,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<FileRecord>, Fault> {
        let files: Vec<_> = self.files(package).into_iter().map(|(file, _)| file).collect();
        page(&files, size, token)
    }

    async fn load_manifest(&self, package: PackageId, format: ManifestFormat) -> Result<Bytes, Fault> {
        self.change(package, |_, _| {})?;
        match format {
            ManifestFormat::Cbor => Ok(manifest(&self.files(package))),
            ManifestFormat::Json => Ok(Bytes::from_static(b"{}")),
        }
    }

    async fn download(&self, package: PackageId, path: &RelativePath, range: ByteRange) -> Result<Download, Fault> {
        let (file, bytes) = self.state().files.get(&(package, path.clone())).cloned().ok_or_else(|| not_found(path))?;
        let resolved = range
            .resolve(file.size_bytes)
            .map_err(|refused| Fault::new("AS-TEST-0005", Category::OutOfRange, format!("download: {refused}")))?;
        let (start, end) = (usize::try_from(resolved.start).unwrap(), usize::try_from(resolved.end).unwrap());
        let mut chunks = vec![Ok(bytes.slice(start..end))];
        if path.as_str() == "rotten" {
            chunks.push(Err(Fault::new(
                "AS-TEST-0006",
                Category::DataLoss,
                "download: the bytes are not what they were",
            )));
        }
        let verified = range == ByteRange::ALL;
        if path.as_str() == COUNTED {
            let fake = self.clone();
            let size_bytes = (CHUNK.len() * COUNTED_CHUNKS) as u64;
            let bytes = stream::repeat_with(move || Ok(fake.produce())).take(COUNTED_CHUNKS).boxed();
            return Ok(Download { file: FileRecord { size_bytes, ..file }, range: 0..size_bytes, verified, bytes });
        }
        Ok(Download { file, range: resolved, verified, bytes: stream::iter(chunks).boxed() })
    }

    fn verify_package(&self, package: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>> {
        let files = self.files(package).into_iter().map(|(file, _)| {
            let mismatch = (file.relative_path.as_str() == "rotten").then_some(Mismatch::Digest);
            Ok(FileVerification { file, mismatch })
        });
        stream::iter(files.collect::<Vec<_>>()).boxed()
    }

    fn tail(&self, request: TailRequest) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
        let (fake, head) = (self.clone(), self.0.head.subscribe());
        let next = stream::unfold((request, head), move |(mut request, mut head)| {
            let fake = fake.clone();
            async move {
                loop {
                    let position = usize::try_from(request.since).unwrap();
                    let event = fake.state().events.get(position).cloned();
                    match event {
                        Some(event) => {
                            request.since += 1;
                            if request.filter.admits(&event) {
                                return Some((Ok(event), (request, head)));
                            }
                        }
                        None if !request.follow => return None,
                        None => head.wait_for(|head| *head > request.since).await.map(|_| ()).ok()?,
                    }
                }
            }
        });
        next.boxed()
    }

    async fn health(&self) -> Result<Health, Fault> {
        self.state().health.clone().unwrap_or_else(|| Ok(healthy()))
    }
}
