//! A store in memory for the client's tests: it does what [`Connection`] says, except where a test makes it misbehave.

mod contracts;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use artifactstore_manifest::{FileEntry, Manifest, PackageSection, ProvenanceSection, RetentionSummary};
use artifactstore_types::{
    Actor, ByteRange, Category, ContentAddress, ContractState, DualDigest, EventId, EventRecord, Fault, FileHeader,
    FileId, FileRecord, FileVerification, Health, MediaType, Mismatch, Namespace, NewPackage, PackageFilter, PackageId,
    PackageRecord, PackageStatus, Page, PageSize, PageToken, PlanAnswer, PlannedFile, Provenance, RelativePath,
    SmallFile, SubjectKind, Timestamp, Upload,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, future, stream, stream::BoxStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{ByteStream, Connection, Download, KnownFile, ManifestFormat, TailRequest};

/// The largest file for the batch stream: small, so that tests reach both ways in.
pub const SMALL: usize = 1_000;

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Create,
    Plan,
    Commit,
    IngestFile,
    IngestFiles,
    Finalize,
    Fail,
    LoadManifest,
    Download,
    Tail,
    Watch,
}

/// How the store misbehaves.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way of its own to misbehave")]
pub struct Mischief {
    /// These calls fail, each fault once; `true`: after having taken effect.
    pub faults: HashMap<Call, VecDeque<(bool, Fault)>>,
    /// The batch stream breaks off with this fault after so many files; `true`: the last of them was added unanswered.
    pub break_after: Option<(usize, bool, Fault)>,
    /// Other bytes than were stored are served under these paths.
    pub serves: HashMap<String, Vec<Bytes>>,
    /// Whatever is said about a file's size when it is served.
    pub announces: Option<u64>,
    /// Another manifest is served.
    pub manifest: Option<Bytes>,
    /// What re-reading finds.
    pub mismatches: HashMap<String, Mismatch>,
    /// What is answered for a file that was added.
    pub registers: Option<fn(&mut FileRecord)>,
    /// What is answered to a plan.
    pub plans: Option<Vec<PlanAnswer>>,
    /// Blobs that are said to be here and then are not.
    pub forgets: bool,
    /// Files are served without end.
    pub endless: bool,
    /// A failure of the source of a file is put into other words.
    pub rewords: bool,
    /// So many listings of files do not show yet what was added.
    pub stale_listings: usize,
    /// A file sent on its own is never answered.
    pub hangs: bool,
    /// What a tail delivers instead of the log, subscription by subscription.
    pub tails: VecDeque<Vec<Result<EventRecord, Fault>>>,
    /// What watching a state delivers, subscription by subscription.
    pub watches: VecDeque<Vec<Result<ContractState, Fault>>>,
}

#[derive(Default)]
pub struct State {
    pub packages: BTreeMap<PackageId, PackageRecord>,
    pub files: BTreeMap<(PackageId, RelativePath), FileRecord>,
    pub blobs: HashMap<ContentAddress, Bytes>,
    pub manifests: HashMap<PackageId, Bytes>,
    pub calls: HashMap<Call, usize>,
    pub mischief: Mischief,
    ids: u128,
}

/// The store.
#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub fn connection(&self) -> Arc<dyn Connection> {
        Arc::new(self.clone())
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn fail(&self, call: Call, after_effect: bool, fault: Fault) {
        self.state().mischief.faults.entry(call).or_default().push_back((after_effect, fault));
    }

    pub fn calls(&self, call: Call) -> usize {
        self.state().calls.get(&call).copied().unwrap_or_default()
    }

    fn around<T>(&self, call: Call, work: impl FnOnce(&mut State) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut state = self.state();
        *state.calls.entry(call).or_default() += 1;
        match state.mischief.faults.get_mut(&call).and_then(VecDeque::pop_front) {
            Some((true, fault)) => work(&mut state).and(Err(fault)),
            Some((false, fault)) => Err(fault),
            None => work(&mut state),
        }
    }
}

pub fn passing() -> Fault {
    Fault::new("AS-FAKE-AWAY", Category::Unavailable, "the store is away")
}

pub fn lasting() -> Fault {
    Fault::new("AS-FAKE-BROKEN", Category::Internal, "the store is broken")
}

/// Why an operation is to stop, once the token is cancelled.
pub async fn stopped(token: CancellationToken) -> Fault {
    token.cancelled_owned().await;
    Fault::new("AS-FAKE-STOP", Category::Cancelled, "somebody asked for it")
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).unwrap()
}

impl State {
    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    fn open(&mut self, id: PackageId) -> Result<&mut PackageRecord, Fault> {
        let package = self.packages.get_mut(&id).ok_or_else(|| not_found("package"))?;
        if package.status.is_open() {
            Ok(package)
        } else {
            Err(Fault::new("AS-FAKE-CLOSED", Category::FailedPrecondition, "the package is closed"))
        }
    }

    fn bind(&mut self, upload: &Upload, header: FileHeader, digests: DualDigest) -> Result<FileRecord, Fault> {
        self.open(upload.package_id)?;
        let address = ContentAddress::try_from(digests.blake3).unwrap();
        if header.declared.is_some_and(|declared| declared != address) {
            return Err(Fault::new("AS-FAKE-OTHER", Category::Invalid, "other bytes than declared"));
        }
        let key = (upload.package_id, header.relative_path.clone());
        if self.files.contains_key(&key) && !upload.replace {
            return Err(Fault::new("AS-FAKE-EXISTS", Category::AlreadyExists, "the path exists"));
        }
        let mut record = FileRecord {
            file_id: FileId::new(self.id()),
            package_id: upload.package_id,
            relative_path: header.relative_path,
            media_type: header.media_type,
            executable: header.executable,
            size_bytes: digests.size_bytes,
            content_address: address,
            sha256: digests.sha256,
            created_at: now(),
        };
        let replaced = self.files.insert(key, record.clone());
        let package = self.open(upload.package_id)?;
        package.file_count += u64::from(replaced.is_none());
        package.size_bytes = package.size_bytes + record.size_bytes - replaced.map_or(0, |file| file.size_bytes);
        package.status = PackageStatus::Uploading;
        if let Some(register) = self.mischief.registers {
            register(&mut record);
        }
        Ok(record)
    }

    fn add(&mut self, upload: &Upload, header: FileHeader, bytes: Bytes) -> Result<FileRecord, Fault> {
        let digests = DualDigest::of(&bytes);
        self.blobs.insert(ContentAddress::of(&bytes), bytes);
        self.bind(upload, header, digests)
    }

    pub fn files_of(&self, id: PackageId) -> impl Iterator<Item = &FileRecord> {
        self.files.values().filter(move |file| file.package_id == id)
    }

    fn finalize(&mut self, id: PackageId) -> Result<PackageRecord, Fault> {
        let package = self.packages.get(&id).ok_or_else(|| not_found("package"))?;
        if package.status == PackageStatus::Finalized {
            return Ok(package.clone());
        }
        self.open(id)?;
        let bytes = Bytes::from(self.manifest_of(id, |_| {}).encode());
        let package = self.open(id)?;
        package.status = PackageStatus::Finalized;
        package.finalized_at = Some(now());
        package.manifest_digest = Some(ContentAddress::of(&bytes));
        let package = package.clone();
        self.manifests.insert(id, bytes);
        Ok(package)
    }

    /// The manifest of a package, with its files changed as a hostile store might.
    pub fn manifest_of(&self, id: PackageId, change: impl FnOnce(&mut Vec<FileEntry>)) -> Manifest {
        let PackageRecord { package, actor, created_at, .. } = &self.packages[&id];
        let entry = |file: &FileRecord| FileEntry {
            relative_path: file.relative_path.clone(),
            media_type: file.media_type.clone(),
            size_bytes: file.size_bytes,
            content_address: file.content_address,
            sha256: file.sha256,
            executable: file.executable,
        };
        let mut files = self.files_of(id).map(entry).collect();
        change(&mut files);
        let section = PackageSection {
            id,
            namespace: package.namespace.clone(),
            name: package.name.clone(),
            producer: package.producer.clone(),
            subject: package.subject.clone(),
            kind: None,
            created_at: *created_at,
            finalized_at: now(),
            metadata: package.metadata.clone(),
        };
        let retention = RetentionSummary { class: package.class.clone(), expires_at: None };
        let provenance = ProvenanceSection { actor: actor.clone(), origin: Provenance::default() };
        Manifest::new(section, files, Vec::new(), retention, provenance).unwrap()
    }

    /// Puts another manifest in the place of a finalized package's, digest and all.
    pub fn forge_manifest(&mut self, id: PackageId, change: impl FnOnce(&mut Vec<FileEntry>)) {
        let bytes = self.manifest_of(id, change).encode();
        self.forge_manifest_bytes(id, bytes);
    }

    pub fn forge_manifest_bytes(&mut self, id: PackageId, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.packages.get_mut(&id).unwrap().manifest_digest = Some(ContentAddress::of(&bytes));
        self.manifests.insert(id, bytes);
    }

    /// The same package again, under another id and the same manifest.
    pub fn copy_package(&mut self, id: PackageId, other: PackageId) {
        self.packages.insert(other, self.packages[&id].clone());
        self.manifests.insert(other, self.manifests[&id].clone());
    }
}

fn not_found(what: &str) -> Fault {
    Fault::new("AS-FAKE-NONE", Category::NotFound, format!("no such {what}"))
}

fn page<T: Clone>(items: &[T], size: PageSize, token: Option<PageToken>) -> Page<T> {
    let start: usize = token.map_or(0, |token| token.0.parse().unwrap());
    let end = items.len().min(start + usize::from(size.items()));
    let next = (end < items.len()).then(|| PageToken(end.to_string()));
    Page { items: items[start..end].to_vec(), next }
}

#[async_trait]
impl Connection for Fake {
    async fn create_package(&self, actor: &Actor, package: NewPackage) -> Result<PackageRecord, Fault> {
        self.around(Call::Create, |state| {
            let package_id = PackageId::new(state.id());
            let record = PackageRecord {
                package_id,
                package,
                actor: actor.clone(),
                status: PackageStatus::Created,
                created_at: now(),
                finalized_at: None,
                manifest_digest: None,
                failure_reason: None,
                expires_at: None,
                file_count: 0,
                size_bytes: 0,
                revision: 1,
                last_event_sequence: 1,
            };
            state.packages.insert(package_id, record.clone());
            Ok(record)
        })
    }

    async fn plan_upload(&self, package: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault> {
        self.around(Call::Plan, |state| {
            state.open(package)?;
            if let Some(answers) = state.mischief.plans.clone() {
                return Ok(answers);
            }
            let answer = |file: &PlannedFile| match file.address {
                Some(address) if state.blobs.contains_key(&address) => PlanAnswer::Have,
                None if state.blobs.values().any(|blob| blob.len() as u64 == file.size_bytes) => {
                    PlanAnswer::DigestFirst
                }
                _ => PlanAnswer::Send,
            };
            Ok(files.iter().map(answer).collect())
        })
    }

    async fn commit_files(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        self.around(Call::Commit, |state| {
            if state.mischief.forgets {
                state.blobs.clear();
            }
            let bind = |file: KnownFile| {
                let blob = state.blobs.get(&file.address).cloned().ok_or_else(|| not_found("blob"))?;
                state.bind(upload, file.header, DualDigest::of(&blob))
            };
            Ok(files.into_iter().map(bind).collect())
        })
    }

    async fn ingest_file(
        &self,
        upload: &Upload,
        header: FileHeader,
        mut bytes: ByteStream,
    ) -> Result<FileRecord, Fault> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = bytes.next().await {
            match chunk {
                Ok(chunk) => whole.extend_from_slice(&chunk),
                Err(_) if self.state().mischief.rewords => return Err(lasting()),
                Err(fault) => return Err(fault),
            }
        }
        if self.state().mischief.hangs {
            future::pending::<()>().await;
        }
        self.around(Call::IngestFile, |state| state.add(upload, header, whole.freeze()))
    }

    fn ingest_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        let opened = self.around(Call::IngestFiles, |state| Ok(state.mischief.break_after.take()));
        let mut break_after = match opened {
            Ok(break_after) => break_after,
            Err(fault) => return stream::iter([Err(fault)]).boxed(),
        };
        let (fake, upload) = (self.clone(), upload.clone());
        let mut taken = 0;
        files
            .map(move |file| {
                assert!(file.bytes.len() <= SMALL, "a file beyond the limit");
                taken += 1;
                if let Some((_, added, fault)) = break_after.take_if(|(after, ..)| *after < taken) {
                    if added {
                        fake.state().add(&upload, file.header, file.bytes).unwrap();
                    }
                    return Err((true, fault));
                }
                fake.state().add(&upload, file.header, file.bytes).map_err(|fault| (false, fault))
            })
            .scan(false, |ended, answer| {
                let was = std::mem::replace(ended, matches!(answer, Err((true, _))));
                async move { (!was).then(|| answer.map_err(|(_, fault)| fault)) }
            })
            .boxed()
    }

    fn small_file_limit(&self) -> usize {
        SMALL
    }

    async fn finalize_package(&self, _actor: &Actor, package: PackageId) -> Result<PackageRecord, Fault> {
        self.around(Call::Finalize, |state| state.finalize(package))
    }

    async fn fail_package(&self, _actor: &Actor, package: PackageId, reason: &str) -> Result<PackageRecord, Fault> {
        self.around(Call::Fail, |state| {
            let package = state.open(package)?;
            package.status = PackageStatus::Failed;
            package.failure_reason = Some(reason.to_owned());
            Ok(package.clone())
        })
    }

    async fn load_package(&self, package: PackageId) -> Result<PackageRecord, Fault> {
        self.state().packages.get(&package).cloned().ok_or_else(|| not_found("package"))
    }

    async fn list_packages(
        &self,
        _filter: &PackageFilter,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<PackageRecord>, Fault> {
        Ok(page(&self.state().packages.values().rev().cloned().collect::<Vec<_>>(), size, token))
    }

    async fn list_files(
        &self,
        package: PackageId,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<FileRecord>, Fault> {
        let mut state = self.state();
        if state.mischief.stale_listings > 0 {
            state.mischief.stale_listings -= 1;
            return Ok(Page { items: Vec::new(), next: None });
        }
        Ok(page(&state.files_of(package).cloned().collect::<Vec<_>>(), size, token))
    }

    async fn load_manifest(&self, package: PackageId, _format: ManifestFormat) -> Result<Bytes, Fault> {
        self.around(Call::LoadManifest, |state| {
            let forged = state.mischief.manifest.clone();
            forged.or_else(|| state.manifests.get(&package).cloned()).ok_or_else(|| not_found("manifest"))
        })
    }

    async fn download(&self, package: PackageId, path: &RelativePath, range: ByteRange) -> Result<Download, Fault> {
        self.around(Call::Download, |state| {
            let file = state.files.get(&(package, path.clone())).cloned().ok_or_else(|| not_found("file"))?;
            let mut range = range.resolve(file.size_bytes).unwrap();
            let (start, end) = (usize::try_from(range.start).unwrap(), usize::try_from(range.end).unwrap());
            let blob = &state.blobs[&file.content_address];
            let chunks = match state.mischief.serves.get(path.as_str()) {
                Some(chunks) => chunks.clone(),
                None => blob[start..end].chunks(400).map(Bytes::copy_from_slice).collect(),
            };
            range.end = state.mischief.announces.unwrap_or(range.end);
            if state.mischief.endless {
                let bytes = stream::repeat_with(|| Ok(Bytes::from_static(&[0; 400]))).boxed();
                return Ok(Download { file, range, verified: true, bytes });
            }
            Ok(Download { file, range, verified: true, bytes: stream::iter(chunks).map(Ok).boxed() })
        })
    }

    fn verify_package(&self, package: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>> {
        let state = self.state();
        let verify = |file: &FileRecord| {
            let mismatch = state.mischief.mismatches.get(file.relative_path.as_str()).copied();
            Ok(FileVerification { file: file.clone(), mismatch })
        };
        stream::iter(state.files_of(package).map(verify).collect::<Vec<_>>()).boxed()
    }

    fn tail(&self, request: TailRequest) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
        let mut state = self.state();
        *state.calls.entry(Call::Tail).or_default() += 1;
        let events = state.mischief.tails.pop_front().unwrap_or_default();
        let since = request.since;
        let wanted = events.into_iter().filter(move |event| event.as_ref().map_or(true, |it| it.sequence > since));
        stream::iter(wanted.map(|event| event.map(Arc::new)).collect::<Vec<_>>()).boxed()
    }

    async fn health(&self) -> Result<Health, Fault> {
        Ok(Health { version: "0".to_owned(), database_fault: None, head: Some(0), backends: Vec::new() })
    }
}

/// An event of a log, with a payload and its digest.
pub fn event(sequence: u64, payload: &'static [u8]) -> EventRecord {
    EventRecord {
        sequence,
        event_id: EventId::new(Uuid::from_u128(u128::from(sequence))),
        namespace: Namespace::default(),
        event_type: "v1.package.created".parse().unwrap(),
        subject_kind: SubjectKind::Package,
        subject_id: "subject".to_owned(),
        subject_revision: 1,
        actor: "somebody".parse().unwrap(),
        recorded_at: now(),
        payload: Bytes::from_static(payload),
        payload_digest: *ContentAddress::of(payload).bytes(),
        leaf_hash: [0; 32],
    }
}

/// A small file.
pub fn small_file(path: &str, bytes: &'static [u8]) -> SmallFile {
    let header = FileHeader {
        relative_path: path.parse().unwrap(),
        media_type: MediaType::default(),
        executable: false,
        declared: None,
    };
    SmallFile { header, bytes: Bytes::from_static(bytes) }
}

/// A package that could be made.
pub fn new_package() -> NewPackage {
    NewPackage {
        namespace: Namespace::default(),
        name: "run 1".parse().unwrap(),
        producer: "tests".parse().unwrap(),
        subject: "client".parse().unwrap(),
        kind: None,
        class: "raw-evidence".parse().unwrap(),
        metadata: BTreeMap::new(),
        provenance: Provenance::default(),
    }
}
