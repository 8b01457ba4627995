//! One file of any size to a node. An upload that breaks off is gone on with where it stood, at the same node for as long as
//! that comes back in time, and begun anew at another one where it does not.

use std::{collections::BTreeSet, sync::Arc};

use artifactstore_types::{
    Algorithm, Category, Fault, FileHeader, FileRecord, IdempotencyKey, IssuedTicket, TicketStatement, TicketTarget,
    Upload,
};
use artifactstore_wire::{
    opening::answer,
    pieces::{self, GivenUp},
    v1,
};
use futures::stream;
use tokio::time;

use super::{super::Remote, may_be_the_node, with_ticket};
use crate::{ByteStream, FileSource, retry};

/// From which size on it is worth waiting for a node that went away in the middle, in bytes.
const WORTH_WAITING: u64 = 16 * 1024 * 1024;

impl Remote {
    /// Sends a file to a node, or, where there is none that takes it, through the control plane.
    pub(in crate::remote) async fn send_source(
        &self,
        upload: &Upload,
        header: FileHeader,
        source: Arc<dyn FileSource>,
    ) -> Result<FileRecord, Fault> {
        let mut failed = BTreeSet::new();
        loop {
            let target = TicketTarget::File {
                relative_path: header.relative_path.clone(),
                size_bytes: source.size_bytes(),
                declared: header.declared,
            };
            let Some(issued) = self.ticket(upload.package_id, target, &failed).await? else {
                return self.send_file(upload, header, source.open(0)).await;
            };
            let sending = Sending { remote: self, upload, header: &header, source: &source, issued: &issued };
            match sending.to_the_end().await {
                Ok(stated) => return self.commit_one(upload, stated, header).await,
                Err(Stopped { fault, of_the_source: false }) if may_be_the_node(&fault) => {
                    tracing::info!(node = %issued.node_id, %fault, "a node did not take a file; another one is asked");
                    failed.insert(issued.node_id);
                }
                Err(Stopped { fault, .. }) => return Err(fault),
            }
        }
    }

    /// Sends bytes that can be read once to a node, or through the control plane.
    pub(in crate::remote) async fn send_once(
        &self,
        upload: &Upload,
        header: FileHeader,
        bytes: ByteStream,
    ) -> Result<FileRecord, Fault> {
        let target = TicketTarget::File {
            relative_path: header.relative_path.clone(),
            size_bytes: u64::MAX,
            declared: header.declared,
        };
        let Some(issued) = self.ticket(upload.package_id, target, &BTreeSet::new()).await? else {
            return self.send_file(upload, header, bytes).await;
        };
        let given_up = GivenUp::default();
        let transfer = v1::TransferHeader {
            declared: header.declared.map(|address| address.to_string()),
            ..v1::TransferHeader::default()
        };
        let stated = given_up.or(self.transfer(&issued, transfer, bytes, 0, given_up.clone()).await)?;
        self.commit_one(upload, stated, header).await
    }

    async fn commit_one(
        &self,
        upload: &Upload,
        stated: TicketStatement,
        header: FileHeader,
    ) -> Result<FileRecord, Fault> {
        let path = header.relative_path.clone();
        let committed = self.commit_statement(upload, stated, vec![(header, 0)]).await?;
        committed.into_iter().next().unwrap_or_else(|| Err(crate::faults::answer_unfit("commit file", path)))
    }

    /// Sends the rest of an upload, and gives what the node states.
    async fn transfer(
        &self,
        issued: &IssuedTicket,
        header: v1::TransferHeader,
        bytes: ByteStream,
        offset: u64,
        given_up: GivenUp,
    ) -> Result<TicketStatement, Fault> {
        let parts = pieces::sent::<v1::TransferServiceIngestStreamRequest>(header, bytes, offset, given_up);
        let request = with_ticket(parts, &issued.ticket)?;
        let stored = answer(self.at_node(issued)?.ingest_stream(request)).await?;
        Ok(TicketStatement { ticket: issued.ticket.clone(), statement: stored.statement })
    }
}

/// A file on its way to one node.
struct Sending<'a> {
    remote: &'a Remote,
    upload: &'a Upload,
    header: &'a FileHeader,
    source: &'a Arc<dyn FileSource>,
    issued: &'a IssuedTicket,
}

/// Why no more came of it.
struct Stopped {
    fault: Fault,
    /// Whether the source itself could not go on.
    of_the_source: bool,
}

impl Sending<'_> {
    async fn to_the_end(&self) -> Result<TicketStatement, Stopped> {
        let upload_id = self.upload.idempotency_key.map(|key| upload_id(key, self.upload, self.header));
        let mut pauses = retry::patient_pauses();
        let mut offset = 0;
        loop {
            let given_up = GivenUp::default();
            let transfer = v1::TransferHeader {
                declared: self.header.declared.map(|address| address.to_string()),
                size_bytes: Some(self.source.size_bytes()),
                upload_id: upload_id.clone(),
                offset,
            };
            let bytes = self.source.open(offset);
            let sent = self.remote.transfer(self.issued, transfer, bytes, offset, given_up.clone()).await;
            let fault = match sent {
                Ok(stated) => return Ok(stated),
                Err(fault) => fault,
            };
            if let Err(fault) = given_up.or(Ok(())) {
                return Err(Stopped { fault, of_the_source: true });
            }
            let stopped = Stopped { fault, of_the_source: false };
            let Some(upload_id) = upload_id.as_deref().filter(|_| self.goes_on_after(&stopped.fault)) else {
                return Err(stopped);
            };
            offset = self.stands_at(upload_id, &mut pauses).await.ok_or(stopped)?;
        }
    }

    /// Whether the same node may let the upload go on.
    fn goes_on_after(&self, fault: &Fault) -> bool {
        let passes = matches!(fault.category, Category::Unavailable | Category::DeadlineExceeded | Category::Cancelled);
        passes && self.source.size_bytes() >= WORTH_WAITING
    }

    /// How far the upload has come, once the node answers again; nothing where it does not, or does not know of it.
    async fn stands_at(&self, upload_id: &str, pauses: &mut impl Iterator<Item = time::Duration>) -> Option<u64> {
        loop {
            time::sleep(pauses.next()?).await;
            let query = v1::QueryUploadRequest { upload_id: upload_id.to_owned() };
            let mut request = with_ticket(query, &self.issued.ticket).ok()?;
            request.set_timeout(self.remote.options.call_timeout);
            match answer(self.remote.at_node(self.issued).ok()?.query_upload(request)).await {
                Ok(answer) => return (answer.offset <= self.source.size_bytes()).then_some(answer.offset),
                Err(fault) if retry::may_pass(&fault) => {}
                // It never began, or was forgotten: from the start, then.
                Err(fault) => return (fault.category == Category::NotFound).then_some(0),
            }
        }
    }
}

/// The name of an upload at a node: the same for the same file under the same key, so that another process goes on with it.
fn upload_id(key: IdempotencyKey, upload: &Upload, header: &FileHeader) -> String {
    let (key, package) = (key.uuid(), upload.package_id.uuid());
    let named = [key.as_bytes().as_slice(), package.as_bytes(), header.relative_path.as_str().as_bytes()];
    let digest = Algorithm::Blake3.digest(&named.concat());
    IdempotencyKey::from_bytes(std::array::from_fn(|at| digest.bytes()[at])).to_string()
}

/// Bytes that are in memory already.
impl FileSource for bytes::Bytes {
    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn open(&self, offset: u64) -> ByteStream {
        let rest = self.slice(usize::try_from(offset).unwrap_or(usize::MAX).min(self.len())..);
        Box::pin(stream::iter([Ok(rest)]))
    }
}
