//! The service as its users see it: [`Connection`], each method one use case.

use std::sync::Arc;

use artifactstore_client::{ByteStream, Connection, Download, KnownFile, ManifestFormat, TailRequest};
use artifactstore_registry::node::NodeRequest;
use artifactstore_types::{
    Actor, ByteRange, EventRecord, Fault, FileHeader, FileRecord, FileVerification, Health, IdempotencyKey, NewPackage,
    NodeId, NodeRecord, NodeStatus, PackageFilter, PackageId, PackageRecord, Page, PageSize, PageToken, PlanAnswer,
    PlannedFile, RelativePath, SmallFile, Upload,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::Service;

#[async_trait]
impl Connection for Service {
    async fn create_package(
        &self,
        actor: &Actor,
        package: NewPackage,
        key: Option<IdempotencyKey>,
    ) -> Result<PackageRecord, Fault> {
        Self::create_package(self, actor, package, key).await
    }

    async fn plan_upload(&self, package: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault> {
        Self::plan_upload(self, package, files).await
    }

    async fn commit_files(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        Self::commit_files(self, upload, files).await
    }

    async fn ingest_file(&self, upload: &Upload, header: FileHeader, bytes: ByteStream) -> Result<FileRecord, Fault> {
        Self::ingest_file(self, upload, header, bytes).await
    }

    fn ingest_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        Self::ingest_files(self, upload, files)
    }

    fn small_file_limit(&self) -> usize {
        self.plane().batch_blob_limit()
    }

    async fn finalize_package(&self, actor: &Actor, package: PackageId) -> Result<PackageRecord, Fault> {
        Self::finalize_package(self, actor, package).await
    }

    async fn fail_package(&self, actor: &Actor, package: PackageId, reason: &str) -> Result<PackageRecord, Fault> {
        Self::fail_package(self, actor, package, reason).await
    }

    async fn load_package(&self, package: PackageId) -> Result<PackageRecord, Fault> {
        self.require_package(package).await
    }

    async fn list_packages(
        &self,
        filter: &PackageFilter,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<PackageRecord>, Fault> {
        Self::list_packages(self, filter, size, token).await
    }

    async fn list_files(
        &self,
        package: PackageId,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<FileRecord>, Fault> {
        Self::list_files(self, package, size, token).await
    }

    async fn load_manifest(&self, package: PackageId, format: ManifestFormat) -> Result<Bytes, Fault> {
        Self::load_manifest(self, package, format).await
    }

    async fn download(&self, package: PackageId, path: &RelativePath, range: ByteRange) -> Result<Download, Fault> {
        Self::download(self, package, path, range).await
    }

    fn verify_package(&self, package: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>> {
        Self::verify_package(self, package)
    }

    fn tail(&self, request: TailRequest) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
        let TailRequest { namespace, since, filter, follow } = request;
        Self::tail(self).subscribe(namespace, since, filter, follow)
    }

    async fn list_nodes(&self, status: Option<NodeStatus>, with_removed: bool) -> Result<Vec<NodeRecord>, Fault> {
        Self::list_nodes(self, status, with_removed).await
    }

    async fn load_node(&self, node: &NodeId) -> Result<NodeRecord, Fault> {
        Self::load_node(self, node).await
    }

    async fn drain_node(&self, actor: &Actor, node: &NodeId, resume: bool) -> Result<NodeRecord, Fault> {
        let request = if resume { NodeRequest::Resume } else { NodeRequest::Drain };
        self.change_node(actor, node, request).await
    }

    async fn remove_node(&self, actor: &Actor, node: &NodeId) -> Result<NodeRecord, Fault> {
        self.change_node(actor, node, NodeRequest::Remove).await
    }

    async fn health(&self) -> Result<Health, Fault> {
        Ok(Self::health(self).await)
    }
}
