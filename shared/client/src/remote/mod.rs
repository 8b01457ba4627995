//! A store behind the network. Each method is one call; calls that are streams keep to constant memory, and whatever
//! the store sends is checked before it is passed on: an answer that is cut short is a fault, never a shorter answer.
//! Trying again is left to whoever calls.

mod contracts;
mod direct;
mod events;
mod failover;
mod files;
mod ingest;
mod nodes;

use std::{sync::Arc, time::Duration};

use artifactstore_types::{
    Actor, ByteRange, Category, EventRecord, Fault, FileHeader, FileRecord, FileVerification, Health, IdempotencyKey,
    NewPackage, NodeId, NodeRecord, NodeStatus, PackageFilter, PackageId, PackageRecord, Page, PageSize, PageToken,
    PlanAnswer, PlannedFile, RelativePath, SmallFile, Upload,
};
use artifactstore_wire::{
    encode_token, fault_of_status, field, limits,
    opening::answer,
    transport, unreadable,
    v1::{
        self, contract_service_client::ContractServiceClient, event_service_client::EventServiceClient,
        health_service_client::HealthServiceClient, node_service_client::NodeServiceClient,
        package_service_client::PackageServiceClient,
    },
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tonic::{Request, Status, transport::Endpoint};

use self::failover::Failover;
use crate::{
    FileSource,
    connection::{ByteStream, Connection, Download, KnownFile, ManifestFormat, TailRequest},
};

/// Every code made here, with what it means.
pub const CODES: &[(&str, &str)] = &[("AS-CLIENT-0101", "the address of a store is not an http:// URL")];

/// How a remote store is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteOptions {
    /// How long a connection may take to stand.
    pub connect_timeout: Duration,
    /// How long a call may take to be answered; of a stream, its beginning, and of bytes, each pause in them. Answers to
    /// what is uploaded, findings and events have no limit of their own: they come as the work behind them allows, and a
    /// store that is gone is noticed by its connection.
    pub call_timeout: Duration,
    /// Whether bytes go straight to and from nodes where the store has some. Without, all of them go through the control
    /// plane, for clients that cannot reach the nodes.
    pub direct: bool,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(5), call_timeout: Duration::from_secs(30), direct: true }
    }
}

/// A store behind the network. Clones share one connection to a control plane, which stands when it is first needed and is
/// made anew when it breaks.
#[derive(Clone, Debug)]
pub struct Remote {
    packages: PackageServiceClient<Failover>,
    events: EventServiceClient<Failover>,
    contracts: ContractServiceClient<Failover>,
    health: HealthServiceClient<Failover>,
    nodes: NodeServiceClient<Failover>,
    transfers: direct::Nodes,
    options: RemoteOptions,
}

impl Remote {
    /// The store at `endpoints`: the address of a control plane, such as `http://127.0.0.1:7070`, or those of several of one
    /// site, separated by commas. One of them is spoken to until it is not reached any more, then the next. Nothing is
    /// sent yet. Must be called within a runtime.
    ///
    /// # Errors
    /// An endpoint that is not an `http://` URL.
    pub fn connect(endpoints: &str, options: RemoteOptions) -> Result<Self, Fault> {
        let ways = addresses(endpoints, options)?.iter().map(Endpoint::connect_lazy).collect();
        Ok(Self::over(Failover::new(ways, 0), options))
    }

    /// The same, with a connection made now: where there is no store, that is known at once, and not only after every
    /// call was tried again for a while.
    ///
    /// # Errors
    /// An endpoint that is not an `http://` URL, or that nobody answers at any of them.
    pub async fn reach(endpoints: &str, options: RemoteOptions) -> Result<Self, Fault> {
        let addresses = addresses(endpoints, options)?;
        let mut ways: Vec<_> = addresses.iter().map(Endpoint::connect_lazy).collect();
        let mut last = None;
        for (at, address) in addresses.iter().enumerate() {
            match address.connect().await {
                Ok(reached) => {
                    ways[at] = reached;
                    return Ok(Self::over(Failover::new(ways, at), options));
                }
                Err(error) => last = Some(fault_of_status(&Status::from_error(Box::new(error)))),
            }
        }
        Err(last.unwrap_or_else(|| refused(endpoints)).about(endpoints))
    }

    fn over(way: Failover, options: RemoteOptions) -> Self {
        Self {
            packages: PackageServiceClient::new(way.clone()).max_decoding_message_size(limits::MESSAGE_BYTES),
            events: EventServiceClient::new(way.clone()).max_decoding_message_size(limits::MESSAGE_BYTES),
            contracts: ContractServiceClient::new(way.clone()).max_decoding_message_size(limits::MESSAGE_BYTES),
            health: HealthServiceClient::new(way.clone()),
            nodes: NodeServiceClient::new(way).max_decoding_message_size(limits::MESSAGE_BYTES),
            transfers: direct::Nodes::default(),
            options,
        }
    }

    fn packages(&self) -> PackageServiceClient<Failover> {
        self.packages.clone()
    }

    /// A request with a deadline, which the store is told.
    fn within_deadline<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.options.call_timeout);
        request
    }
}

/// The addresses of the control planes of a store, at least one.
fn addresses(endpoints: &str, options: RemoteOptions) -> Result<Vec<Endpoint>, Fault> {
    endpoints.split(',').map(|endpoint| address(endpoint.trim(), options)).collect()
}

fn address(endpoint: &str, options: RemoteOptions) -> Result<Endpoint, Fault> {
    let address = Endpoint::from_shared(endpoint.to_owned()).map_err(|_| refused(endpoint))?;
    if !endpoint.starts_with("http://") {
        return Err(refused(endpoint));
    }
    Ok(transport::tune_endpoint(address).connect_timeout(options.connect_timeout))
}

fn refused(endpoint: &str) -> Fault {
    let message = "connect: the address of a store is a URL such as http://127.0.0.1:7070";
    Fault::new("AS-CLIENT-0101", Category::Invalid, message).about(endpoint)
}

/// A field of an answer.
fn read<M, T: TryFrom<M, Error = Fault>>(field: &str, message: Option<M>) -> Result<T, Fault> {
    field::converted(field, message).map_err(unreadable)
}

#[async_trait]
impl Connection for Remote {
    async fn create_package(
        &self,
        actor: &Actor,
        package: NewPackage,
        key: Option<IdempotencyKey>,
    ) -> Result<PackageRecord, Fault> {
        let request = v1::CreatePackageRequest {
            actor: actor.to_string(),
            package: Some(package.into()),
            idempotency_key: key.map(|key| key.to_string()),
        };
        let answer = answer(self.packages().create_package(self.within_deadline(request))).await?;
        read("package", answer.package)
    }

    async fn plan_upload(&self, package: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault> {
        self.plan(package, files).await
    }

    async fn commit_files(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        self.commit(upload, files).await
    }

    async fn ingest_file(&self, upload: &Upload, header: FileHeader, bytes: ByteStream) -> Result<FileRecord, Fault> {
        self.send_once(upload, header, bytes).await
    }

    async fn ingest_source(
        &self,
        upload: &Upload,
        header: FileHeader,
        source: Arc<dyn FileSource>,
    ) -> Result<FileRecord, Fault> {
        self.send_source(upload, header, source).await
    }

    fn ingest_files(
        &self,
        upload: &Upload,
        files: BoxStream<'static, SmallFile>,
    ) -> BoxStream<'static, Result<FileRecord, Fault>> {
        if self.may_go_direct() { self.send_small(upload, files) } else { self.send_files(upload, files) }
    }

    fn small_file_limit(&self) -> usize {
        limits::SMALL_FILE_BYTES
    }

    async fn finalize_package(&self, actor: &Actor, package: PackageId) -> Result<PackageRecord, Fault> {
        let request = v1::FinalizePackageRequest { actor: actor.to_string(), package_id: package.to_string() };
        let answer = answer(self.packages().finalize_package(self.within_deadline(request))).await?;
        read("package", answer.package)
    }

    async fn fail_package(&self, actor: &Actor, package: PackageId, reason: &str) -> Result<PackageRecord, Fault> {
        let (actor, package_id) = (actor.to_string(), package.to_string());
        let request = v1::FailPackageRequest { actor, package_id, reason: reason.to_owned() };
        let answer = answer(self.packages().fail_package(self.within_deadline(request))).await?;
        read("package", answer.package)
    }

    async fn load_package(&self, package: PackageId) -> Result<PackageRecord, Fault> {
        let request = v1::GetPackageRequest { package_id: package.to_string() };
        let answer = answer(self.packages().get_package(self.within_deadline(request))).await?;
        read("package", answer.package)
    }

    async fn list_packages(
        &self,
        filter: &PackageFilter,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<PackageRecord>, Fault> {
        let request = v1::ListPackagesRequest {
            filter: Some(filter.clone().into()),
            page_size: size.items().into(),
            page_token: encode_token(token),
        };
        let answer = answer(self.packages().list_packages(self.within_deadline(request))).await?;
        answer.try_into().map_err(unreadable)
    }

    async fn list_files(
        &self,
        package: PackageId,
        size: PageSize,
        token: Option<PageToken>,
    ) -> Result<Page<FileRecord>, Fault> {
        let request = v1::ListFilesRequest {
            package_id: package.to_string(),
            page_size: size.items().into(),
            page_token: encode_token(token),
        };
        let answer = answer(self.packages().list_files(self.within_deadline(request))).await?;
        answer.try_into().map_err(unreadable)
    }

    async fn load_manifest(&self, package: PackageId, format: ManifestFormat) -> Result<Bytes, Fault> {
        self.receive_manifest(package, format).await
    }

    async fn download(&self, package: PackageId, path: &RelativePath, range: ByteRange) -> Result<Download, Fault> {
        self.receive_file(package, path, range).await
    }

    fn verify_package(&self, package: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>> {
        self.receive_findings(package)
    }

    fn tail(&self, request: TailRequest) -> BoxStream<'static, Result<Arc<EventRecord>, Fault>> {
        self.receive_events(request)
    }

    async fn list_nodes(&self, status: Option<NodeStatus>, with_removed: bool) -> Result<Vec<NodeRecord>, Fault> {
        self.nodes(status, with_removed).await
    }

    async fn load_node(&self, node: &NodeId) -> Result<NodeRecord, Fault> {
        self.node(node).await
    }

    async fn drain_node(&self, actor: &Actor, node: &NodeId, resume: bool) -> Result<NodeRecord, Fault> {
        self.drain(actor, node, resume).await
    }

    async fn remove_node(&self, actor: &Actor, node: &NodeId) -> Result<NodeRecord, Fault> {
        self.remove(actor, node).await
    }

    async fn health(&self) -> Result<Health, Fault> {
        let answer = answer(self.health.clone().get_health(self.within_deadline(v1::GetHealthRequest {}))).await?;
        read("health", answer.health)
    }
}

#[cfg(test)]
mod tests;
