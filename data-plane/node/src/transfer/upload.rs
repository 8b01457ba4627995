//! Uploads with an id: which upload of the engine's one is. An id counts only together with what the ticket is for, so a
//! ticket for one thing never goes on with an upload of another, and a renewed ticket for the same thing does.

use artifactstore_dataplane::ticket::{Permission, Target, Ticket, TicketRefused};
use artifactstore_engine::UploadKey;
use artifactstore_types::{ContentAddress, Fault};
use artifactstore_wire::{field, v1};
use uuid::Uuid;

use super::Transfers;
use crate::faults;

impl Transfers {
    pub(super) async fn query_upload(
        &self,
        ticket: &Ticket,
        request: v1::QueryUploadRequest,
    ) -> Result<v1::QueryUploadResponse, Fault> {
        let key = key("upload_id", ticket, &request.upload_id)?;
        let backend_id = &ticket.permission().backend_id;
        let offset = self.engine.find_upload(Some(backend_id), key).await?;
        offset.map(|offset| v1::QueryUploadResponse { offset }).ok_or_else(faults::no_upload)
    }
}

/// The upload of that id under such a ticket.
pub fn key(field: &str, ticket: &Ticket, upload_id: &str) -> Result<UploadKey, Fault> {
    let id = Uuid::try_parse(upload_id).ok().filter(|id| id.as_hyphenated().to_string() == upload_id);
    let id = id.ok_or_else(|| field::refused(field, "it is no UUID in its hyphenated lower-case form"))?;
    let Permission { namespace, package_id, target, .. } = ticket.permission();
    let target = match target {
        Target::Path(path) => format!("path {path}"),
        Target::Blob(address) => format!("blob {address}"),
        Target::Batch => return Err(TicketRefused::OtherOperation { ticket_id: ticket.ticket_id() }.into()),
    };
    // No part of it can hold a line feed.
    let bound_to = format!("artifactstore upload\n{namespace}\n{package_id}\n{target}\n{id}");
    Ok(UploadKey::from_bytes(*ContentAddress::of(bound_to.as_bytes()).bytes()))
}
