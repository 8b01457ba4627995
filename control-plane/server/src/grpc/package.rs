//! `PackageService`: decode, one call on the connection, encode.

use std::{sync::Arc, time::Duration};

use artifactstore_client::{Connection, KnownFile, ManifestFormat};
use artifactstore_serving::not_begun;
use artifactstore_types::{ByteRange, Fault, PackageFilter, PageSize, PlannedFile};
use artifactstore_wire::{
    Messages, decode_token, field, limits, pieces, reply, reply_with, stream as wire,
    v1::{self, package_service_server::PackageService},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time;
use tonic::{Request, Response, Status, Streaming};

use super::{ingest_files, listing};

pub struct Packages {
    pub connection: Arc<dyn Connection>,
    /// How long the header of an upload may take to come.
    pub header_timeout: Duration,
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl PackageService for Packages {
    type IngestFilesStream = Messages<v1::IngestFilesResponse>;
    type GetManifestStream = Messages<v1::GetManifestResponse>;
    type DownloadStream = Messages<v1::DownloadResponse>;
    type VerifyPackageStream = Messages<v1::VerifyPackageResponse>;

    async fn create_package(&self, request: Request<v1::CreatePackageRequest>) -> Answer<v1::CreatePackageResponse> {
        reply(async {
            let v1::CreatePackageRequest { actor, package } = request.into_inner();
            let (actor, package) = (field::parsed("actor", &actor)?, field::converted("package", package)?);
            let package = self.connection.create_package(&actor, package).await?;
            Ok(v1::CreatePackageResponse { package: Some(package.into()) })
        })
        .await
    }

    async fn plan_upload(&self, request: Request<v1::PlanUploadRequest>) -> Answer<v1::PlanUploadResponse> {
        reply(async {
            let v1::PlanUploadRequest { package_id, files } = request.into_inner();
            let package = field::parsed("package_id", &package_id)?;
            let files: Vec<PlannedFile> = field::converted_list("files", files, limits::PLANNED_FILES)?;
            let answers = self.connection.plan_upload(package, &files).await?;
            let answers = answers.into_iter().map(|answer| v1::PlanAnswer::from(answer).into());
            Ok(v1::PlanUploadResponse { answers: answers.collect() })
        })
        .await
    }

    async fn commit_files(&self, request: Request<v1::CommitFilesRequest>) -> Answer<v1::CommitFilesResponse> {
        reply(async {
            let v1::CommitFilesRequest { upload, files } = request.into_inner();
            let upload = field::converted("upload", upload)?;
            let files = field::converted_list("files", files, limits::COMMITTED_FILES)?;
            let files = files.into_iter().map(|(header, address)| KnownFile { header, address }).collect();
            let results = self.connection.commit_files(&upload, files).await?;
            Ok(v1::CommitFilesResponse { results: results.into_iter().map(Into::into).collect() })
        })
        .await
    }

    async fn ingest_file(&self, request: Request<Streaming<v1::IngestFileRequest>>) -> Answer<v1::IngestFileResponse> {
        reply(async {
            let mut parts = pieces::received(request.into_inner());
            let header = time::timeout(self.header_timeout, pieces::header(&mut parts)).await;
            let header = header.map_err(|_| not_begun(self.header_timeout))??;
            let v1::IngestFileHeader { upload, file } = header;
            let upload = field::converted("header.upload", upload)?;
            let header = field::converted("header.file", file)?;
            let file = self.connection.ingest_file(&upload, header, pieces::bytes(parts, 0)).await?;
            Ok(v1::IngestFileResponse { file: Some(file.into()) })
        })
        .await
    }

    async fn ingest_files(
        &self,
        request: Request<Streaming<v1::IngestFilesRequest>>,
    ) -> Answer<Self::IngestFilesStream> {
        reply_with(async {
            let mut parts = request.into_inner();
            let upload = ingest_files::header(&mut parts).await?;
            Ok(ingest_files::answers(parts, |files| self.connection.ingest_files(&upload, files)))
        })
        .await
    }

    async fn finalize_package(
        &self,
        request: Request<v1::FinalizePackageRequest>,
    ) -> Answer<v1::FinalizePackageResponse> {
        reply(async {
            let v1::FinalizePackageRequest { actor, package_id } = request.into_inner();
            let (actor, package) = (field::parsed("actor", &actor)?, field::parsed("package_id", &package_id)?);
            let package = self.connection.finalize_package(&actor, package).await?;
            Ok(v1::FinalizePackageResponse { package: Some(package.into()) })
        })
        .await
    }

    async fn fail_package(&self, request: Request<v1::FailPackageRequest>) -> Answer<v1::FailPackageResponse> {
        reply(async {
            let v1::FailPackageRequest { actor, package_id, reason } = request.into_inner();
            let (actor, package) = (field::parsed("actor", &actor)?, field::parsed("package_id", &package_id)?);
            let package = self.connection.fail_package(&actor, package, &reason).await?;
            Ok(v1::FailPackageResponse { package: Some(package.into()) })
        })
        .await
    }

    async fn get_package(&self, request: Request<v1::GetPackageRequest>) -> Answer<v1::GetPackageResponse> {
        reply(async {
            let package = field::parsed("package_id", &request.into_inner().package_id)?;
            let package = self.connection.load_package(package).await?;
            Ok(v1::GetPackageResponse { package: Some(package.into()) })
        })
        .await
    }

    async fn list_packages(&self, request: Request<v1::ListPackagesRequest>) -> Answer<v1::ListPackagesResponse> {
        reply(async {
            let v1::ListPackagesRequest { filter, page_size, page_token } = request.into_inner();
            let filter: PackageFilter = field::converted("filter", Some(filter.unwrap_or_default()))?;
            let (size, token) = (PageSize::clamped(page_size), decode_token(page_token));
            listing::packages(self.connection.as_ref(), &filter, size, token).await
        })
        .await
    }

    async fn list_files(&self, request: Request<v1::ListFilesRequest>) -> Answer<v1::ListFilesResponse> {
        reply(async {
            let v1::ListFilesRequest { package_id, page_size, page_token } = request.into_inner();
            let package = field::parsed("package_id", &package_id)?;
            let (size, token) = (PageSize::clamped(page_size), decode_token(page_token));
            Ok(self.connection.list_files(package, size, token).await?.into())
        })
        .await
    }

    async fn get_manifest(&self, request: Request<v1::GetManifestRequest>) -> Answer<Self::GetManifestStream> {
        use v1::get_manifest_response::Part;
        reply_with(async {
            let v1::GetManifestRequest { package_id, format } = request.into_inner();
            let package = field::parsed("package_id", &package_id)?;
            let manifest = self.connection.load_manifest(package, manifest_format(format)?).await?;
            let header = Part::Header(v1::GetManifestHeader { size_bytes: manifest.len() as u64 });
            let parts = std::iter::once(header).chain(wire::chunks(manifest).map(Part::Chunk));
            Ok(stream::iter(parts.map(|part| Ok(v1::GetManifestResponse { part: Some(part) }))))
        })
        .await
    }

    async fn download(&self, request: Request<v1::DownloadRequest>) -> Answer<Self::DownloadStream> {
        use v1::download_response::Part;
        reply_with(async {
            let v1::DownloadRequest { package_id, relative_path, range } = request.into_inner();
            let package = field::parsed("package_id", &package_id)?;
            let path = field::parsed("relative_path", &relative_path)?;
            let range = range.map_or(ByteRange::ALL, Into::into);
            let download = self.connection.download(package, &path, range).await?;
            let header = Part::Header(v1::DownloadHeader {
                file: Some(download.file.into()),
                offset: download.range.start,
                length: download.range.end - download.range.start,
                verified: download.verified,
            });
            let parts = stream::iter([Ok(header)]).chain(wire::chunked(download.bytes).map_ok(Part::Chunk));
            Ok(parts.map_ok(|part| v1::DownloadResponse { part: Some(part) }))
        })
        .await
    }

    async fn verify_package(&self, request: Request<v1::VerifyPackageRequest>) -> Answer<Self::VerifyPackageStream> {
        reply_with(async {
            let package = field::parsed("package_id", &request.into_inner().package_id)?;
            let findings = self.connection.verify_package(package);
            Ok(findings.map_ok(|finding| v1::VerifyPackageResponse { verification: Some(finding.into()) }))
        })
        .await
    }
}

fn manifest_format(number: i32) -> Result<ManifestFormat, Fault> {
    match v1::ManifestFormat::try_from(number) {
        Ok(v1::ManifestFormat::Unspecified | v1::ManifestFormat::Cbor) => Ok(ManifestFormat::Cbor),
        Ok(v1::ManifestFormat::Json) => Ok(ManifestFormat::Json),
        Err(_) => Err(field::refused("format", format_args!("{number} is not a manifest format"))),
    }
}
