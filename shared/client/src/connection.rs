//! What a store answers, wherever it is: in this process or behind the network. Everything a producer does, from
//! pushing a directory to tailing events, is written once, over this trait.

use std::{ops::Range, sync::Arc};

use artifactstore_types::{
    Actor, ByteRange, ContentAddress, EventFilter, EventRecord, Fault, FileHeader, FileRecord, FileVerification,
    Health, Namespace, NewPackage, PackageFilter, PackageId, PackageRecord, Page, PageSize, PageToken, PlanAnswer,
    PlannedFile, RelativePath, Sequence, SmallFile, Upload,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::Contracts;

/// Bytes on their way: chunks of any size, or the failure that ends them.
pub type ByteStream = BoxStream<'static, Result<Bytes, Fault>>;

/// In which form a manifest is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestFormat {
    /// The canonical CBOR (RFC 8949 §4.2.1), whose BLAKE3 is the manifest digest.
    Cbor,
    /// Its RFC 8785 JSON projection.
    Json,
}

/// A path to bind to a blob that the namespace has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// What it is; `declared` is ignored.
    pub header: FileHeader,
    /// The blob.
    pub address: ContentAddress,
}

/// A file on its way out.
pub struct Download {
    /// The file.
    pub file: FileRecord,
    /// The bytes that follow, of the whole file.
    pub range: Range<u64>,
    /// Whether the store checks the bytes against the digest before the stream ends well.
    pub verified: bool,
    /// The bytes of `range`.
    pub bytes: ByteStream,
}

/// From where on, and which events, a subscriber wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TailRequest {
    /// The namespace.
    pub namespace: Namespace,
    /// Events after this sequence; 0 is from the start.
    pub since: Sequence,
    /// Which of them.
    pub filter: EventFilter,
    /// Whether to wait for more at the end of the log, or stop there.
    pub follow: bool,
}

/// A store, as its users see it; what it answers about contract events is in [`Contracts`]. Methods fail with the fault
/// of whatever refused; see [`Fault`].
#[async_trait]
pub trait Connection: Contracts {
    /// Creates a package.
    async fn create_package(&self, actor: &Actor, package: NewPackage) -> Result<PackageRecord, Fault>;

    /// Asks what has to be sent, in the order of `files`; at most 10,000 at once.
    async fn plan_upload(&self, package: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault>;

    /// Binds paths to blobs that are here already; each answered on its own, in order; at most 10,000 at once.
    async fn commit_files(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault>;

    /// Adds one file of any size. When this returns, the file is durable and registered.
    async fn ingest_file(&self, upload: &Upload, header: FileHeader, bytes: ByteStream) -> Result<FileRecord, Fault>;

    /// Adds many small files (each at most [`Connection::small_file_limit`] bytes) in one stream; each is answered on
    /// its own, in order, once durable and registered. The stream ends early after a fault that concerns all of them,
    /// which is then its last item.
    fn ingest_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>>;

    /// The largest file, in bytes, for [`Connection::ingest_files`].
    fn small_file_limit(&self) -> usize;

    /// Closes a package under its manifest. Finalizing again gives the same answer.
    async fn finalize_package(&self, actor: &Actor, package: PackageId) -> Result<PackageRecord, Fault>;

    /// Gives a package up.
    async fn fail_package(&self, actor: &Actor, package: PackageId, reason: &str) -> Result<PackageRecord, Fault>;

    /// A package.
    async fn load_package(&self, package: PackageId) -> Result<PackageRecord, Fault>;

    /// Packages, the newest first.
    async fn list_packages(
        &self,
        filter: &PackageFilter,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<PackageRecord>, Fault>;

    /// The files of a package, in the order of their paths.
    async fn list_files(
        &self,
        package: PackageId,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<FileRecord>, Fault>;

    /// The manifest of a finalized package, exactly.
    async fn load_manifest(&self, package: PackageId, format: ManifestFormat) -> Result<Bytes, Fault>;

    /// Serves a file, or a range of it.
    async fn download(&self, package: PackageId, path: &RelativePath, range: ByteRange) -> Result<Download, Fault>;

    /// Has the store read every file of a package again; one answer a file, in the order of paths.
    fn verify_package(&self, package: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>>;

    /// Events, in order, without hole or repeat.
    fn tail(&self, request: TailRequest) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>>;

    /// How the store is.
    async fn health(&self) -> Result<Health, Fault>;
}
