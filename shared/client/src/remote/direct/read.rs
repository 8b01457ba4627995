//! A file straight from the nodes that have it: where one fails, also in the middle, the next goes on, and in the end the
//! control plane.

use std::sync::Arc;

use artifactstore_types::{ByteRange, DownloadSource, Fault, FileRecord, PackageId, RelativePath};
use artifactstore_wire::{field, opening, stream as wire, unreadable, v1};
use futures::{FutureExt as _, StreamExt as _};

use super::{super::Remote, with_ticket};
use crate::{Download, Reading, Source, faults, resumed};

impl Remote {
    /// Reads a file from these sources, the control plane being the last.
    pub(in crate::remote) async fn receive_from(
        &self,
        (package, path): (PackageId, &RelativePath),
        range: ByteRange,
        redirect: v1::DownloadRedirect,
    ) -> Result<Download, Fault> {
        let file: FileRecord = super::super::read("redirect.file", redirect.file)?;
        let sources = redirect.sources.into_iter().map(|source| super::super::read("redirect.sources", Some(source)));
        let sources = sources.collect::<Result<Vec<DownloadSource>, _>>()?;
        let nodes = sources.into_iter().map(|source| self.node_source(source));
        let last = self.control_plane_source(package, path.clone());
        let none = faults::answer_unfit("read file", "names no source");
        let reading = resumed(file.content_address, range, nodes.chain([last]), none).await?;
        let Reading { size_bytes, range, verified, bytes } = reading;
        if size_bytes != file.size_bytes {
            return Err(unreadable(field::refused("header.size_bytes", "it is not the size of the file")));
        }
        Ok(Download { file, range, verified, bytes })
    }

    fn node_source(&self, source: DownloadSource) -> Source {
        let remote = self.clone();
        Box::new(move |range| async move { remote.serve(source, range).await }.boxed())
    }

    fn control_plane_source(&self, package: PackageId, path: RelativePath) -> Source {
        let remote = Arc::new(self.clone());
        Box::new(move |range| {
            async move {
                let Download { file, range, verified, bytes } = remote.receive_proxied(package, &path, range).await?;
                Ok(Reading { size_bytes: file.size_bytes, range, verified, bytes })
            }
            .boxed()
        })
    }

    async fn serve(&self, source: DownloadSource, range: ByteRange) -> Result<Reading, Fault> {
        use v1::transfer_service_serve_object_response::Part;
        let request =
            v1::TransferServiceServeObjectRequest { location: Some(source.location.into()), range: Some(range.into()) };
        let (request, limit) = (with_ticket(request, &source.issued.ticket)?, self.options.call_timeout);
        let parts = opening::opened(limit, self.at_node(&source.issued)?.serve_object(request)).await?;
        let mut parts = opening::unpaused(limit, parts);
        let Some(Part::Header(header)) = opening::first(&mut parts).await?.part else {
            return Err(unreadable(wire::out_of_order("it does not begin with a header")));
        };
        let v1::ServeObjectHeader { size_bytes, offset, length, verified } = header;
        let end = offset.checked_add(length).filter(|end| *end <= size_bytes);
        let end = end.ok_or_else(|| unreadable(field::refused("header.length", "it reaches beyond the blob")))?;
        let chunks = parts.map(|part| match part?.part {
            Some(Part::Chunk(chunk)) => Ok(chunk),
            _ => Err(unreadable(wire::out_of_order("something else came where a chunk was due"))),
        });
        Ok(Reading { size_bytes, range: offset..end, verified, bytes: opening::exactly(length, chunks) })
    }
}
