//! One blob on its way in under a ticket.

use artifactstore_dataplane::{
    ByteStream, DataPlane as _, IngestHints,
    ticket::{Permission, Target, Ticket, TicketRefused},
};
use artifactstore_types::{ContentAddress, Fault, Receipt};
use artifactstore_wire::{field, pieces, v1};
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};

use super::{Transfers, upload};
use crate::faults;

impl Transfers {
    pub(super) async fn ingest(
        &self,
        ticket: &Ticket,
        mut messages: BoxStream<'static, Result<v1::TransferServiceIngestStreamRequest, Fault>>,
    ) -> Result<v1::TransferServiceIngestStreamResponse, Fault> {
        let header = pieces::header(&mut messages).await?;
        let Permission { backend_id, size_limit, .. } = ticket.permission();
        let declared = declared(ticket, header.declared.as_deref())?;
        if header.size_bytes.is_some_and(|size| size > *size_limit) {
            return Err(faults::beyond_ticket(*size_limit));
        }
        let upload = header.upload_id.as_deref().map(|id| upload::key("header.upload_id", ticket, id)).transpose()?;
        if upload.is_none() && header.offset > 0 {
            return Err(field::refused("header.offset", "without an upload id there is nothing to go on with"));
        }
        // What was begun before may be finished.
        if !self.site.takes_uploads() && header.offset == 0 {
            return Err(faults::draining());
        }
        let _place = self.load.begin_upload()?;
        let hints = IngestHints { backend_id: Some(backend_id.clone()), size_hint: header.size_bytes, declared };
        let before = header.offset;
        let bytes = within(*size_limit, header.size_bytes, before, pieces::bytes(messages, before));
        let receipt = match upload {
            None => self.engine.ingest_stream(hints, bytes).await?,
            Some(key) => self.engine.ingest_upload(key, hints, before, bytes).await?,
        };
        self.stated(ticket, receipt)
    }

    fn stated(&self, ticket: &Ticket, receipt: Receipt) -> Result<v1::TransferServiceIngestStreamResponse, Fault> {
        let digests = receipt.digests.into();
        let statement = self.signer.state(ticket.ticket_id(), 0, vec![receipt])?;
        Ok(v1::TransferServiceIngestStreamResponse { statement: statement.bytes().clone(), digests: Some(digests) })
    }
}

/// The address that the bytes must have: the one that the ticket names, or the one declared.
fn declared(ticket: &Ticket, declared: Option<&str>) -> Result<Option<ContentAddress>, Fault> {
    let declared: Option<ContentAddress> = field::parsed_if_given("header.declared", declared)?;
    match (&ticket.permission().target, declared) {
        (Target::Batch, _) => Err(TicketRefused::OtherOperation { ticket_id: ticket.ticket_id() }.into()),
        (Target::Path(_), declared) => Ok(declared),
        (Target::Blob(named), None) => Ok(Some(*named)),
        (Target::Blob(named), Some(declared)) if declared == *named => Ok(Some(declared)),
        (Target::Blob(_), Some(declared)) => Err(faults::other_than_ticket(declared)),
    }
}

/// The same bytes, ended by a fault where there are more than the ticket permits, or other than were said to come, with
/// those that came before.
fn within(limit: u64, said: Option<u64>, before: u64, bytes: ByteStream) -> ByteStream {
    let counted = bytes.scan(before, move |sum, chunk| {
        let chunk = chunk.and_then(|chunk| {
            *sum = sum.saturating_add(chunk.len() as u64);
            if *sum > limit { Err(faults::beyond_ticket(limit)) } else { Ok((*sum, chunk)) }
        });
        std::future::ready(Some(chunk))
    });
    let mut came = before;
    let end = stream::iter([Ok(None)]);
    let checked = counted.map_ok(Some).chain(end).map(move |item| match item? {
        Some((sum, chunk)) => {
            came = sum;
            Ok(Some(chunk))
        }
        None if said.is_some_and(|said| said != came) => {
            Err(field::refused("header.size_bytes", format_args!("{came} bytes came")))
        }
        None => Ok(None),
    });
    checked.try_filter_map(|chunk| std::future::ready(Ok(chunk))).boxed()
}
