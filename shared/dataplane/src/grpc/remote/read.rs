//! Everything that is read back from a node in more than one message.

use artifactstore_types::{BackendId, ByteRange, ContentAddress, Fault, Location};
use artifactstore_wire::{field, opening, stream as wire, unreadable, v1};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{RemotePlane, named};
use crate::spi::{Compaction, Served, ServedBlob};

impl RemotePlane {
    pub(super) async fn receive(
        &self,
        address: ContentAddress,
        location: &Location,
        range: ByteRange,
    ) -> Result<Served, Fault> {
        use v1::serve_object_response::Part;
        let request = v1::ServeObjectRequest {
            content_address: address.to_string(),
            location: Some(location.clone().into()),
            range: Some(range.into()),
        };
        let (mut client, limit) = (self.client(), self.options.call_timeout);
        let parts = opening::opened(limit, client.serve_object(request)).await?;
        let mut parts = opening::unpaused(self.options.stall_timeout, parts);
        let Some(Part::Header(header)) = opening::first(&mut parts).await?.part else {
            return Err(unreadable(wire::out_of_order("it does not begin with a header")));
        };
        let blob = ServedBlob::try_from(header).map_err(unreadable)?;
        let chunks = parts.map(|part| match part?.part {
            Some(Part::Chunk(chunk)) => Ok(chunk),
            _ => Err(unreadable(wire::out_of_order("something else came where a chunk was due"))),
        });
        let bytes = opening::exactly(blob.range.end - blob.range.start, chunks);
        Ok(Served { blob, bytes })
    }

    pub(super) async fn ask_for(
        &self,
        backend_id: Option<BackendId>,
        addresses: &[ContentAddress],
    ) -> Result<Vec<Option<Location>>, Fault> {
        let content_addresses = addresses.iter().map(ToString::to_string).collect();
        let request = v1::HaveObjectsRequest { backend_id: named(backend_id), content_addresses };
        let (mut client, limit) = (self.client(), self.options.call_timeout);
        let answers = opening::opened(limit, client.have_objects(request)).await?;
        let mut answers = opening::unpaused(limit, answers);
        let mut places = Vec::with_capacity(addresses.len());
        while let Some(answer) = answers.try_next().await? {
            if places.len() + answer.places.len() > addresses.len() {
                return Err(unreadable(field::refused("places", "there are more than were asked for")));
            }
            for place in answer.places {
                places.push(place.decoded().map_err(unreadable)?);
            }
        }
        if places.len() == addresses.len() { Ok(places) } else { Err(wire::cut_short()) }
    }

    pub(super) async fn have_compacted(&self, backend_id: Option<BackendId>, key: &str) -> Result<Compaction, Fault> {
        use v1::compact_response::Part;
        let request = v1::CompactRequest { backend_id: named(backend_id), key: key.to_owned() };
        let mut client = self.client();
        // A pack is bounded, and so is the time it takes to be rewritten.
        let parts = opening::opened(self.options.stall_timeout, client.compact(request)).await?;
        let mut parts = opening::unpaused(self.options.call_timeout, parts);
        let mut moved = Vec::new();
        while let Some(message) = parts.try_next().await? {
            match field::required("part", message.part).map_err(unreadable)? {
                Part::Moves(next) => {
                    for receipt in next.moved {
                        moved.push(receipt.try_into().map_err(unreadable)?);
                    }
                }
                Part::End(v1::CompactEnd { before_bytes, after_bytes }) => {
                    return Ok(Compaction { moved, before_bytes, after_bytes });
                }
            }
        }
        Err(wire::cut_short().with_unknown_outcome())
    }
}
