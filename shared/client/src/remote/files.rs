//! Plans, commits and everything that is read back: manifests, files, findings.

use artifactstore_types::{
    ByteRange, Fault, FileRecord, FileVerification, PackageId, PlanAnswer, PlannedFile, RelativePath, Upload,
};
use artifactstore_wire::{
    field, limits,
    opening::{self, answer},
    stream as wire, unreadable, v1,
};
use bytes::{Bytes, BytesMut};
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};

use super::{Remote, read};
use crate::connection::{Download, KnownFile, ManifestFormat};

/// How much memory is set aside at once for a manifest whose size is only announced.
const MANIFEST_START_BYTES: usize = 4 * 1024 * 1024;

impl Remote {
    pub(super) async fn plan(&self, package: PackageId, files: &[PlannedFile]) -> Result<Vec<PlanAnswer>, Fault> {
        let request = v1::PlanUploadRequest {
            package_id: package.to_string(),
            files: files.iter().map(|file| (*file).into()).collect(),
        };
        let answer = answer(self.packages().plan_upload(self.within_deadline(request))).await?;
        let answers = answer.decoded().map_err(unreadable)?;
        one_each("answers", files.len(), answers)
    }

    /// Commits in groups that fit a message each. Where a later group fails, earlier ones stand.
    pub(super) async fn commit(
        &self,
        upload: &Upload,
        mut files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let mut results = Vec::with_capacity(files.len());
        while !files.is_empty() {
            let later = files.split_off(files.len().min(limits::COMMITTED_FILES));
            let group = self.commit_group(upload, std::mem::replace(&mut files, later)).await;
            let none_stand = results.is_empty();
            results.extend(group.map_err(|fault| if none_stand { fault } else { fault.with_unknown_outcome() })?);
        }
        Ok(results)
    }

    async fn commit_group(
        &self,
        upload: &Upload,
        files: Vec<KnownFile>,
    ) -> Result<Vec<Result<FileRecord, Fault>>, Fault> {
        let asked = files.len();
        let files = files.into_iter().map(|KnownFile { header, address }| v1::KnownFile {
            header: Some(header.into()),
            content_address: address.to_string(),
        });
        let request = v1::CommitFilesRequest { upload: Some(upload.clone().into()), files: files.collect() };
        let answer = answer(self.packages().commit_files(self.within_deadline(request))).await?;
        let results: Result<Vec<_>, Fault> = answer.results.into_iter().map(v1::FileResult::decoded).collect();
        one_each("results", asked, results.map_err(unreadable)?)
    }

    pub(super) async fn receive_manifest(&self, package: PackageId, format: ManifestFormat) -> Result<Bytes, Fault> {
        use v1::get_manifest_response::Part;
        let format = match format {
            ManifestFormat::Cbor => v1::ManifestFormat::Cbor,
            ManifestFormat::Json => v1::ManifestFormat::Json,
        };
        let request = v1::GetManifestRequest { package_id: package.to_string(), format: format.into() };
        let (mut packages, limit) = (self.packages(), self.options.call_timeout);
        let mut parts = opening::unpaused(limit, opening::opened(limit, packages.get_manifest(request)).await?);
        let Some(Part::Header(v1::GetManifestHeader { size_bytes })) = opening::first(&mut parts).await?.part else {
            return Err(no_header());
        };
        let chunks = parts.map(|part| match part?.part {
            Some(Part::Chunk(chunk)) => Ok(chunk),
            _ => Err(no_chunk()),
        });
        let start = usize::try_from(size_bytes).unwrap_or(usize::MAX).min(MANIFEST_START_BYTES);
        let gather = |mut manifest: BytesMut, chunk: Bytes| async move {
            manifest.extend_from_slice(&chunk);
            Ok(manifest)
        };
        let manifest = opening::exactly(size_bytes, chunks).try_fold(BytesMut::with_capacity(start), gather).await?;
        Ok(manifest.freeze())
    }

    pub(super) async fn receive_file(
        &self,
        package: PackageId,
        path: &RelativePath,
        range: ByteRange,
    ) -> Result<Download, Fault> {
        use v1::download_response::Part;
        let request = v1::DownloadRequest {
            package_id: package.to_string(),
            relative_path: path.to_string(),
            range: Some(range.into()),
        };
        let (mut packages, limit) = (self.packages(), self.options.call_timeout);
        let mut parts = opening::unpaused(limit, opening::opened(limit, packages.download(request)).await?);
        let Some(Part::Header(header)) = opening::first(&mut parts).await?.part else {
            return Err(no_header());
        };
        let v1::DownloadHeader { file, offset, length, verified } = header;
        let file: FileRecord = read("header.file", file)?;
        let end = offset.checked_add(length).filter(|end| *end <= file.size_bytes);
        let end = end.ok_or_else(|| unreadable(field::refused("header.length", "it reaches beyond the file")))?;
        let chunks = parts.map(|part| match part?.part {
            Some(Part::Chunk(chunk)) => Ok(chunk),
            _ => Err(no_chunk()),
        });
        Ok(Download { file, range: offset..end, verified, bytes: opening::exactly(length, chunks) })
    }

    pub(super) fn receive_findings(&self, package: PackageId) -> BoxStream<'static, Result<FileVerification, Fault>> {
        let (mut packages, limit) = (self.packages(), self.options.call_timeout);
        let request = v1::VerifyPackageRequest { package_id: package.to_string() };
        let findings = async move {
            let messages = opening::opened(limit, packages.verify_package(request)).await?;
            let findings = stream::try_unfold(messages, |mut messages| async move {
                let Some(message) = messages.try_next().await? else { return Ok(None) };
                Ok(Some((read("verification", message.verification)?, messages)))
            });
            Ok::<_, Fault>(findings)
        };
        stream::once(findings).try_flatten().boxed()
    }
}

/// As many answers as were asked for.
fn one_each<T>(field: &str, asked: usize, answers: Vec<T>) -> Result<Vec<T>, Fault> {
    if answers.len() == asked {
        Ok(answers)
    } else {
        Err(unreadable(field::refused(field, format_args!("{asked} were asked for, {} came", answers.len()))))
    }
}

fn no_header() -> Fault {
    unreadable(wire::out_of_order("it does not begin with a header"))
}

fn no_chunk() -> Fault {
    unreadable(wire::out_of_order("something else came where a chunk was due"))
}
