//! One blob on its way out under a ticket.

use artifactstore_dataplane::{
    DataPlane as _,
    ticket::{Permission, Target, Ticket, TicketRefused},
};
use artifactstore_types::{ByteRange, Fault, Location};
use artifactstore_wire::{
    field, not_left, stream as wire,
    v1::{self, transfer_service_serve_object_response::Part},
};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::Transfers;
use crate::faults;

impl Transfers {
    pub(super) async fn serve(
        &self,
        ticket: &Ticket,
        request: v1::TransferServiceServeObjectRequest,
    ) -> Result<impl Stream<Item = Result<v1::TransferServiceServeObjectResponse, Fault>> + use<>, Fault> {
        let location: Location = field::converted("location", request.location)?;
        let range = request.range.map_or(ByteRange::ALL, Into::into);
        let Permission { target, backend_id, size_limit, .. } = ticket.permission();
        let Target::Blob(address) = target else {
            return Err(TicketRefused::OtherOperation { ticket_id: ticket.ticket_id() }.into());
        };
        if location.backend_id != *backend_id {
            return Err(faults::elsewhere(&location.backend_id));
        }
        let place = self.load.begin_download()?;
        let served = self.engine.serve_object(*address, &location, range).await?;
        if served.blob.range.end - served.blob.range.start > *size_limit {
            return Err(faults::beyond_ticket(*size_limit));
        }
        let header = stream::iter([Ok(Part::Header(served.blob.into()))]);
        let parts = header.chain(wire::chunked(served.bytes).map_ok(Part::Chunk));
        // The place is free when the last chunk was taken, or nobody takes any more.
        let parts = stream::unfold((parts.boxed(), place), |(mut parts, place)| async move {
            Some((parts.next().await?, (parts, place)))
        });
        let parts = not_left(self.idle, parts.boxed());
        Ok(parts.map_ok(|part| v1::TransferServiceServeObjectResponse { part: Some(part) }))
    }
}
