//! A contract event that may be appended: both layers of its contract have accepted it, which is what having one means.

use artifactstore_contracts::admission::{Admitted, admit};
use artifactstore_types::{ContractStream, FamilyName, NameRefused, Namespace, StreamKey};
use bytes::Bytes;

use crate::Refusal;

/// An event whose envelope and payload keep their contracts. Made before the log is locked, on whatever thread has time.
#[derive(Clone, Debug)]
pub struct NewContractEvent {
    text: Bytes,
    digest: [u8; 32],
    admitted: Admitted,
    family: FamilyName,
    key: StreamKey,
}

/// An event is its text; everything else follows from it.
impl PartialEq for NewContractEvent {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl NewContractEvent {
    /// Reads an envelope, one JSON object. White space around it is not part of it.
    ///
    /// # Errors
    /// Everything that is wrong with envelope or payload.
    pub fn read(text: &Bytes) -> Result<Self, Refusal> {
        let text = text.slice_ref(text.trim_ascii());
        let admitted = admit(&text)
            .map_err(|refused| Refusal::BrokenContract { reason: refused.to_string(), event_id: refused.event_id })?;
        let unnamed = |refused: NameRefused| Refusal::BrokenContract {
            reason: refused.to_string(),
            event_id: Some(admitted.event_id.to_string()),
        };
        let family = admitted.family.name.parse().map_err(unnamed)?;
        let key = admitted.stream.as_str().parse().map_err(unnamed)?;
        Ok(Self { digest: *blake3::hash(&text).as_bytes(), text, admitted, family, key })
    }

    /// The envelope, as it was written.
    pub fn text(&self) -> &str {
        // What was admitted is JSON, and so UTF-8.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// BLAKE3 of the text: two events of one identifier are the same one exactly if this is the same.
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Its identifier, in normal form.
    pub fn event_id(&self) -> &str {
        self.admitted.event_id.as_str()
    }

    /// Its type in its contract, such as `MissionAuditStarted`.
    pub const fn contract_type(&self) -> &'static str {
        self.admitted.event_type
    }

    /// Where in its stream it stands, whenever it comes.
    pub fn sort_key(&self) -> &[u8] {
        &self.admitted.sort_key
    }

    /// The stream it belongs to in this namespace; its text is the subject that the event has in the log.
    pub fn stream(&self, namespace: &Namespace) -> ContractStream {
        ContractStream { namespace: namespace.clone(), family: self.family.clone(), key: self.key.clone() }
    }
}
